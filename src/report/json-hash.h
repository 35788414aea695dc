/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Has json-c hash keys without a random number, in all that this process does from here on; before
 * anything else is asked of it. It gets one from arc4random(3) (json-c 0.17 and newer), which waits
 * until the kernel has some: in an early boot, where the processor makes none, a second or more in
 * which udev is not started. What it protects from is keys that somebody has chosen, and these are
 * our own, but for those of a machine that was captured, of which not more than a file of 1 MiB is
 * read.
 */
void json_hash_plain(void);
