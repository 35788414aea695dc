/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/scene.h"

#define HOST "0000:00:02.0 8086:4680 030000 group=90 boot_vga=1\n"
#define CARD(bus, group)                                                                           \
        "0000:" bus ":00.0 10de:26b1 030000 group=" group " modules=nouveau,nvidiafb\n"            \
        "0000:" bus ":00.1 10de:22ba 040300 group=" group "\n"
#define SXM(bus, group)    "0000:" bus ":00.0 10de:2330 030200 group=" group "\n"
#define SWITCH(bus, group) "0000:" bus ":00.0 10de:22a3 068000 group=" group "\n"

const SceneSample scene_samples[] = {
        {"one card", HOST CARD("01", "1"), "{ address = '01:00.0'; id = '10de:26b1'; }"},
        {"one of two twins", HOST CARD("01", "1") CARD("02", "2"), "{ address = '02:00'; }"},
        {"all of a model", HOST CARD("01", "1") CARD("02", "2"),
                "{ id = '10de:26b1'; count = 'all'; }"},
        {"one card of three is busy",
                HOST CARD("01", "1") "0000:02:00.0 10de:26b1 030000 group=2 driver=nouveau\n" CARD(
                        "03", "3"),
                "{ id = '10de:26b1'; count = 'all'; }"},
        {"audio and USB have drivers",
                HOST "0000:03:00.0 1002:744c 030000 group=3 modules=amdgpu\n"
                     "0000:03:00.1 1002:ab30 040300 group=3 driver=snd_hda_intel\n"
                     "0000:03:00.2 1002:7446 0c0330 group=3 driver=xhci_hcd\n"
                     "0000:03:00.3 1002:7444 0c8000 group=3\n",
                "{ vendor = 'amd'; }"},
        {"two cards in one group", HOST CARD("01", "1") CARD("02", "1"),
                "{ address = '01:00'; }, { address = '02:00'; }"},
        {"eight modules and their switches",
                SXM("0a", "1") SXM("1a", "2") SXM("2a", "3") SXM("3a", "4") SXM("4a", "5") SXM("5a",
                        "6") SXM("6a", "7") SXM("7a", "8") SWITCH("b0", "20") SWITCH("b1", "21"),
                "{ name = 'pool'; id = '10de:2330'; count = 8; }"},
        {"half of it is ready",
                HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=vfio-pci vfio=vfio0\n"
                     "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n"
                     "vfio present\nbackend present\n",
                "{ address = '01:00'; }"},
        {"all of it is ready",
                HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=vfio-pci vfio=vfio0\n"
                     "0000:01:00.1 10de:22ba 040300 group=1 driver=vfio-pci vfio=vfio1\n"
                     "vfio present\nbackend present\n",
                "{ address = '01:00'; }"},
        {"variants, by name and by themselves",
                HOST "0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci,y_vfio_pci\n"
                     "0000:01:00.1 10de:22ba 040300 group=1\n"
                     "0000:02:00.0 10de:2342 030200 group=2 variants=x_vfio_pci,y_vfio_pci\n"
                     "0000:03:00.0 10de:2342 030200 group=3 variants=x_vfio_pci,y_vfio_pci\n",
                "{ address = '01:00'; }, { address = '02:00'; driver = 'y-vfio-pci'; }, "
                "{ address = '03:00'; driver = 'vfio-pci'; }"},
        {"a variant that is loaded has its card",
                HOST "0000:01:00.0 10de:2342 030200 group=1 driver=x_vfio_pci vfio=vfio0 "
                     "variants=x_vfio_pci:present\n"
                     "0000:01:00.1 10de:22ba 040300 group=1\n",
                "{ address = '01:00'; }"},
        {"taken by force",
                HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau modules=nouveau\n"
                     "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n",
                "{ address = '01:00'; force_unbind = true; }"},
        {"members and settings",
                HOST "0000:01:00.0 10de:26b1 030000 group=1 reset_method=flr,bus d3cold=1\n"
                     "0000:01:00.1 10de:22ba 040300 group=1 d3cold=0\n"
                     "0000:03:00.0 8086:293e 040300 group=1 driver=snd_hda_intel d3cold=1\n",
                "{ address = '01:00'; reset_method = ['bus']; d3cold = false; "
                "allow_group_members = ['03:00.0']; }"},
        {"the firmware's framebuffer in what is no VGA controller",
                HOST "0000:01:00.0 10de:26b1 038000 group=1 framebuffer\n"
                     "framebuffer efi-framebuffer.0 efi-framebuffer\n",
                "{ address = '01:00'; allow_boot_display = true; }"},
        {"and in one",
                HOST "0000:01:00.0 10de:26b1 030000 group=1 framebuffer\n"
                     "framebuffer efi-framebuffer.0 efi-framebuffer\n",
                "{ address = '01:00'; allow_boot_display = true; }"},
        {"linked and not registered",
                HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=vfio-pci\nvfio present\n",
                "{ address = '01:00'; }"},
        {"refused, absent, good", HOST CARD("01", "1") "0000:02:00.0 10de:26b2 030000\n",
                "{ address = '02:00'; }, { id = '1234:5678'; optional = true; }, { address = "
                "'01:00'; }"},
        {"everything refused", "0000:01:00.0 10de:26b1 030000 group=1 boot_vga=1\n",
                "{ address = '01:00'; }"},
        {"two entries for one card", HOST CARD("01", "1"),
                "{ address = '01:00'; }, { id = '10de:26b1'; }"},
        {"nothing listed", HOST CARD("01", "1"), ""},
        {"nothing there", "", "{ vendor = 'nvidia'; count = 'all'; optional = true; }"},
};
const size_t scene_n_samples = ARRAY_SIZE(scene_samples);
