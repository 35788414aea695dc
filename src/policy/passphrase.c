/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/passphrase.h"

#include <string.h>

#include "base/quote.h"

/* crypttab decides about the disks that it names, wherever else they are named. */
static bool is_in_crypttab(const Host *host, const char *uuid)
{
        for (size_t i = 0; i < host->n_disks; i++)
                if (strcasestr(host->disks[i].device, uuid))
                        return true;
        return false;
}

const char *passphrase_prompt(const KernelWords *words, const Host *host, Arena *arena)
{
        /* what is asked on a serial line is seen and typed there */
        if (words->luks_off || words->serial_console)
                return NULL;
        for (size_t i = 0; i < host->n_disks; i++)
                if (host->disks[i].asks)
                        return arena_printf(
                                arena, "/etc/crypttab (%s)", quote(host->disks[i].name));
        for (size_t i = 0; i < words->n_luks && !words->luks_key; i++)
                if (!is_in_crypttab(host, words->luks[i]))
                        return "the kernel command line (rd.luks)";
        return NULL;
}

static bool will_be_taken(const Claim *claim)
{
        for (int reason = 0; reason < _REASON_MAX; reason++)
                if (claim->findings[reason].cause && reason != REASON_DRIVER_BUSY)
                        return false;
        return !claim->skipped;
}

static const Claim *find_taker(const Claims *claims, const Function *f)
{
        for (size_t i = 0; i < claims->n_items; i++)
                if (will_be_taken(&claims->items[i]) && claim_holds(&claims->items[i], f))
                        return &claims->items[i];
        return NULL;
}

const char *passphrase_unseen(
        const char *prompt, const Host *host, const Claims *claims, Arena *arena)
{
        const Function *lost = NULL;
        const Claim *taker = NULL;

        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (!function_drives_monitor(f) || f->virtual_function)
                        continue;
                taker = find_taker(claims, f);
                if (!taker)
                        return NULL;
                lost = f;
        }
        if (!lost)
                return NULL;
        return arena_printf(arena,
                "%s asks for a passphrase at boot, and %s, the last display of this host, goes to "
                "a virtual machine (%s): the prompt will not be seen; unlock the disk by TPM, key "
                "file or network, or add a serial console (`console=ttyS0`)",
                prompt, PCI_ADDRESS(lost->address), taker->entry->name);
}

const char *passphrase_untyped(
        const char *prompt, const Host *host, const Claims *claims, Arena *arena)
{
        const Function *lost = NULL;
        const Claim *taker = NULL;

        for (size_t i = 0; i < host->n_keyboards; i++) {
                const Keyboard *keyboard = &host->keyboards[i];
                const Function *f = keyboard->on_pci ? host_find(host, keyboard->address) : NULL;

                taker = f ? find_taker(claims, f) : NULL;
                if (!taker)
                        return NULL;
                lost = f;
        }
        if (!lost)
                return NULL;
        return arena_printf(arena,
                "%s asks for a passphrase at boot, and the only keyboard hangs on %s, which goes "
                "to a virtual machine (%s): plug it in elsewhere, leave that function out with "
                "`functions`, or unlock the disk by TPM, key file or network",
                prompt, PCI_ADDRESS(lost->address), taker->entry->name);
}
