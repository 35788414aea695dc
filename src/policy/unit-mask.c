/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/unit-mask.h"

#include <string.h>

#include "base/text.h"
#include "policy/kernel-line.h"

/* systemd-debug-generator(8), which takes a name without a suffix as that of a service; in each
 * stage it goes by its own word alone. */
const char *unit_mask_word(const Host *host, Stage stage)
{
        static const char *const words[][2] = {
                [STAGE_INITRD] = {"rd.systemd.mask=vfio-gpu.service", "rd.systemd.mask=vfio-gpu"},
                [STAGE_SYSTEM] = {"systemd.mask=vfio-gpu.service", "systemd.mask=vfio-gpu"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(words[stage]); i++)
                if (kernel_line_has(host, words[stage][i]))
                        return words[stage][i];
        return NULL;
}

const char *unit_mask_command(const Host *host)
{
        if (!host->masked)
                return NULL;
        return strncmp(host->masked, "/run/", 5) == 0 ? "systemctl unmask --runtime vfio-gpu"
                                                      : "systemctl unmask vfio-gpu";
}

const char *unit_mask_warning(const Host *host, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (Stage stage = STAGE_INITRD; stage <= STAGE_SYSTEM; stage++) {
                const char *word = unit_mask_word(host, stage);

                if (!word)
                        continue;
                text_separate(&text, "; ");
                text_add(&text,
                        "%s on the kernel command line keeps vfio-gpu.service from running "
                        "in the %s: take it off",
                        word, stage == STAGE_INITRD ? "initramfs" : "real root");
        }
        if (host->masked) {
                text_separate(&text, "; ");
                text_add(&text, "vfio-gpu.service is masked by %s, and does not run: `%s`",
                        host->masked, unit_mask_command(host));
        }
        return text_is_empty(&text) ? NULL : text.string;
}
