/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/unit-mask.h"

#include <criterion/criterion.h>

Test(unit_mask, what_is_said)
{
        static const struct {
                const char *cmdline, *masked, *says;
        } trials[] = {
                {"quiet", NULL, "nothing"},
                {"systemd.mask=vfio-gpu-report.service systemd.mask=x", NULL, "nothing"},
                {"quiet", "/etc/x",
                        "vfio-gpu.service is masked by /etc/x, and does not run: `systemctl unmask "
                        "vfio-gpu`"},
                {"quiet", "/run/x",
                        "vfio-gpu.service is masked by /run/x, and does not run: `systemctl unmask "
                        "--runtime vfio-gpu`"},
                {"systemd.mask=vfio-gpu", NULL,
                        "systemd.mask=vfio-gpu on the kernel command line keeps vfio-gpu.service "
                        "from running in the real root: take it off"},
                {"rd.systemd.mask=vfio-gpu.service", "/etc/x",
                        "rd.systemd.mask=vfio-gpu.service on the kernel command line keeps "
                        "vfio-gpu.service from running in the initramfs: take it off; "
                        "vfio-gpu.service is masked by /etc/x, and does not run: `systemctl unmask "
                        "vfio-gpu`"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                const Host host = {.cmdline = trials[i].cmdline, .masked = trials[i].masked};
                const char *says = unit_mask_warning(&host, arena);

                cr_expect_str_eq(says ? says : "nothing", trials[i].says, "%s", trials[i].cmdline);
        }
}
