/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-users.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/quote.h"
#include "base/text.h"
#include "host/scan-processes.h"
#include "host/worker.h"

/* Looking takes a tenth of a second where thousands of processes have many files open; lint counts
 * it among what a run may take. */
#define LOOK_MS 3000

#define VTCONSOLES 16

/* What the workers find out about one function; no pointers, since it lies in memory that they
 * share with this process. */
typedef struct Finding {
        Holders holders;
        bool group_is_held; /* by nobody that could be found */
        bool has_console;
        unsigned framebuffer, vtconsole;
} Finding;

typedef struct Board {
        Processes processes;
        Finding findings[];
} Board;

typedef struct Look {
        const Root *root;
        Function *const *functions;
        size_t n_functions;
        Board *board;
} Look;

/* The workers' tasks, side by side: each may meet a lock that another does not. */
enum {
        LOOK_CONSOLES,
        LOOK_PROCESSES,
        _LOOK_MAX,
};

/* Says of one entry of a directory whether it is what is looked for. */
typedef bool (*Wanted)(void *context, const char *entry);

/* The name of the first entry that `wanted` accepts, to be freed, or NULL. Closes `directory`,
 * which may be NULL. */
static char *find_entry(DIR *directory, Wanted wanted, void *context)
{
        char *found = NULL;

        for (const struct dirent *entry; directory && !found && (entry = readdir(directory));)
                if (wanted(context, entry->d_name))
                        found = strdup(entry->d_name);
        closedirp(&directory);
        return found;
}

static int open_function(const Root *root, const Function *f)
{
        char path[sizeof("sys/bus/pci/devices/") + PCI_ADDRESS_SIZE];
        int fd = -EBADF;

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", PCI_ADDRESS(f->address));

        int r = root_open_directory(root, path, &fd);
        return r < 0 ? r : fd;
}

/* "3-1", "3-1.4": what is plugged in. The root hub is "usb3", its interface "3-0:1.0". */
static bool is_usb_device(_unused_ void *context, const char *name)
{
        return isdigit((unsigned char)name[0]) && strchr(name, '-') &&
               !name[strspn(name, "0123456789-.")];
}

typedef struct Buses {
        int device;
        char *user; /* to be freed */
} Buses;

/* An xHCI has two buses, of which either may be empty. */
static bool bus_has_device(void *context, const char *name)
{
        Buses *buses = context;

        if (strncmp(name, "usb", 3) != 0 || !isdigit((unsigned char)name[3]))
                return false;
        buses->user = find_entry(directory_list(buses->device, name), is_usb_device, NULL);
        return buses->user != NULL;
}

/* Its name, to be freed, or NULL. */
static char *find_usb_device(const Root *root, const Function *f)
{
        _cleanup_close_ int device = open_function(root, f);
        Buses buses = {.device = device};

        if (device < 0 || function_class(f) != PCI_CLASS_USB)
                return NULL;
        free(find_entry(directory_list(device, "."), bus_has_device, &buses));
        return buses.user;
}

/* Whether a link of sys/class/block leads below the function. */
static bool is_disk_of(const Root *root, const Function *f, const char *name)
{
        _cleanup_free_ char *path = NULL, *target = NULL;
        char part[PCI_ADDRESS_SIZE + 2];

        if (*name == '.' || asprintf(&path, "sys/class/block/%s", name) < 0) {
                path = NULL;
                return false;
        }
        snprintf(part, sizeof(part), "/%s/", PCI_ADDRESS(f->address));
        return root_link_target(root, path, &target) == 0 && strstr(target, part);
}

typedef struct Disks {
        const Root *root;
        const Function *function;
} Disks;

static bool is_disk(void *context, const char *name)
{
        const Disks *disks = context;

        return is_disk_of(disks->root, disks->function, name);
}

/* The name of a disk behind it, or of a partition, to be freed, or NULL. A file system on it, swap
 * or a volume shows in no process: that it is there is use enough. */
static char *find_disk(const Root *root, const Function *f)
{
        Disks disks = {root, f};

        return find_entry(root_list(root, "sys/class/block"), is_disk, &disks);
}

/* "fb0" */
static bool is_framebuffer(_unused_ void *context, const char *name)
{
        return strncmp(name, "fb", 2) == 0 && isdigit((unsigned char)name[2]);
}

/* The number of its framebuffer, or -1. */
static int find_framebuffer(const Root *root, const Function *f)
{
        _cleanup_close_ int device = open_function(root, f);
        _cleanup_free_ char *name =
                device < 0 ? NULL
                           : find_entry(directory_list(device, "graphics"), is_framebuffer, NULL);

        return name ? (int)strtol(name + 2, NULL, 10) : -1;
}

static bool attribute_contains(const Root *root, const char *path, const char *text)
{
        _cleanup_free_ char *value = NULL;

        return root_read(root, path, 256, &value) == 0 && strstr(value, text);
}

/* The number of the console that is drawn into framebuffers, or -1; `bind` is behind the console
 * lock (drivers/tty/vt/vt.c), which a driver in trouble may hold. */
static int find_vtconsole(const Root *root)
{
        for (int i = 0; i < VTCONSOLES; i++) {
                char name[sizeof("sys/class/vtconsole/vtcon/name") + 11];
                char bound[sizeof("sys/class/vtconsole/vtcon/bind") + 11];

                snprintf(name, sizeof(name), "sys/class/vtconsole/vtcon%d/name", i);
                snprintf(bound, sizeof(bound), "sys/class/vtconsole/vtcon%d/bind", i);
                if (attribute_contains(root, name, "frame buffer") &&
                        attribute_contains(root, bound, "1"))
                        return i;
        }
        return -1;
}

/* Which framebuffer a console is on cannot be read: every one counts. */
static void look_at_consoles(const Look *look)
{
        for (size_t i = 0; i < look->n_functions; i++) {
                Finding *finding = &look->board->findings[i];
                int framebuffer = find_framebuffer(look->root, look->functions[i]);
                int vtconsole = framebuffer < 0 ? -1 : find_vtconsole(look->root);

                if (vtconsole < 0)
                        continue;
                finding->has_console = true;
                finding->framebuffer = (unsigned)framebuffer;
                finding->vtconsole = (unsigned)vtconsole;
        }
}

/* VFIO opens a group once (vfio_group_fops_open()). A process that has closed it may still have a
 * device of it open, as a file that tells nothing. */
static bool group_is_held(const Root *root, const Function *f)
{
        char path[sizeof("dev/vfio/-2147483648")];

        if (!f->binding.vfio_device || f->iommu_group < 0)
                return false;
        snprintf(path, sizeof(path), "dev/vfio/%d", f->iommu_group);

        _cleanup_close_ int fd = root_open_file(root, path, O_RDWR | O_NONBLOCK | O_NOCTTY);

        return fd == -EBUSY;
}

static int look_at_processes(const Look *look)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Holders *holders = arena ? arena_array(arena, look->n_functions, sizeof(*holders)) : NULL;
        Nodes nodes = {.arena = arena};

        if (!holders)
                return -ENOMEM;
        for (size_t i = 0; i < look->n_functions; i++)
                scan_nodes(look->root, look->functions[i], i, &nodes);
        if (arena_failed(arena))
                return -ENOMEM;
        scan_processes(look->root, &nodes, holders, &look->board->processes);
        for (size_t i = 0; i < look->n_functions; i++) {
                look->board->findings[i].holders = holders[i];
                look->board->findings[i].group_is_held =
                        group_is_held(look->root, look->functions[i]);
        }
        return 0;
}

/* In a worker. */
static int look_around(void *context, size_t index)
{
        const Look *look = context;

        if (index == LOOK_PROCESSES)
                return look_at_processes(look);
        look_at_consoles(look);
        return 0;
}

static int look_in_workers(Look *look, StepOutcome *outcomes)
{
        static const size_t steps[_LOOK_MAX] = {LOOK_CONSOLES, LOOK_PROCESSES};
        const WorkerLimits limits = {.step_ms = LOOK_MS, .total_ms = LOOK_MS};
        const WorkerTask tasks[_LOOK_MAX] = {
                [LOOK_CONSOLES] = {&steps[LOOK_CONSOLES], 1, 0},
                [LOOK_PROCESSES] = {&steps[LOOK_PROCESSES], 1, SCAN_USERS_CAPABILITIES},
        };

        return worker_run_all(tasks, _LOOK_MAX, look_around, look, &limits, outcomes);
}

static void add_processes(Text *text, const Finding *finding, int group)
{
        const Holders *holders = &finding->holders;

        for (unsigned i = 0; i < holders->n_items && i < PROCESSES_NAMED; i++) {
                text_separate(text, ", ");
                text_add(text, "%s (pid %ld)", holders->items[i].name, holders->items[i].pid);
        }
        if (holders->n_items > PROCESSES_NAMED)
                text_add(text, " and %u more", holders->n_items - PROCESSES_NAMED);
        if (holders->n_items == 0 && finding->group_is_held)
                text_add(text, "a process that has /dev/vfio/%d open, or a device of it", group);
}

static void add_console(Text *text, const Finding *finding)
{
        if (!finding->has_console)
                return;
        text_separate(text, ", ");
        text_add(text,
                "the framebuffer console (fb%u; `echo 0 > /sys/class/vtconsole/vtcon%u/bind` takes "
                "it away)",
                finding->framebuffer, finding->vtconsole);
}

/* What was not found out is not known to be nobody. */
static const char *doubt_of(const Look *look, const StepOutcome *outcomes, Arena *arena)
{
        const Processes *processes = &look->board->processes;

        if (!look->root->real)
                return NULL;
        for (size_t i = 0; i < _LOOK_MAX; i++)
                if (outcomes[i].state != STEP_DONE)
                        return outcomes[i].state == STEP_TIMED_OUT
                                       ? "who uses it could not be found out in time"
                                       : "who uses it could not be found out";
        if (processes->hidden)
                return "/proc does not show all processes to this one";
        if (processes->n_closed == 0)
                return NULL;
        return arena_printf(arena,
                "%u process%s may not be looked into from here; root may, in a shell",
                processes->n_closed, processes->n_closed == 1 ? "" : "es");
}

const char *scan_users_attached(const Root *root, const Function *f, Arena *arena)
{
        _cleanup_free_ char *usb = find_usb_device(root, f);
        _cleanup_free_ char *disk = find_disk(root, f);
        Text names = TEXT_IN(arena);

        if (usb)
                text_add(&names, "USB device %s", usb);
        if (disk) {
                text_separate(&names, ", ");
                text_add(&names, "block device %s", quote(disk));
        }
        return text_is_empty(&names) ? NULL : names.string;
}

/* A worker that was given up may still be writing: what it finds does not count. */
static void conclude(const Look *look, const StepOutcome *outcomes, Arena *arena)
{
        bool processes = outcomes[LOOK_PROCESSES].state == STEP_DONE;
        bool consoles = outcomes[LOOK_CONSOLES].state == STEP_DONE;

        for (size_t i = 0; i < look->n_functions; i++) {
                Function *f = look->functions[i];
                const Finding *finding = &look->board->findings[i];
                const char *attached = scan_users_attached(look->root, f, arena);
                Text names = TEXT_IN(arena);

                text_add(&names, "%s", attached ? attached : "");
                if (processes)
                        add_processes(&names, finding, f->iommu_group);
                if (consoles)
                        add_console(&names, finding);
                f->users = (Users){
                        .known = true,
                        .names = text_is_empty(&names) ? NULL : names.string,
                        .doubt = doubt_of(look, outcomes, arena),
                };
        }
}

int scan_users(const Root *root, Host *host, Function *const *functions, size_t n)
{
        size_t size = sizeof(Board) + n * sizeof(Finding);
        Look look = {.root = root, .functions = functions, .n_functions = n};
        StepOutcome outcomes[_LOOK_MAX] = {0};
        int r = 0;

        look.board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (look.board == MAP_FAILED)
                return -ENOMEM;
        if (root->real)
                r = look_in_workers(&look, outcomes);
        else
                host_add_warning(host,
                        "which processes use a device is not known of another machine: apply looks "
                        "for them, and takes nothing that is in use");
        if (r == 0)
                conclude(&look, outcomes, host->arena);
        (void)munmap(look.board, size);
        if (r < 0)
                return r;
        return arena_failed(host->arena) ? -ENOMEM : 0;
}
