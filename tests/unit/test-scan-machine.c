/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/inotify.h>

#include "host/scan-framebuffer.h"
#include "host/scan-settings.h"
#include "test-scan.h"

Test(scan_machine, the_machine)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(host_freep) Host *system = scan(tree, 0);

        cr_assert_eq(system->stage, STAGE_SYSTEM);
        cr_assert_not(system->crash_kernel);
        cr_assert_str_eq(system->release, TREE_RELEASE);
        cr_assert_str_eq(system->cmdline, "root=/dev/vda ro");
        cr_assert_eq(system->firmware_iommu, FIRMWARE_IOMMU_UNKNOWN);

        tree_set(tree, "etc/initrd-release", "");
        tree_set(tree, "proc/vmcore", "");
        tree_remove(tree, "proc/cmdline");
        tree_add_directory(tree, "sys/firmware/acpi/tables");

        _cleanup_(host_freep) Host *initrd = scan(tree, 0);

        cr_assert_eq(initrd->stage, STAGE_INITRD);
        cr_assert(initrd->crash_kernel);
        cr_assert_str_eq(initrd->cmdline, "");
        cr_assert_eq(initrd->firmware_iommu, FIRMWARE_IOMMU_NONE);
}

/* vfio_gpu=0 may stand in it: who cannot read it does nothing. */
Test(scan_machine, no_command_line)
{
        static const struct {
                bool real, folder;
                int error;
        } cases[] = {{false, false, 0}, {true, false, -ENOENT}, {false, true, -EISDIR}};

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_(root_done) Root root = ROOT_NULL;
                _cleanup_(host_freep) Host *host = NULL;
                _cleanup_free_ char *message = NULL;

                root = cases[i].real ? tree_real_root(tree) : tree_root(tree);
                tree_remove(tree, "proc/cmdline");
                if (cases[i].folder)
                        tree_add_directory(tree, "proc/cmdline");
                cr_expect_eq(scan_host(&root, 0, &host, &message), cases[i].error, "%zu", i);
                cr_expect_eq(!!message, cases[i].error < 0);
                if (message)
                        cr_expect(strstr(message, "it may say vfio_gpu=0"), "%s", message);
        }
}

Test(scan_machine, the_stage)
{
        static const char *const files[] = {"etc/initrd-release", "usr/lib/initrd-release"};

        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_(root_done) Root root = tree_root(tree);

                cr_assert_eq(scan_stage(&root), STAGE_SYSTEM);
                tree_set(tree, files[i], "");
                cr_assert_eq(scan_stage(&root), STAGE_INITRD, "%s", files[i]);
        }
}

Test(scan_machine, the_firmware_s_iommu)
{
        static const struct {
                const char *table;
                FirmwareIommu type;
        } cases[] = {
                {"FACP", FIRMWARE_IOMMU_NONE},
                {"DMAR", FIRMWARE_IOMMU_INTEL},
                {"IVRS", FIRMWARE_IOMMU_AMD},
                {"IORT", FIRMWARE_IOMMU_ARM},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_free_ char *path = NULL;

                cr_assert(asprintf(&path, "sys/firmware/acpi/tables/%s", cases[i].table) > 0);
                tree_set(tree, path, "");

                _cleanup_(host_freep) Host *host = scan(tree, 0);

                cr_assert_eq(host->firmware_iommu, cases[i].type, "%s", cases[i].table);
        }
}

/* Opens of the files that are watched, so far. */
static unsigned n_opened(int watch)
{
        char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
        ssize_t size = read(watch, events, sizeof(events));
        unsigned n = 0;

        for (ssize_t at = 0; at < size; n++) {
                const struct inotify_event *event = (const void *)(events + at);

                at += (ssize_t)(sizeof(*event) + event->len);
        }
        return n;
}

static void watch_file(int watch, Tree *tree, const char *attribute)
{
        _cleanup_free_ char *path = NULL, *file = NULL;

        cr_assert(asprintf(&path, GPU "%s", attribute) > 0);
        tree_set(tree, path, "");
        file = tree_path(tree, path);
        cr_assert_geq(inotify_add_watch(watch, file, IN_OPEN), 0);
}

/* While a driver holds the device's lock, whoever opens these to read them hangs with it. */
Test(scan_machine, what_blocks_is_never_read)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_close_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Binding binding = {0};

        tree_add_function(tree, &gpu);
        tree_add_function(tree, &audio);
        watch_file(watch, tree, "driver_override");
        watch_file(watch, tree, "uevent");
        watch_file(watch, tree, "sriov_numvfs");

        _cleanup_(host_freep) Host *host = scan(tree, SCAN_NAMES);

        cr_assert_eq(scan_binding(&root, host->functions[0].address, arena, &binding), 0);
        cr_expect_eq(n_opened(watch), 0);

        /* the watch works */
        free(tree_get(tree, GPU "uevent"));
        cr_expect_eq(n_opened(watch), 1);
}

Test(scan_machine, settings)
{
        static const struct {
                const char *reset_method, *d3cold, *expected_method;
                int expected_d3cold;
        } rows[] = {
                {"flr bus\n", "1\n", "flr bus", 1},
                {"device_specific\n", "0\n", "device_specific", 0},
                {NULL, NULL, NULL, -1},
                {"\x1b[2J", "2\n", NULL, -1},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_(root_done) Root root = tree_root(tree);

                tree_add_function(tree, &gpu);
                if (rows[i].reset_method)
                        tree_set(tree, GPU "reset_method", rows[i].reset_method);
                if (rows[i].d3cold)
                        tree_set(tree, GPU "d3cold_allowed", rows[i].d3cold);

                _cleanup_(host_freep) Host *host = scan(tree, 0);
                Function *f = &host->functions[0];

                cr_expect_not(f->settings.known);
                scan_settings(&root, host, &f, 1);
                cr_expect(f->settings.known);
                cr_expect_eq(f->settings.d3cold, rows[i].expected_d3cold);
                cr_expect_eq(!f->settings.reset_method, !rows[i].expected_method);
                if (f->settings.reset_method && rows[i].expected_method)
                        cr_expect_str_eq(f->settings.reset_method, rows[i].expected_method);
        }
}

Test(scan_machine, what_is_stuck)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &gpu);
        tree_set(tree, "run/vfio-gpu/stuck", "0000:01:00.0 412 initrd vfio-gpu\n");

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_expect_str_eq(host->functions[0].stuck, "process 412 of the initrd stage");
}

Test(scan_machine, the_boot_framebuffer)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &gpu);
        tree_set(tree, "proc/iomem",
                "80000000-8fffffff : 0000:01:00.0\n  80000000-807e8fff : BOOTFB\n");

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert(host->functions[0].boot_framebuffer);
        cr_assert_null(host->framebuffer.device);
        tree_remove(tree, "proc/iomem");

        _cleanup_(host_freep) Host *unknown = scan(tree, 0);

        cr_assert_not(unknown->functions[0].boot_framebuffer);
        cr_assert(warned_of(unknown, "proc/iomem"));
}

Test(scan_machine, who_has_the_framebuffer)
{
        static const struct {
                const char *device, *driver;
        } rows[] = {
                {"efi-framebuffer.0", "efi-framebuffer"},
                {"simple-framebuffer.0", "simple-framebuffer"},
                {"vesa-framebuffer.0", NULL},
        };
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);

        tree_add_function(tree, &gpu);
        _cleanup_(host_freep) Host *host = scan(tree, 0);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_free_ char *folder = NULL, *link = NULL, *driver = NULL;

                cr_assert(asprintf(&folder, "sys/bus/platform/devices/%s", rows[i].device) > 0);
                cr_assert(asprintf(&link, "%s/driver", folder) > 0);
                cr_assert(asprintf(&driver, "../../drivers/%s",
                                  rows[i].driver ? rows[i].driver : "") > 0);
                tree_add_directory(tree, folder);
                if (rows[i].driver)
                        tree_link(tree, link, driver);
                cr_assert_eq(scan_framebuffer(&root, host), 0);
                cr_expect_str_eq(host->framebuffer.device, rows[i].device);
                cr_expect_eq(!host->framebuffer.driver, !rows[i].driver);
                if (rows[i].driver)
                        cr_expect_str_eq(host->framebuffer.driver, rows[i].driver);
                tree_remove(tree, folder);
        }
        cr_assert_eq(scan_framebuffer(&root, host), 0);
        cr_expect_null(host->framebuffer.device);
}

/* After a card was bound it is asked again. */
Test(scan_machine, where_the_framebuffer_no_longer_is)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);

        tree_add_function(tree, &gpu);
        tree_set(tree, "proc/iomem",
                "80000000-8fffffff : 0000:01:00.0\n  80000000-807e8fff : efifb\n");
        _cleanup_(host_freep) Host *host = scan(tree, 0);
        cr_expect(host->functions[0].boot_framebuffer);
        tree_set(tree, "proc/iomem", "80000000-8fffffff : 0000:01:00.0\n");
        cr_assert_eq(scan_framebuffer(&root, host), 0);
        cr_expect_not(host->functions[0].boot_framebuffer);
}

Test(scan_machine, what_modules_are_there)
{
        static const struct {
                const char *module, *builtin, *loaded;
                ModuleState vfio_pci, backend;
                const char *backend_module;
        } cases[] = {
                {NULL, "", NULL, MODULE_MISSING, MODULE_MISSING, NULL},
                {"vfio-pci", "", NULL, MODULE_LOADABLE, MODULE_MISSING, NULL},
                {"vfio_iommu_type1", "", NULL, MODULE_MISSING, MODULE_LOADABLE, "vfio_iommu_type1"},
                {"vfio_iommu_type1", "kernel/drivers/iommufd.ko\n", NULL, MODULE_MISSING,
                        MODULE_PRESENT, "iommufd"},
                {"iommufd", "kernel/drivers/vfio-pci.ko\n", NULL, MODULE_PRESENT, MODULE_LOADABLE,
                        "iommufd"},
                {"iommufd", "", "vfio_pci", MODULE_PRESENT, MODULE_LOADABLE, "iommufd"},
                {"vfio_iommu_type1", "", "vfio_iommu_spapr_tce", MODULE_MISSING, MODULE_PRESENT,
                        "vfio_iommu_spapr_tce"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_free_ char *loaded = NULL;

                cr_assert(asprintf(&loaded, "sys/module/%s/initstate",
                                  cases[i].loaded ? cases[i].loaded : "other") > 0);
                tree_set(tree, loaded, "live\n");
                if (cases[i].module)
                        tree_add_module(tree, cases[i].module, NULL);
                tree_depmod(tree, cases[i].builtin);

                _cleanup_(host_freep) Host *host = scan(tree, 0);

                cr_assert_eq(host->vfio_pci, cases[i].vfio_pci, "%zu", i);
                cr_assert_eq(host->iommu_backend, cases[i].backend, "%zu", i);
                if (cases[i].backend_module)
                        cr_assert_str_eq(host->iommu_backend_module, cases[i].backend_module);
                else
                        cr_assert_null(host->iommu_backend_module);
                cr_assert_eq(host->n_warnings, 0, "%zu", i);
        }
}

Test(scan_machine, no_module_indexes)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(host_freep) Host *unindexed = scan(tree, 0);

        cr_assert(warned_of(unindexed, "lib/modules/" TREE_RELEASE));
        cr_assert_eq(unindexed->vfio_pci, MODULE_MISSING);
        tree_remove(tree, "proc/sys/kernel/osrelease");

        _cleanup_(host_freep) Host *unknown = scan(tree, 0);

        cr_assert(warned_of(unknown, "--kernel=RELEASE"));
        cr_assert_null(unknown->release);
        cr_assert_eq(unknown->vfio_pci, MODULE_MISSING);
}

Test(scan_machine, release_of_letters_that_can_be_printed)
{
        static const struct {
                const char *text, *release, *warning;
        } cases[] = {
                {"6.1.0-13-amd64\n", "6.1.0-13-amd64", NULL},
                {"5.14.0-362.el9.x86_64+debug~1@me\n", "5.14.0-362.el9.x86_64+debug~1@me", NULL},
                {"6.1\033[31m\n", NULL, "proc/sys/kernel/osrelease is garbled: \"6.1\\x1b[31m\""},
                {"6.1 x\n", NULL, "garbled"},
                {"6.1\x7f\n", NULL, "garbled"},
                {"6.1\xc2\x9b\n", NULL, "garbled"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                tree_set(tree, "proc/sys/kernel/osrelease", cases[i].text);

                _cleanup_(host_freep) Host *host = scan(tree, 0);

                cr_expect(cases[i].release
                                  ? host->release && strcmp(host->release, cases[i].release) == 0
                                  : !host->release,
                        "%zu", i);
                cr_expect(!cases[i].warning || warned_of(host, cases[i].warning), "%zu: %s", i,
                        host->warnings[0]);
        }
}

Test(scan_machine, release_named_by_the_user)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(host_freep) Host *host = NULL;
        char *message = NULL;

        root.release = "6.12.0-other";
        cr_assert_eq(scan_host(&root, 0, &host, &message), 0);
        cr_assert_str_eq(host->release, "6.12.0-other");
        cr_assert(warned_of(host, "lib/modules/6.12.0-other"));
}
