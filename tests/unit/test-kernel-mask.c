/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/kernel-mask.h"

#include <criterion/criterion.h>

#include "config/kernel-words.h"

Test(kernel_mask, keeps_what_is_needed_and_no_more)
{
        static const struct {
                const char *cmdline, *masked;
        } cases[] = {
                {"", ""},
                {" quiet  splash\n", " quiet  splash\n"},
                {"BOOT_IMAGE=/vmlinuz root=UUID=1234 ro", "BOOT_IMAGE=-- root=-- ro"},
                {"root=\"LABEL=my disk\" quiet", "root=-- quiet"},
                {"\"root=my disk\" quiet", "\"root=--\" quiet"},
                {"systemd.hostname=mine ip=10.0.0.2::10.0.0.1:::eth0:off iommu=pt",
                        "systemd.hostname=-- ip=-- iommu=pt"},
                {"systemd.set_credential=key:secret console=ttyS0,115200 x=",
                        "systemd.set_credential=-- console=ttyS0,115200 x=--"},
                {"vfio-pci.ids=10de:26b1 rd.driver.blacklist=nouveau \"rd.luks.key=/a b\"",
                        "vfio-pci.ids=10de:26b1 rd.driver.blacklist=nouveau \"rd.luks.key=/a b\""},
                {"modprobe.blacklist=nouveau efi=x", "modprobe.blacklist=nouveau efi=x"},
                {"systemd.mask=vfio-gpu.service rd.systemd.mask=vfio-gpu systemd.mask=mine.service",
                        "systemd.mask=vfio-gpu.service rd.systemd.mask=vfio-gpu systemd.mask=--"},
                {"quiet -- --token secret iommu=pt", "quiet --"},
                {"modprobe.other=1 xen=1 rd.lvm.lv=mine/root",
                        "modprobe.other=-- xen=-- rd.lvm.lv=--"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();

                cr_expect_str_eq(kernel_mask(cases[i].cmdline, arena), cases[i].masked);
        }
}

/* The words that the program goes by must say the same afterwards. */
Test(kernel_mask, words_of_the_program_stay)
{
        static const char cmdline[] =
                "root=a vfio-gpu=0 rd.vfio_gpu=no vfio_gpu.skip=a,b rd.luks=no luks.uuid=12 "
                "rd.luks.name=34=x luks.key=/k rd.luks.options=tpm2-device=auto console=ttyS0";
        _cleanup_(arena_freep) Arena *arena = arena_new();
        KernelWords words = {0};

        cr_assert(kernel_words_parse(kernel_mask(cmdline, arena), arena, &words) == 0);
        cr_expect(words.off && words.off_initrd && words.luks_off && words.luks_key &&
                  words.serial_console);
        cr_expect(words.n_skip == 2 && words.n_luks == 2);
}

Test(kernel_mask, files_that_hold_a_command_line)
{
        static const struct {
                const char *text, *masked;
        } cases[] = {
                {"", ""},
                {"# of grub\nGRUB_CMDLINE_LINUX=\"root=/dev/mine "
                 "vfio-pci.ids=10de:26b1,10de:1eb8\"\n"
                 "GRUB_TIMEOUT=5\n",
                        "# of grub\nGRUB_CMDLINE_LINUX=\"root=-- "
                        "vfio-pci.ids=10de:26b1,10de:1eb8\"\n"
                        "GRUB_TIMEOUT=--\n"},
                {"kargs = [\"root=UUID=1\", \"iommu=pt\"]", "kargs = [\"root=--\", \"iommu=pt\"]"},
                {"kernel_cmdline+=\" rd.driver.pre=vfio-pci ip=dhcp \"",
                        "kernel_cmdline+=\" rd.driver.pre=vfio-pci ip=-- \""},
                {"options root=/dev/mine ro\n", "options root=-- ro\n"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();

                cr_expect_str_eq(kernel_mask_file(cases[i].text, arena), cases[i].masked);
        }
}
