/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/framebuffer.h"

#include <string.h>

#define SIMPLE "simple-framebuffer."

/*
 * A driver that lets go gives back what it has reserved: efifb, vesafb and their successors. The
 * device "simple-framebuffer" has a reservation of its own, and keeps it for as long as it exists
 * (drivers/firmware/sysfb_simplefb.c); only the kernel can end that.
 */
static bool gives_back(const Framebuffer *framebuffer)
{
        return framebuffer->driver && strncmp(framebuffer->device, SIMPLE, strlen(SIMPLE)) != 0;
}

static bool kernel_frees(const Function *f)
{
        return function_class(f) == PCI_CLASS_VGA;
}

bool framebuffer_step(const Host *host, const Claim *claim, size_t i, Step *ret)
{
        const Function *f = claim->functions[i];
        bool ready = claim_binding_is_ready(&f->binding, claim->drivers[i]);

        if (!f->boot_framebuffer || ready || kernel_frees(f) || !claim->entry->allow_boot_display ||
                !gives_back(&host->framebuffer))
                return false;
        *ret = (Step){.type = STEP_FREE,
                .address = f->address,
                .target = host->framebuffer.driver,
                .text = host->framebuffer.device};
        return true;
}

const char *framebuffer_left(
        const Host *host, const Claim *claim, size_t i, bool expected, Arena *arena)
{
        const Function *f = claim->functions[i];
        const char *device = host->framebuffer.device;
        bool ready = claim_binding_is_ready(&f->binding, claim->drivers[i]);
        Step step = {0};

        if (!f->boot_framebuffer)
                return NULL;
        if (expected && !ready && (kernel_frees(f) || framebuffer_step(host, claim, i, &step)))
                return NULL;
        return arena_printf(arena,
                "the firmware's framebuffer%s%s%s lies in the memory of %s, which no virtual "
                "machine can map then: boot with `initcall_blacklist=sysfb_init`",
                device ? " (" : "", device ? device : "", device ? ")" : "",
                PCI_ADDRESS(f->address));
}
