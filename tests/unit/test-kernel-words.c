/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "config/kernel-words.h"

Test(kernel_words, off)
{
        static const struct {
                const char *cmdline;
                bool off, off_initrd;
        } rows[] = {
                {"", false, false},
                {" \t\n", false, false},
                {"BOOT_IMAGE=/vmlinuz root=UUID=1-2 ro quiet\n", false, false},
                {"vfio_gpu=0", true, false},
                {"ro vfio_gpu=0 quiet\n", true, false},
                {"rd.vfio_gpu=0", false, true},
                {"rd.vfio_gpu=0 vfio_gpu=0", true, true},
                {"vfio_gpu=1", false, false},
                {"vfio_gpu=yes", false, false},
                {"vfio_gpu", false, false},
                {"vfio_gpu=", false, false},
                {"vfio_gpu=00", false, false},
                {"vfio_gpu=no", true, false},
                {"vfio_gpu=Off", true, false},
                {"vfio_gpu=false rd.vfio_gpu=n", true, true},
                {"vfio-gpu=0", true, false},
                {"rd.vfio-gpu=0", false, true},
                {"VFIO_GPU=0", false, false},
                {"xvfio_gpu=0", false, false},
                {"vfio_gpux=0", false, false},
                {"vfio_gp=0", false, false},
                {"rd_vfio_gpu=0", false, false},
                {"=0", false, false},
                {"vfio_gpu =0", false, false},
                /* the last one counts */
                {"vfio_gpu=0 vfio_gpu=1", false, false},
                {"vfio_gpu=1 vfio_gpu=0", true, false},
                {"rd.vfio_gpu=0 vfio_gpu=0 rd.vfio_gpu=1", true, false},
                /* quotes */
                {"vfio_gpu=\"0\"", true, false},
                {"\"vfio_gpu=0\"", true, false},
                {"\"vfio_gpu=0", true, false},
                {"vfio_gpu=\"0", true, false},
                {"vfio_gpu=\"", false, false},
                {"\"", false, false},
                {"\"\" vfio_gpu=0", true, false},
                {"dyndbg=\"file a +p; vfio_gpu=0\" x", false, false},
                {"\"x vfio_gpu=0 \"", false, false},
                {"a=\"b c\"vfio_gpu=0", false, false},
                {"a=\"b c\" vfio_gpu=0", true, false},
                {"a=\"never closed vfio_gpu=0", false, false},
                {"init=/bin/sh -- vfio_gpu=0", true, false},
        };
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                KernelWords words = {0};
                cr_assert_eq(kernel_words_parse(rows[i].cmdline, arena, &words), 0);
                cr_expect_eq(words.off, rows[i].off, "%s", rows[i].cmdline);
                cr_expect_eq(words.off_initrd, rows[i].off_initrd, "%s", rows[i].cmdline);
                cr_expect_eq(words.n_skip, 0, "%s", rows[i].cmdline);
        }
}

Test(kernel_words, skip)
{
        static const struct {
                const char *cmdline;
                const char *names[4];
        } rows[] = {
                {"vfio_gpu.skip", {0}},
                {"vfio_gpu.skip=", {0}},
                {"vfio_gpu.skip=,,", {0}},
                {"vfio_gpu.skip=a", {"a"}},
                {"vfio-gpu.skip=a-b", {"a-b"}},
                {"vfio_gpu.skip=a,b,c", {"a", "b", "c"}},
                {"vfio_gpu.skip=,a,,b,", {"a", "b"}},
                {"vfio_gpu.skip=a ro vfio_gpu.skip=b\n", {"a", "b"}},
                {"vfio_gpu.skip=\"a,b\"", {"a", "b"}},
                {"\"vfio_gpu.skip=a,b\"", {"a", "b"}},
                {"vfio_gpu.skip=a=b", {"a=b"}},
                {"vfio_gpu.skip=\"a b\"", {"a b"}},
                {"rd.vfio_gpu.skip=a", {0}},
        };
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                KernelWords words = {0};
                size_t n = 0;
                cr_assert_eq(kernel_words_parse(rows[i].cmdline, arena, &words), 0);
                for (; rows[i].names[n]; n++) {
                        cr_assert_lt(n, words.n_skip, "%s", rows[i].cmdline);
                        cr_expect_str_eq(words.skip[n], rows[i].names[n]);
                        cr_expect(kernel_words_skip(&words, rows[i].names[n]));
                }
                cr_expect_eq(words.n_skip, n, "%s", rows[i].cmdline);
                cr_expect_not(kernel_words_skip(&words, "other"));
                cr_expect_not(kernel_words_skip(&words, ""));
        }
}

Test(kernel_words, many_names)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        char cmdline[4096] = "vfio_gpu.skip=";
        KernelWords words = {0};

        for (int i = 0; i < 500; i++)
                sprintf(cmdline + strlen(cmdline), "n%d,", i);
        cr_assert_eq(kernel_words_parse(cmdline, arena, &words), 0);
        cr_assert_eq(words.n_skip, 500);
        cr_expect(kernel_words_skip(&words, "n0"));
        cr_expect(kernel_words_skip(&words, "n499"));
        cr_expect_not(kernel_words_skip(&words, "n500"));
}

Test(kernel_words, disks)
{
        static const struct {
                const char *cmdline;
                size_t n;
                const char *first;
                bool off, key;
        } rows[] = {
                {"quiet", 0, NULL, false, false},
                {"rd.luks.uuid=1234-ab", 1, "1234-ab", false, false},
                {"luks.uuid=luks-1234", 1, "1234", false, false},
                {"rd.luks.name=1234=root", 1, "1234", false, false},
                {"luks.name=1234=root rd.luks.uuid=5", 2, "1234", false, false},
                {"rd.luks.uuid=", 0, NULL, false, false},
                {"rd.luks.uuid", 0, NULL, false, false},
                {"rd.luks.uuid=1 rd.luks=0", 1, "1", true, false},
                {"rd.luks.uuid=1 luks=no", 1, "1", true, false},
                {"rd.luks=1 rd.luks.uuid=1", 1, "1", false, false},
                {"rd.luks.uuid=1 rd.luks.key=/key", 1, "1", false, true},
                {"luks.name=1=a luks.key=1=/key", 1, "1", false, true},
                {"rd.luks.uuid=1 rd.luks.options=discard,tpm2-device=auto", 1, "1", false, true},
                {"rd.luks.uuid=1 rd.luks.options=discard", 1, "1", false, false},
                {"rd_luks.uuid=1 rdluks.uuid=1", 0, NULL, false, false},
        };
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                KernelWords words = {0};

                cr_assert_eq(kernel_words_parse(rows[i].cmdline, arena, &words), 0);
                cr_assert_eq(words.n_luks, rows[i].n, "%s: %zu", rows[i].cmdline, words.n_luks);
                if (rows[i].first)
                        cr_expect_str_eq(words.luks[0], rows[i].first);
                cr_expect_eq(words.luks_off, rows[i].off, "%s", rows[i].cmdline);
                cr_expect_eq(words.luks_key, rows[i].key, "%s", rows[i].cmdline);
        }
}

/* The last one is /dev/console: what is asked, is asked there. */
Test(kernel_words, console)
{
        static const struct {
                const char *cmdline;
                bool serial;
        } rows[] = {
                {"quiet", false},
                {"console=tty0", false},
                {"console=tty", false},
                {"console=ttyS0,115200", true},
                {"console=ttyAMA0", true},
                {"console=hvc0", true},
                {"console=ttyS0 console=tty0", false},
                {"console=tty0 console=ttyS0", true},
                {"console", false},
        };
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                KernelWords words = {0};

                cr_assert_eq(kernel_words_parse(rows[i].cmdline, arena, &words), 0);
                cr_expect_eq(words.serial_console, rows[i].serial, "%s", rows[i].cmdline);
        }
}
