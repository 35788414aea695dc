/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A disk's passphrase that is asked for at boot, and cards that take away what it takes. Pure. */

#include "config/kernel-words.h"
#include "policy/claim.h"

/* Who asks, for a sentence: "/etc/crypttab (luks-root)"; NULL when nobody does. */
const char *passphrase_prompt(const KernelWords *words, const Host *host, Arena *arena);

/*
 * A sentence on each of what goes to virtual machines with the claims while `prompt` asks: the only
 * display, the only keyboard. NULL where the host keeps one, or never had one. A claim that falls
 * for nothing but a driver that was first counts as taken: after the reboot it will be.
 */
const char *passphrase_unseen(
        const char *prompt, const Host *host, const Claims *claims, Arena *arena);
const char *passphrase_untyped(
        const char *prompt, const Host *host, const Claims *claims, Arena *arena);
