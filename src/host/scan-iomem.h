/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which card holds the firmware's framebuffer: the only place that tells it of all classes is
 * /proc/iomem (the attribute boot_vga exists for class 0300 alone). */

#include "host/host.h"

/*
 * Sets `boot_framebuffer` of those of the `n` functions, sorted by address, in whose memory the
 * text of /proc/iomem shows a framebuffer of the firmware. Works on the nesting alone when the
 * addresses read as zeros, as they do without CAP_SYS_ADMIN.
 */
void iomem_mark_framebuffers(const char *text, Function *functions, size_t n);
