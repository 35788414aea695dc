/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The kernel command line, and how a host changes it for good. Pure. */

#include "host/host.h"

typedef enum KernelLineChange {
        KERNEL_LINE_ADD,
        KERNEL_LINE_REMOVE,
} KernelLineChange;

typedef struct KernelLineAdvice {
        const char *edit;    /* what is to be written where, or NULL: the command does it */
        const char *command; /* or NULL */
        bool kernel_install; /* kernel-install must make the entries of the boot menu anew */
} KernelLineAdvice;

/* True when `word` stands on the command line of the running kernel. */
bool kernel_line_has(const Host *host, const char *word);

/* How this host gets `word` on its command line, or off it. */
KernelLineAdvice kernel_line_advice(
        const Host *host, KernelLineChange change, const char *word, Arena *arena);
