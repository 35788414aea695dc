/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-scan.h"

#include <sys/inotify.h>

static bool same_address(PciAddress a, const char *text)
{
        return strcmp(PCI_ADDRESS(a), text) == 0;
}

Test(scan, reads_a_card)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &audio);
        tree_add_function(tree, &gpu);

        _cleanup_(host_freep) Host *host = scan(tree, 0);
        const Function *f = host->functions;

        cr_assert_eq(host->n_functions, 2);
        cr_assert(same_address(f[0].address, "0000:01:00.0"), "sorted");
        cr_assert_eq(f[0].id.vendor, 0x10de);
        cr_assert_eq(f[0].id.device, 0x1eb8);
        cr_assert_eq(f[0].subsystem.vendor, 0x10de);
        cr_assert_eq(f[0].subsystem.device, 0x12a2);
        cr_assert_eq(f[0].class, 0x030000);
        cr_assert_eq(f[0].iommu_group, 13);
        cr_assert_null(f[0].binding.driver);
        cr_assert_null(f[0].binding.vfio_device);
        cr_assert_null(f[0].name, "not asked for");
        cr_assert_not(f[0].bridge);
        cr_assert_not(f[0].boot_vga);
        cr_assert_not(f[0].boot_framebuffer);
        cr_assert_not(f[0].virtual_function);
        cr_assert_str_eq(f[1].binding.driver, "snd_hda_intel");
        cr_assert_eq(f[1].subsystem.vendor, 0, "of display functions only");
}

Test(scan, reads_what_is_special)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        TreeFunction boot = gpu, pf = gpu, vf = gpu, ours = gpu, far = gpu, bare = gpu;

        boot.boot_vga = "1";
        tree_add_function(tree, &boot);
        pf.address = "0000:02:00.0";
        pf.numvfs = "4";
        tree_add_function(tree, &pf);
        vf.address = "0000:02:00.4";
        vf.physfn = "0000:02:00.0";
        tree_add_function(tree, &vf);
        ours.address = "0000:03:00.0";
        ours.driver = "vfio-pci";
        ours.vfio = "vfio7";
        tree_add_function(tree, &ours);
        far.address = "10000:e1:00.0";
        tree_add_function(tree, &far);
        bare.address = "0000:04:00.0";
        bare.iommu_group = 0;
        bare.boot_vga = NULL;
        tree_add_function(tree, &bare);

        _cleanup_(host_freep) Host *host = scan(tree, 0);
        const Function *f = host->functions;

        cr_assert_eq(host->n_functions, 6);
        cr_assert(f[0].boot_vga);
        cr_assert_eq(f[1].enabled_vfs, 4);
        cr_assert_not(f[1].virtual_function);
        cr_assert(f[2].virtual_function);
        cr_assert_str_eq(f[3].binding.driver, "vfio-pci");
        cr_assert_str_eq(f[3].binding.vfio_device, "vfio7");
        cr_assert_eq(f[4].iommu_group, -1);
        cr_assert_not(f[4].boot_vga);
        cr_assert_eq(f[5].address.domain, 0x10000);
        for (size_t i = 0; i < host->n_functions; i++)
                cr_assert_null(f[i].unreadable, "%zu", i);
}

Test(scan, reads_where_a_card_is_plugged)
{
        static const TreeFunction port = {
                .address = "0000:00:01.0",
                .vendor = 0x8086,
                .device = 0x460d,
                .class = 0x060400,
                .bridge = true,
        };
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(arena_freep) Arena *arena = arena_new();
        TreeFunction card = gpu;
        PciPath path = {0};

        card.parent = port.address;
        tree_add_function(tree, &port);
        tree_add_function(tree, &card);

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(host->n_functions, 2);
        cr_assert_not(host->functions[0].has_parent);
        cr_assert(host->functions[1].has_parent);
        cr_assert(same_address(host->functions[1].parent, "0000:00:01.0"));
        cr_assert(host_path(host, &host->functions[1], &path));
        cr_assert_str_eq(pci_path_format(&path, arena), "0000:00:01.0/00.0");
}

/* Behind Intel VMD a domain begins below a function of another; a copied tree may have no links. */
Test(scan, what_is_no_parent)
{
        static const struct {
                const char *target;
                bool parent;
        } links[] = {
                {"../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0", true},
                {"../../../devices/LNXSYSTM:00/pci0000:00/0000:00:01.0/0000:01:00.0", true},
                {"../../../devices/pci0000:00/0000:01:00.0", false},
                {"../../../devices/pci0000:00/0000:00:0e.0/pci10000:e0/0000:01:00.0", false},
                {"../../../devices/pci0000:00/0000:00:01.0/0000:01:00.1", false},
                {"../../../devices/pci0000:00/0000:00:01/0000:01:00.0", false},
                {"0000:01:00.0", false},
                {"/0000:01:00.0", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                tree_add_function(tree, &gpu);
                tree_link(tree, "sys/bus/pci/devices/0000:01:00.0", links[i].target);

                _cleanup_(host_freep) Host *host = scan(tree, 0);

                cr_assert_eq(host->functions[0].has_parent, links[i].parent, "%s", links[i].target);
        }

        _cleanup_(tree_freep) Tree *copied = tree_new();

        tree_add_directory(copied, "sys/bus/pci/devices/0000:01:00.0");
        tree_set(copied, "sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
        tree_set(copied, "sys/bus/pci/devices/0000:01:00.0/device", "0x1eb8\n");
        tree_set(copied, "sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n");

        _cleanup_(host_freep) Host *host = scan(copied, 0);

        cr_assert_str_eq(trouble_of(host, "0000:01:00.0"), "");
        cr_assert_not(host->functions[0].has_parent);
}

/* True when the scan of the card opens that attribute. */
static bool scan_opens(const char *attribute)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        TreeFunction pf = gpu;
        _cleanup_free_ char *name = NULL;
        char event[4096];

        pf.numvfs = "4";
        tree_add_function(tree, &pf);
        cr_assert(asprintf(&name, GPU "%s", attribute) > 0);

        _cleanup_free_ char *path = tree_path(tree, name);
        _cleanup_close_ int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

        cr_assert_geq(fd, 0);
        cr_assert_geq(inotify_add_watch(fd, path, IN_OPEN), 0, "%s", path);

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(host->functions[0].enabled_vfs, 4);
        return read(fd, event, sizeof(event)) > 0;
}

/* The kernel takes the device's lock to show it, which a driver that hangs never lets go. */
Test(scan, counts_virtual_functions_without_the_attribute)
{
        cr_assert(scan_opens("vendor"), "otherwise this proves nothing");
        cr_assert_not(scan_opens("sriov_numvfs"));
}

Test(scan, counts_virtual_functions_by_their_links)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        TreeFunction pf = gpu;

        pf.numvfs = "12";
        tree_add_function(tree, &pf);
        tree_set(tree, GPU "sriov_numvfs", "garbage");

        _cleanup_(host_freep) Host *twelve = scan(tree, 0);

        cr_assert_eq(twelve->functions[0].enabled_vfs, 12);
        cr_assert_str_eq(trouble_of(twelve, "0000:01:00.0"), "");
        for (int i = 0; i < 12; i++) {
                char name[64];

                snprintf(name, sizeof(name), GPU "virtfn%d", i);
                tree_remove(tree, name);
        }

        _cleanup_(host_freep) Host *none = scan(tree, 0);

        cr_assert_eq(none->functions[0].enabled_vfs, 0);
}

Test(scan, knows_bridges)
{
        static const struct {
                unsigned class;
                bool header, bridge;
        } cases[] = {
                {0x060400, true, true},
                {0x060400, false, true}, /* by class alone */
                {0x060700, false, true},
                {0x060900, false, true},
                {0x060000, false, false},
                {0x060100, false, false},
                {0x088000, true, true}, /* by header alone */
                {0x030000, false, false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                tree_add_function(tree, &(TreeFunction){.address = "0000:00:01.0",
                                                .vendor = 0x8086,
                                                .class = cases[i].class,
                                                .bridge = cases[i].header});

                _cleanup_(host_freep) Host *host = scan(tree, 0);

                cr_assert_eq(host->functions[0].bridge, cases[i].bridge, "%zu", i);
        }
}

Test(scan, a_garbled_device_is_left_out_and_the_rest_goes_on)
{
        static const struct {
                const char *attribute;
                const char *text; /* NULL: removed */
                const char *trouble;
        } cases[] = {
                {"vendor", NULL, "vendor: No such file or directory"},
                {"vendor", "garbage", "vendor is garbled: \"garbage\""},
                {"vendor", "", "vendor is garbled: \"\""},
                {"vendor", "0x10de0\n", "vendor is garbled: \"0x10de0\""},
                {"vendor", "10de\n", "vendor is garbled: \"10de\""},
                {"vendor", "-1\n", "vendor is garbled: \"-1\""},
                {"device", NULL, "device: No such file or directory"},
                {"device", "0x\n", "device is garbled: \"0x\""},
                {"class", NULL, "class: No such file or directory"},
                {"class", "0x0300\n", "class is garbled: \"0x0300\""},
                {"subsystem_vendor", "0x10dg\n", "subsystem_vendor is garbled: \"0x10dg\""},
                {"subsystem_device", "x", "subsystem_device is garbled: \"x\""},
                {"boot_vga", "yes\n", "boot_vga is garbled: \"yes\""},
                {"vendor", "\x1b[2J\n", "vendor is garbled: \"\\x1b[2J\""},
                {"class", "a\nb\xff\n", "class is garbled: \"a\\x0ab\\xff\""},
                {"sriov_numvfs", "-2\n", ""},
                {"subsystem_vendor", NULL, ""},
                {"subsystem_device", NULL, ""},
                {"boot_vga", NULL, ""},
                {"modalias", NULL, ""},
                {"modalias", "pci:v[", ""},
                {"config", NULL, ""},
                {"irq", NULL, ""},
                {"resource", NULL, ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_free_ char *path = NULL;

                tree_add_function(tree, &gpu);
                tree_add_function(tree, &audio);
                cr_assert(asprintf(&path, GPU "%s", cases[i].attribute) > 0);
                if (cases[i].text)
                        tree_set(tree, path, cases[i].text);
                else
                        tree_remove(tree, path);

                _cleanup_(host_freep) Host *host = scan(tree, 0);

                cr_assert_str_eq(trouble_of(host, "0000:01:00.0"), cases[i].trouble);
                cr_assert_eq(warned_of(host, "0000:01:00.0"), *cases[i].trouble != '\0', "%s",
                        cases[i].attribute);
                cr_assert_str_eq(trouble_of(host, "0000:01:00.1"), "");
                cr_assert_eq(host->functions[0].iommu_group, 13, "known all the same");
        }
}

Test(scan, what_is_no_attribute)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        char large[2048];

        memset(large, '0', sizeof(large));
        tree_add_function(tree, &gpu);
        tree_add_function(tree, &audio);
        tree_remove(tree, GPU "vendor");
        tree_add_directory(tree, GPU "vendor");
        tree_set_bytes(tree, DEVICES "0000:01:00.1/vendor", large, sizeof(large));

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_str_eq(trouble_of(host, "0000:01:00.0"), "vendor: Is a directory");
        cr_assert_str_eq(trouble_of(host, "0000:01:00.1"), "vendor: File too large");
}

Test(scan, odd_links)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &gpu);
        tree_add_function(tree, &audio);
        tree_link(tree, GPU "driver", "../../../bus/pci/drivers/gone");
        tree_link(tree, GPU "iommu_group", "../../../kernel/iommu_groups/many");
        tree_link(tree, DEVICES "0000:01:00.1/iommu_group", "../../../kernel/iommu_groups/9999");

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_str_eq(host->functions[0].binding.driver, "gone", "dangling, and still said");
        cr_assert_eq(host->functions[0].iommu_group, -1);
        cr_assert_str_eq(trouble_of(host, "0000:01:00.0"), "iommu_group is garbled: \"many\"");
        cr_assert_eq(host->functions[1].iommu_group, 9999);
}

/* A tree of another machine may hold anything. */
Test(scan, odd_names_of_drivers)
{
        static const struct {
                const char *driver, *trouble;
        } cases[] = {
                {"vfio-pci", ""},
                {"Sound_2.0 x+y", ""},
                {"a\x1b[2J", "driver is garbled: \"a\\x1b[2J\""},
                {"a\nb", "driver is garbled: \"a\\x0ab\""},
                {"\xc3\xa4", "driver is garbled: \"\\xc3\\xa4\""},
                {"a:b", "driver is garbled: \"a:b\""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                TreeFunction f = gpu;

                f.driver = cases[i].driver;
                tree_add_function(tree, &f);
                tree_add_function(tree, &audio);

                _cleanup_(host_freep) Host *host = scan(tree, 0);

                cr_expect_str_eq(trouble_of(host, "0000:01:00.0"), cases[i].trouble);
                cr_expect_eq(warned_of(host, "0000:01:00.0"), *cases[i].trouble != 0);
                cr_expect_str_eq(trouble_of(host, "0000:01:00.1"), "");
        }
}

Test(scan, a_device_that_vanished)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &gpu);
        tree_add_function(tree, &audio);
        tree_remove(tree, DEVICES "0000:01:00.0");

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(host->n_functions, 2);
        cr_assert_str_eq(trouble_of(host, "0000:01:00.0"),
                "its directory in sysfs: No such file or directory");
        cr_assert(warned_of(host, "0000:01:00.0 is left out"));
        cr_assert_eq(host->functions[0].iommu_group, -1);
        cr_assert_str_eq(trouble_of(host, "0000:01:00.1"), "");
}

Test(scan, no_device_of_this_machine_is_read_through_a_link)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(tree_freep) Tree *outside = tree_new();
        _cleanup_free_ char *device = tree_path(outside, GPU);

        tree_add_function(outside, &gpu);
        tree_link(tree, "sys/bus/pci/devices/0000:01:00.0", device);

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_str_eq(trouble_of(host, "0000:01:00.0"),
                "its directory in sysfs: No such file or directory");
}

static void assert_scan_fails(Tree *tree, int error, const char *words)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_free_ char *message = NULL;
        Host *host = NULL;

        cr_assert_eq(scan_host(&root, 0, &host, &message), error);
        cr_assert_null(host);
        cr_assert(strstr(message, words), "%s", message);
        cr_assert(strstr(message, tree->path), "%s", message);
}

Test(scan, libpci_gives_up_and_the_process_lives)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &gpu);
        tree_add_directory(tree, "sys/bus/pci/devices/nonsense");
        assert_scan_fails(tree, -EIO, "Couldn't parse entry name nonsense");
        tree_remove(tree, "sys/bus/pci/devices/nonsense");

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(host->n_functions, 1, "and can be called again");
}

Test(scan, a_machine_without_pci)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_remove(tree, "sys/bus/pci/devices");
        assert_scan_fails(tree, -EIO, "Cannot open");
        tree_remove(tree, "sys/bus/pci");
        assert_scan_fails(tree, -ENOENT, "sys/bus/pci");
}

Test(scan, a_machine_without_devices)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(host_freep) Host *host = scan(tree, SCAN_NAMES);

        cr_assert_eq(host->n_functions, 0);
}

Test(scan, addresses_that_no_device_has)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &gpu);
        tree_add_directory(tree, "sys/bus/pci/devices/0000:01:00.9");
        tree_add_directory(tree, "sys/bus/pci/devices/0000:01:3f.0");

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(host->n_functions, 1);
        cr_assert(warned_of(host, "0000:01:00.9"));
        cr_assert(warned_of(host, "0000:01:3f.0"));
}

/* amdgpu takes an Instinct too, which is no GPU of ours: who needs a driver must be known. */
Test(scan, modules_of_accelerators)
{
        static const TreeFunction accelerator = {.address = "0000:05:00.0",
                .vendor = 0x1002,
                .device = 0x74a1,
                .class = 0x120000,
                .iommu_group = 5};
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &accelerator);
        tree_add_module(tree, "amdgpu", "pci:v00001002d*sv*sd*bc12sc00i*");
        tree_depmod(tree, "");

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(host->functions[0].n_modules, 1);
        cr_expect_str_eq(host->functions[0].modules[0], "amdgpu");
        cr_expect_not(function_is_gpu(&host->functions[0]));
}

Test(scan, modules_and_names_of_display_functions)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &gpu);
        tree_add_function(tree, &audio);
        tree_add_module(tree, "nouveau", "pci:v000010DEd*sv*sd*bc03sc*i*");
        tree_add_module(tree, "nova-core", "pci:v000010DEd*sv*sd*bc03sc00i*");
        tree_add_module(tree, "anything", "pci:v*");
        tree_depmod(tree, "");

        _cleanup_(host_freep) Host *host = scan(tree, SCAN_NAMES);
        const Function *f = host->functions;

        cr_assert_eq(f[0].n_modules, 3);
        cr_assert_str_eq(f[0].modules[0], "anything");
        cr_assert_str_eq(f[0].modules[1], "nouveau");
        cr_assert_str_eq(f[0].modules[2], "nova_core");
        cr_assert_eq(f[1].n_modules, 0, "of display functions only");
        cr_assert_null(f[1].name);
        if (access("/usr/share/misc/pci.ids", R_OK) == 0)
                cr_assert_str_eq(f[0].name, "TU104GL [Tesla T4]");
}

Test(scan, binding_read_anew)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const PciAddress address = {0, 1, 0, 0};
        Binding binding = {0};

        cr_assert_eq(scan_binding(&root, address, arena, &binding), -ENOENT);
        tree_add_function(tree, &gpu);
        cr_assert_eq(scan_binding(&root, address, arena, &binding), 0);
        cr_assert_null(binding.driver);
        tree_link(tree, GPU "driver", "../../../bus/pci/drivers/vfio-pci");
        cr_assert_eq(scan_binding(&root, address, arena, &binding), 0);
        cr_assert_str_eq(binding.driver, "vfio-pci");
        cr_assert_null(binding.vfio_device, "bound, but VFIO does not have it (yet)");
        tree_add_directory(tree, GPU "vfio-dev/vfio0");
        cr_assert_eq(scan_binding(&root, address, arena, &binding), 0);
        cr_assert_str_eq(binding.vfio_device, "vfio0");
}
