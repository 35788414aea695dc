/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "host/ops-kernel.h"
#include "lib/tree.h"

#define POLICY   "run/modprobe.d/vfio-gpu.conf"
#define OVERRIDE "sys/devices/pci/0000:01:00.0/driver_override"
#define DRIVER   "sys/devices/pci/0000:01:00.0/driver"

static const PciAddress address = {0, 1, 0, 0};

typedef struct Machine {
        Tree *tree;
        Root root;
        Ops ops;
} Machine;

static Machine *machine(void)
{
        Machine *m = calloc(1, sizeof(*m));

        cr_assert(m);
        m->tree = tree_new();
        m->root = tree_real_root(m->tree);
        cr_assert_eq(ops_kernel_init(&m->root, &m->ops), 0);
        tree_add_driver(m->tree, "vfio-pci");
        tree_add_function(m->tree, &(TreeFunction){.address = "0000:01:00.0",
                                           .vendor = 0x10de,
                                           .device = 0x1eb8,
                                           .class = 0x030000,
                                           .driver = "nouveau"});
        return m;
}

static void machine_free(Machine *m)
{
        root_done(&m->root);
        tree_free(m->tree);
        free(m);
}
DEFINE_CLEANUP(Machine *, machine_free);

static void assert_text(const Machine *m, const char *path, const char *expected)
{
        _cleanup_free_ char *text = tree_get(m->tree, path);

        cr_assert_str_eq(text, expected, "%s: \"%s\"", path, text);
}

static mode_t mode_of(const Machine *m, const char *path)
{
        _cleanup_free_ char *full = tree_path(m->tree, path);
        struct stat st = {0};

        cr_assert_eq(lstat(full, &st), 0, "%s", path);
        return st.st_mode;
}

Test(ops_kernel, refuses_another_machine)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        Ops ops = {0};

        cr_assert_eq(ops_kernel_init(&root, &ops), -EROFS);
        cr_assert_null((void *)ops.bind);
}

Test(ops_kernel, the_framebuffer_s_driver)
{
        _cleanup_(machine_freep) Machine *m = machine();
        static const char unbind[] = "sys/bus/platform/drivers/efi-framebuffer/unbind";
        int (*take)(void *, const char *, const char *) = m->ops.free_framebuffer;

        cr_expect_eq(take(m->ops.context, "efi-framebuffer.0", "efi-framebuffer"), -ENOENT);
        tree_set(m->tree, unbind, "");
        cr_expect_eq(take(m->ops.context, "efi-framebuffer.0", "efi-framebuffer"), 0);
        assert_text(m, unbind, "efi-framebuffer.0");
        cr_expect_eq(take(m->ops.context, "efi-framebuffer.0", "../x"), -EINVAL);
        cr_expect_eq(take(m->ops.context, "a/b", "efi-framebuffer"), -EINVAL);
}

#define RESET  "sys/devices/pci/0000:01:00.0/reset_method"
#define D3COLD "sys/devices/pci/0000:01:00.0/d3cold_allowed"

Test(ops_kernel, settings_are_written_and_read_back)
{
        _cleanup_(machine_freep) Machine *m = machine();

        cr_expect_eq(m->ops.set_reset_method(m->ops.context, address, "bus"), -ENOENT);
        cr_expect_eq(m->ops.set_d3cold(m->ops.context, address, "0"), -ENOENT);
        tree_set(m->tree, RESET, "");
        tree_set(m->tree, D3COLD, "");
        cr_expect_eq(m->ops.set_reset_method(m->ops.context, address, "flr bus"), 0);
        assert_text(m, RESET, "flr bus");
        cr_expect_eq(m->ops.set_d3cold(m->ops.context, address, "0"), 0);
        assert_text(m, D3COLD, "0");
        /* a file that keeps what it had: the write goes over its beginning alone */
        tree_set(m->tree, RESET, "pm bus\n");
        cr_expect_eq(m->ops.set_reset_method(m->ops.context, address, "pm"), -EIO);
}

/* To nobody, not even root, where the kernel hands the modes out (fs/kernfs/file.c). */
Test(ops_kernel, what_others_may_read)
{
        static const char *const paths[] = {"sys/devices/pci/0000:01:00.0/uevent", OVERRIDE};
        _cleanup_(machine_freep) Machine *m = machine();

        cr_expect_eq(m->ops.set_readable(m->ops.context, (PciAddress){0, 9, 0, 0}, false), 0);
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                tree_set(m->tree, paths[i], "");
        for (int readable = 0; readable < 2; readable++) {
                cr_assert_eq(m->ops.set_readable(m->ops.context, address, readable), 0);
                for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                        cr_expect_eq(mode_of(m, paths[i]) & 07777, readable ? 0644 : 0200);
                cr_expect_eq(mode_of(m, "sys/devices/pci/0000:01:00.0/vendor") & 07777, 0644);
        }
}

Test(ops_kernel, writes_exactly_this)
{
        _cleanup_(machine_freep) Machine *m = machine();

        tree_set(m->tree, OVERRIDE, "");
        cr_assert_eq(m->ops.set_override(m->ops.context, address, OPS_HOLD), 0);
        assert_text(m, OVERRIDE, "vfio-gpu-hold");
        cr_assert_eq(m->ops.unbind(m->ops.context, address, "nouveau"), 0);
        assert_text(m, "sys/bus/pci/drivers/nouveau/unbind", "0000:01:00.0");
        cr_assert_eq(m->ops.bind(m->ops.context, address, "vfio-pci"), 0);
        assert_text(m, "sys/bus/pci/drivers/vfio-pci/bind", "0000:01:00.0");
        assert_text(m, "sys/bus/pci/drivers/vfio-pci/unbind", "");
}

Test(ops_kernel, writes_this_to_give_a_card_back)
{
        _cleanup_(machine_freep) Machine *m = machine();
        void *c = m->ops.context;

        /* a write of nothing does nothing */
        tree_set(m->tree, OVERRIDE, "");
        cr_assert_eq(m->ops.set_override(c, address, NULL), 0);
        assert_text(m, OVERRIDE, "\n");
        tree_set(m->tree, "sys/bus/pci/drivers_probe", "");
        cr_assert_eq(m->ops.probe(c, address), 0);
        assert_text(m, "sys/bus/pci/drivers_probe", "0000:01:00.0");
        tree_set(m->tree, "sys/devices/pci/0000:01:00.0/uevent", "");
        cr_assert_eq(m->ops.announce(c, address), 0);
        assert_text(m, "sys/devices/pci/0000:01:00.0/uevent", "add");
        tree_set(m->tree, "sys/bus/pci/drivers/vfio-pci/remove_id", "");
        cr_assert_eq(m->ops.forget_id(c, (PciId){0x10de, 0x1eb8}), 0);
        assert_text(m, "sys/bus/pci/drivers/vfio-pci/remove_id", "10de 1eb8");
        /* without vfio-pci nobody knows any model */
        tree_remove(m->tree, "sys/bus/pci/drivers/vfio-pci");
        cr_assert_eq(m->ops.forget_id(c, (PciId){0x10de, 0x1eb8}), 0);
        /* the rest is not made up */
        tree_remove(m->tree, "sys/bus/pci/drivers_probe");
        cr_expect_eq(m->ops.probe(c, address), -ENOENT);
        tree_remove(m->tree, "sys/devices/pci/0000:01:00.0/uevent");
        cr_expect_eq(m->ops.announce(c, address), -ENOENT);
}

/* The device's lock is waited for by the driver's own bind, which is there from the end of its
 * module's load on; where nobody has the function, drivers are looked for. */
Test(ops_kernel, waits_for_who_is_at_work)
{
        static const char bind[] = "sys/bus/pci/drivers/vfio-pci/bind";
        static const char uevent[] = "sys/bus/pci/drivers/vfio-pci/uevent";
        _cleanup_(machine_freep) Machine *m = machine();
        void *c = m->ops.context;

        tree_remove(m->tree, DRIVER);
        tree_set(m->tree, "sys/bus/pci/drivers_probe", "");
        cr_assert_eq(m->ops.settle(c, address), 0);
        assert_text(m, "sys/bus/pci/drivers_probe", "0000:01:00.0");

        tree_link(m->tree, DRIVER, "../../../bus/pci/drivers/vfio-pci");
        tree_set(m->tree, bind, "");
        tree_set(m->tree, "sys/bus/pci/drivers_probe", "");
        pid_t pid = fork();
        if (pid == 0)
                _exit(m->ops.settle(c, address) == 0 ? 0 : 1);
        clock_pause_ms(100);
        cr_expect_eq(waitpid(pid, NULL, WNOHANG), 0, "it is being loaded still");
        assert_text(m, bind, "");
        tree_set(m->tree, uevent, "");

        int status = -1;
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect_eq(status, 0);
        assert_text(m, bind, "0000:01:00.0");
        assert_text(m, "sys/bus/pci/drivers_probe", "");

        /* there are drivers that have no such file at all */
        tree_remove(m->tree, bind);
        cr_expect_eq(m->ops.settle(c, address), 0);
}

/* The kernel compares letter by letter; what is on the bus says how it is spelled. */
Test(ops_kernel, names_drivers_as_the_bus_does)
{
        static const struct {
                const char *asked, *written;
        } cases[] = {
                {"vfio_pci", "vfio-pci"},
                {"vfio-pci", "vfio-pci"},
                {"x-vfio-pci", "x_vfio_pci"},
                {"x_vfio_pci", "x_vfio_pci"},
                {"y-vfio_pci", "y-vfio_pci"},
                {OPS_HOLD, OPS_HOLD},
        };
        _cleanup_(machine_freep) Machine *m = machine();
        void *c = m->ops.context;

        tree_add_driver(m->tree, "x_vfio_pci");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                tree_set(m->tree, OVERRIDE, "");
                cr_assert_eq(m->ops.set_override(c, address, cases[i].asked), 0);
                assert_text(m, OVERRIDE, cases[i].written);
        }
        cr_assert_eq(m->ops.bind(c, address, "x-vfio-pci"), 0);
        assert_text(m, "sys/bus/pci/drivers/x_vfio_pci/bind", "0000:01:00.0");
        cr_assert_eq(m->ops.unbind(c, address, "x-vfio-pci"), 0);
        assert_text(m, "sys/bus/pci/drivers/x_vfio_pci/unbind", "0000:01:00.0");
        cr_assert_eq(m->ops.bind(c, address, "y-vfio-pci"), -ENOENT);
        /* no bus at all */
        tree_remove(m->tree, "sys/bus/pci/drivers");
        cr_assert_eq(m->ops.bind(c, address, "vfio-pci"), -ENOENT);
}

Test(ops_kernel, creates_nothing_in_sysfs)
{
        const PciAddress gone = {0, 2, 0, 0};
        _cleanup_(machine_freep) Machine *m = machine();
        void *c = m->ops.context;

        cr_assert_eq(m->ops.set_override(c, gone, "vfio-pci"), -ENOENT);
        cr_assert_eq(m->ops.bind(c, address, "unloaded"), -ENOENT);
        cr_assert_eq(m->ops.unbind(c, address, "unloaded"), -ENOENT);
        tree_remove(m->tree, OVERRIDE);
        cr_assert_eq(m->ops.set_override(c, address, "vfio-pci"), -ENOENT);
        tree_add_directory(m->tree, OVERRIDE);
        cr_assert_eq(m->ops.set_override(c, address, "vfio-pci"), -EISDIR);
}

Test(ops_kernel, does_not_write_through_links)
{
        _cleanup_(machine_freep) Machine *m = machine();

        tree_set(m->tree, "victim", "untouched");
        tree_link(m->tree, OVERRIDE, "../../../../victim");
        cr_assert_eq(m->ops.set_override(m->ops.context, address, "vfio-pci"), -ELOOP);
        assert_text(m, "victim", "untouched");
}

Test(ops_kernel, refuses_names_that_are_paths)
{
        static const char *const names[] = {"", "..", ".", "../x", "a/b", "/", "vfio-pci\n"};
        _cleanup_(machine_freep) Machine *m = machine();
        void *c = m->ops.context;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                cr_assert_eq(m->ops.set_override(c, address, names[i]), -EINVAL, "%s", names[i]);
                cr_assert_eq(m->ops.bind(c, address, names[i]), -EINVAL, "%s", names[i]);
                cr_assert_eq(m->ops.unbind(c, address, names[i]), -EINVAL, "%s", names[i]);
        }
        assert_text(m, OVERRIDE, "(null)\n");
}

/* /dev/full says ENOSPC to every write: a kernel that says no */
/* From now on each write of an address, and nothing else, is answered with ENODEV. */
static void refuse_addresses(void)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, sizeof("0000:01:00.0") - 1, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENODEV),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

        cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static int64_t time_to_bind(const Machine *m, int expected)
{
        int64_t start = clock_ms();

        cr_assert_eq(m->ops.bind(m->ops.context, address, "vfio-pci"), expected);
        return clock_ms() - start;
}

/* Of a card that is just being added to the bus no driver is the right one yet; as soon as it is,
 * the kernel looks for one itself. */
Test(ops_kernel, waits_for_a_card_that_is_being_added)
{
        _cleanup_(machine_freep) Machine *m = machine();

        tree_remove(m->tree, DRIVER);
        pid_t kernel = fork();
        if (kernel == 0) {
                clock_pause_ms(100);
                tree_link(m->tree, DRIVER, "../../../bus/pci/drivers/vfio-pci");
                _exit(0);
        }
        refuse_addresses();
        cr_expect_geq(time_to_bind(m, 0), 60);
        cr_assert_eq(waitpid(kernel, NULL, 0), kernel);
}

Test(ops_kernel, waits_for_a_card_well_below_a_step_s_deadline)
{
        _cleanup_(machine_freep) Machine *m = machine();

        refuse_addresses();
        cr_expect_lt(time_to_bind(m, -ENODEV), 300, "another driver has it");
        tree_remove(m->tree, DRIVER);
        int64_t took = time_to_bind(m, -ENODEV);
        cr_expect(took >= 600 && took < 1000, "%lld ms", (long long)took);
        tree_remove(m->tree, "sys/bus/pci/devices/0000:01:00.0");
        cr_expect_lt(time_to_bind(m, -ENODEV), 300, "it is gone");
}

Test(ops_kernel, passes_the_kernel_s_errno_up)
{
        _cleanup_(machine_freep) Machine *m = machine();
        _cleanup_free_ char *override = tree_path(m->tree, OVERRIDE);
        struct stat full = {0};

        cr_assert_eq(stat("/dev/full", &full), 0);
        tree_remove(m->tree, OVERRIDE);
        if (mknod(override, S_IFCHR | 0600, full.st_rdev) < 0)
                return; /* not root, or a nodev /tmp */
        if (access("/dev/full", W_OK) == 0) {
                int r = m->ops.set_override(m->ops.context, address, "vfio-pci");

                cr_assert(r == -ENOSPC || r == -EACCES || r == -EPERM || r == -ENXIO, "%d", r);
        }
}

Test(ops_kernel, reads_back)
{
        _cleanup_(machine_freep) Machine *m = machine();
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Binding binding = {0};

        cr_assert_eq(m->ops.read_binding(m->ops.context, address, arena, &binding), 0);
        cr_assert_str_eq(binding.driver, "nouveau");
        cr_assert_eq(
                m->ops.read_binding(m->ops.context, (PciAddress){0}, arena, &binding), -ENOENT);
}

Test(ops_kernel, policy_is_written_whole_and_readable)
{
        _cleanup_(machine_freep) Machine *m = machine();

        umask(0077);
        cr_assert_eq(m->ops.write_policy(m->ops.context, "x"), -ENOENT, "no /run");
        tree_add_directory(m->tree, "run");
        cr_assert_eq(m->ops.write_policy(m->ops.context, "blacklist nouveau\n"), 0);
        assert_text(m, POLICY, "blacklist nouveau\n");
        cr_assert_eq(mode_of(m, POLICY), S_IFREG | 0644);
        cr_assert_eq(mode_of(m, "run/modprobe.d"), S_IFDIR | 0755);
        cr_assert_eq(m->ops.write_policy(m->ops.context, "short\n"), 0);
        assert_text(m, POLICY, "short\n");
}

Test(ops_kernel, policy_replaces_links_and_follows_none)
{
        _cleanup_(machine_freep) Machine *m = machine();

        tree_set(m->tree, "victim", "untouched");
        tree_link(m->tree, POLICY, "../../victim");
        cr_assert_eq(m->ops.write_policy(m->ops.context, "blacklist nouveau\n"), 0);
        assert_text(m, "victim", "untouched");
        assert_text(m, POLICY, "blacklist nouveau\n");
        cr_assert(S_ISREG(mode_of(m, POLICY)));
}

Test(ops_kernel, policy_leaves_others_files_and_modes)
{
        _cleanup_(machine_freep) Machine *m = machine();
        _cleanup_free_ char *directory = tree_path(m->tree, "run/modprobe.d");

        tree_set(m->tree, "run/modprobe.d/other.conf", "options a b=1\n");
        cr_assert_eq(chmod(directory, 0700), 0);
        cr_assert_eq(m->ops.write_policy(m->ops.context, "x\n"), 0);
        assert_text(m, "run/modprobe.d/other.conf", "options a b=1\n");
        cr_assert_eq(mode_of(m, "run/modprobe.d"), S_IFDIR | 0700, "not made here");
}

Test(ops_kernel, policy_that_cannot_be_written_changes_nothing)
{
        _cleanup_(machine_freep) Machine *m = machine();
        _cleanup_(machine_freep) Machine *linked = machine();

        tree_set(m->tree, "run/modprobe.d", "a file");
        cr_assert_eq(m->ops.write_policy(m->ops.context, "x\n"), -ENOTDIR);
        tree_remove(m->tree, "run/modprobe.d");

        tree_add_directory(m->tree, POLICY);
        cr_assert_eq(m->ops.write_policy(m->ops.context, "x\n"), -EISDIR);

        tree_add_directory(linked->tree, "elsewhere");
        tree_link(linked->tree, "run/modprobe.d", "../elsewhere");
        cr_assert_eq(linked->ops.write_policy(linked->ops.context, "x\n"), -ENOTDIR);
}

/* Who can write there has modprobe run commands as root. */
Test(ops_kernel, policy_goes_to_no_folder_of_others)
{
        static const mode_t modes[] = {0775, 0757, 01777};
        _cleanup_(machine_freep) Machine *m = machine();
        _cleanup_free_ char *directory = tree_path(m->tree, "run/modprobe.d");
        _cleanup_free_ char *file = tree_path(m->tree, POLICY);

        tree_add_directory(m->tree, "run/modprobe.d");
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                cr_assert_eq(chmod(directory, modes[i]), 0);
                cr_expect_eq(m->ops.write_policy(m->ops.context, "x\n"), -EPERM, "%o", modes[i]);
                cr_expect_eq(access(file, F_OK), -1);
        }
}
