/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The edge: where a failure becomes a line for people, once. */

#include "config/config.h"

/* "vfio-gpu: ..." on stderr, with the priority of an error where that is the journal. */
void say_error(const char *format, ...) _printf_(1, 2);

/* The same for what --verbose wants to know. */
void say_detail(const char *format, ...) _printf_(1, 2);

/* Each mistake of a config: "vfio-gpu: /etc/vfio-gpu.conf:3: address: found ..."; as a journal
 * record of its own where stderr is the journal. */
void say_problems(const char *path, const ConfigProblems *problems);
