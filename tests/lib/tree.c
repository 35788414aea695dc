/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/tree.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/pci-address.h"

#define must(expression)                                                                           \
        cr_assert((expression), "%s: %s: %s", __func__, #expression, strerror(errno))

static _printf_(1, 2) char *print(const char *format, ...)
{
        char *text = NULL;
        va_list args;

        va_start(args, format);
        must(vasprintf(&text, format, args) >= 0);
        va_end(args);
        return text;
}

char *tree_path(const Tree *tree, const char *path)
{
        return print("%s/%s", tree->path, path);
}

static void make_directories(char *path, bool last_too)
{
        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                must(mkdir(path, 0755) == 0 || errno == EEXIST);
                *slash = '/';
        }
        if (last_too)
                must(mkdir(path, 0755) == 0 || errno == EEXIST);
}

void tree_add_directory(Tree *tree, const char *path)
{
        _cleanup_free_ char *full = tree_path(tree, path);

        make_directories(full, true);
}

void tree_set_bytes(Tree *tree, const char *path, const void *data, size_t size)
{
        _cleanup_free_ char *full = tree_path(tree, path);
        _cleanup_close_ int fd = -EBADF;

        make_directories(full, false);
        fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        must(fd >= 0);
        must(write(fd, data, size) == (ssize_t)size);
}

void tree_set(Tree *tree, const char *path, const char *text)
{
        tree_set_bytes(tree, path, text, strlen(text));
}

void tree_link(Tree *tree, const char *path, const char *target)
{
        _cleanup_free_ char *full = tree_path(tree, path);

        make_directories(full, false);
        must(unlink(full) == 0 || errno == ENOENT);
        must(symlink(target, full) == 0);
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
        _unused_ struct FTW *ftw)
{
        return remove(path);
}

static void remove_all(const char *path)
{
        must(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

void tree_remove(Tree *tree, const char *path)
{
        _cleanup_free_ char *full = tree_path(tree, path);

        remove_all(full);
}

char *tree_get(const Tree *tree, const char *path)
{
        _cleanup_free_ char *full = tree_path(tree, path);
        _cleanup_fclose_ FILE *file = fopen(full, "re");
        char *text = calloc(1, 4096);

        must(file);
        must(text);
        must(fread(text, 1, 4095, file) < 4095);
        return text;
}

Tree *tree_new(void)
{
        Tree *tree = calloc(1, sizeof(*tree));

        must(tree);
        strcpy(tree->path, "/tmp/vfio-gpu-test-XXXXXX");
        must(mkdtemp(tree->path));
        tree_add_directory(tree, "sys/bus/pci/devices");
        tree_add_directory(tree, "sys/bus/pci/drivers");
        tree_add_directory(tree, "usr/lib/modules/" TREE_RELEASE);
        tree_link(tree, "lib", "usr/lib");
        tree_set(tree, "proc/cmdline", "root=/dev/vda ro\n");
        tree_set(tree, "proc/iomem", "00000000-00000fff : Reserved\n");
        tree_set(tree, "proc/sys/kernel/osrelease", TREE_RELEASE "\n");
        tree_set(tree, "usr/lib/dracut/dracut-functions.sh", "");
        return tree;
}

void tree_free(Tree *tree)
{
        if (!tree)
                return;
        remove_all(tree->path);
        free(tree);
}

static _printf_(4, 5) void set_attribute(
        Tree *tree, const char *device, const char *attribute, const char *format, ...)
{
        _cleanup_free_ char *path = print("%s/%s", device, attribute);
        char text[256];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        tree_set(tree, path, text);
}

static _printf_(4, 5) void set_link(
        Tree *tree, const char *directory, const char *name, const char *format, ...)
{
        _cleanup_free_ char *path = print("%s/%s", directory, name);
        char target[256];
        va_list args;

        va_start(args, format);
        vsnprintf(target, sizeof(target), format, args);
        va_end(args);
        tree_link(tree, path, target);
}

void tree_add_driver(Tree *tree, const char *driver)
{
        _cleanup_free_ char *directory = print("sys/bus/pci/drivers/%s", driver);

        set_attribute(tree, directory, "bind", "%s", "");
        set_attribute(tree, directory, "unbind", "%s", "");
}

static void put(unsigned char *to, uint64_t value, size_t size)
{
        for (size_t i = 0; i < size; i++)
                to[i] = value >> (8 * i) & 0xff;
}

/* Two extended capabilities: one of another kind, and behind it the number. */
static void set_serial(unsigned char *config, const char *text)
{
        uint64_t serial = 0;

        put(config + 0x100, 0x14810001, 4);
        put(config + 0x148, 0x00010003, 4);
        cr_assert_eq(pci_serial_parse(text, &serial), 0, "%s", text);
        put(config + 0x14c, serial, 8);
}

/* The standard header is enough for those who look, and a trap for those who should not. */
static void set_config(Tree *tree, const char *device, const TreeFunction *f)
{
        _cleanup_free_ char *path = print("%s/config", device);
        unsigned char config[4096] = {
                [0x00] = f->vendor & 0xff,
                [0x01] = f->vendor >> 8 & 0xff,
                [0x02] = f->device & 0xff,
                [0x03] = f->device >> 8 & 0xff,
                [0x09] = f->class & 0xff,
                [0x0a] = f->class >> 8 & 0xff,
                [0x0b] = f->class >> 16 & 0xff,
                [0x0e] = f->bridge,
                [0x2c] = f->subsystem_vendor & 0xff,
                [0x2d] = f->subsystem_vendor >> 8 & 0xff,
                [0x2e] = f->subsystem_device & 0xff,
                [0x2f] = f->subsystem_device >> 8 & 0xff,
        };

        if (f->serial && strcmp(f->serial, "none") != 0)
                set_serial(config, f->serial);
        tree_set_bytes(tree, path, config, f->serial ? sizeof(config) : 64);
}

static void set_attributes(Tree *tree, const char *device, const TreeFunction *f)
{
        set_attribute(tree, device, "vendor", "0x%04x\n", f->vendor);
        set_attribute(tree, device, "device", "0x%04x\n", f->device);
        set_attribute(tree, device, "class", "0x%06x\n", f->class);
        set_attribute(tree, device, "subsystem_vendor", "0x%04x\n", f->subsystem_vendor);
        set_attribute(tree, device, "subsystem_device", "0x%04x\n", f->subsystem_device);
        set_attribute(tree, device, "irq", "0\n");
        set_attribute(tree, device, "resource", "0x0 0x0 0x0\n");
        set_attribute(tree, device, "driver_override", "(null)\n");
        set_attribute(tree, device, "modalias", "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X\n",
                f->vendor, f->device, f->subsystem_vendor, f->subsystem_device, f->class >> 16,
                f->class >> 8 & 0xff, f->class & 0xff);
        if (f->boot_vga)
                set_attribute(tree, device, "boot_vga", "%s\n", f->boot_vga);
        if (f->reset_method)
                set_attribute(tree, device, "reset_method", "%s\n", f->reset_method);
        if (f->d3cold)
                set_attribute(tree, device, "d3cold_allowed", "%s\n", f->d3cold);
        if (f->numvfs)
                set_attribute(tree, device, "sriov_numvfs", "%s\n", f->numvfs);
        if (f->bridge)
                set_attribute(tree, device, "secondary_bus_number", "1\n");
}

/* Links to the VFs that are enabled; where they point to is nobody's concern here. */
static void set_vfs(Tree *tree, const char *device, const TreeFunction *f)
{
        unsigned n = f->numvfs ? (unsigned)strtoul(f->numvfs, NULL, 10) : 0;

        for (unsigned i = 0; i < n; i++) {
                char name[32];

                snprintf(name, sizeof(name), "virtfn%u", i);
                set_link(tree, device, name, "../vf%u-of-%s", i, f->address);
        }
}

/* From the directory up to sys/. */
static char *ups(const char *device)
{
        char *text = print("%s", "");

        for (const char *slash = strchr(device, '/'); slash; slash = strchr(slash + 1, '/')) {
                char *longer = print("../%s", text);

                free(text);
                text = longer;
        }
        return text;
}

static void set_links(Tree *tree, const char *device, const TreeFunction *f)
{
        _cleanup_free_ char *up = ups(device);

        if (f->driver) {
                tree_add_driver(tree, f->driver);
                set_link(tree, device, "driver", "%sbus/pci/drivers/%s", up, f->driver);
        }
        if (f->vfio) {
                _cleanup_free_ char *path = print("%s/vfio-dev/%s", device, f->vfio);

                tree_add_directory(tree, path);
        }
        if (f->iommu_group) {
                _cleanup_free_ char *group =
                        print("sys/kernel/iommu_groups/%d/devices", f->iommu_group);

                set_link(tree, group, f->address, "../../../../%s", device + strlen("sys/"));
                set_link(tree, device, "iommu_group", "%skernel/iommu_groups/%d", up,
                        f->iommu_group);
        }
        if (f->physfn)
                set_link(tree, device, "physfn", "../%s", f->physfn);
        set_vfs(tree, device, f);
}

/* Behind its parent, wherever that is; else on the one root bus of the tree. */
static char *device_directory(const Tree *tree, const TreeFunction *f)
{
        _cleanup_free_ char *link =
                print("%s/sys/bus/pci/devices/%s", tree->path, f->parent ? f->parent : "");
        char target[512] = "";

        if (!f->parent)
                return print("sys/devices/pci/%s", f->address);
        must(readlink(link, target, sizeof(target) - 1) > 0);
        return print("sys/%s/%s", target + strlen("../../../"), f->address);
}

void tree_add_function(Tree *tree, const TreeFunction *f)
{
        _cleanup_free_ char *device = device_directory(tree, f);

        set_config(tree, device, f);
        set_attributes(tree, device, f);
        set_links(tree, device, f);
        set_link(tree, "sys/bus/pci/devices", f->address, "../../../%s", device + strlen("sys/"));
}

/* As little of an ELF object as depmod(8) takes for a module: what .modinfo says, one symbol that
 * others may need, and one that it may need itself. */
typedef struct ModuleFile {
        Elf64_Ehdr header;
        Elf64_Shdr sections[6];
        char names[64];
        char modinfo[256];
        char exported[64];
        char needed[64];
        Elf64_Sym symbols[2];
} ModuleFile;

static const ModuleFile empty_module = {
        .header =
                {
                        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                                __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ELFDATA2MSB : ELFDATA2LSB,
                                EV_CURRENT},
                        .e_type = ET_REL,
                        .e_machine = EM_X86_64,
                        .e_version = EV_CURRENT,
                        .e_shoff = offsetof(ModuleFile, sections),
                        .e_ehsize = sizeof(Elf64_Ehdr),
                        .e_shentsize = sizeof(Elf64_Shdr),
                        .e_shnum = 6,
                        .e_shstrndx = 1,
                },
        .names = "\0.shstrtab\0.modinfo\0__ksymtab_strings\0.strtab\0.symtab",
};

#define SECTION(index, name, type, member)                                                         \
        file.sections[index] = (Elf64_Shdr)                                                        \
        {                                                                                          \
                .sh_name = name, .sh_type = type, .sh_offset = offsetof(ModuleFile, member),       \
                .sh_size = sizeof(file.member)                                                     \
        }

void tree_add_module_needing(Tree *tree, const char *name, const char *alias, const char *needed)
{
        _cleanup_free_ char *path =
                print("lib/modules/" TREE_RELEASE "/kernel/drivers/%s.ko", name);
        ModuleFile file = empty_module;
        int n = snprintf(file.modinfo, sizeof(file.modinfo), "name=%s%c%s%s", name, '\0',
                alias ? "alias=" : "license=GPL", alias ? alias : "");

        must(n > 0 && (size_t)n < sizeof(file.modinfo));
        SECTION(1, 1, SHT_STRTAB, names);
        SECTION(2, 11, SHT_PROGBITS, modinfo);
        SECTION(3, 20, SHT_PROGBITS, exported);
        SECTION(4, 38, SHT_STRTAB, needed);
        SECTION(5, 46, SHT_SYMTAB, symbols);
        file.sections[2].sh_size = (size_t)n + 1;
        snprintf(file.exported, sizeof(file.exported), "symbol_of_%s", name);
        if (needed) {
                snprintf(file.needed, sizeof(file.needed), "%csymbol_of_%s", '\0', needed);
                file.symbols[1] = (Elf64_Sym){
                        .st_name = 1,
                        .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE),
                        .st_shndx = SHN_UNDEF,
                };
        }
        tree_set_bytes(tree, path, &file, sizeof(file));
}

void tree_add_module(Tree *tree, const char *name, const char *alias)
{
        tree_add_module_needing(tree, name, alias, NULL);
}

#define MODINFO "lib/modules/" TREE_RELEASE "/modules.builtin.modinfo"

void tree_add_builtin_alias(Tree *tree, const char *name, const char *alias)
{
        _cleanup_free_ char *path = tree_path(tree, MODINFO);
        _cleanup_free_ char *line = print("%s.alias=%s", name, alias);
        _cleanup_fclose_ FILE *file = fopen(path, "ae");

        must(file);
        must(fwrite(line, 1, strlen(line) + 1, file) == strlen(line) + 1);
}

static bool exists(const Tree *tree, const char *path)
{
        _cleanup_free_ char *full = tree_path(tree, path);

        return access(full, F_OK) == 0;
}

static void run_depmod(const Tree *tree)
{
        static const char *const places[] = {"/usr/sbin/depmod", "/sbin/depmod", "/usr/bin/depmod"};

        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                execl(places[i], "depmod", "-b", tree->path, TREE_RELEASE, NULL);
        fputs("depmod cannot be run; it comes with kmod\n", stderr);
        _exit(127);
}

void tree_depmod(Tree *tree, const char *builtin)
{
        int status = -1;

        tree_set(tree, "lib/modules/" TREE_RELEASE "/modules.builtin", builtin);
        if (!exists(tree, MODINFO))
                tree_set(tree, MODINFO, "");
        tree_set(tree, "lib/modules/" TREE_RELEASE "/modules.order", "");

        pid_t pid = fork();

        must(pid >= 0);
        if (pid == 0)
                run_depmod(tree);
        must(waitpid(pid, &status, 0) == pid);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "depmod failed: %d", status);
}

Root tree_root(const Tree *tree)
{
        Root root = ROOT_NULL;
        int r = root_open(tree->path, NULL, &root);

        cr_assert(r == 0, "root_open: %s", strerror(-r));
        return root;
}

Root tree_real_root(const Tree *tree)
{
        Root root = tree_root(tree);

        root.real = true;
        return root;
}
