/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Names of modules and drivers, which the kernel and its users spell either way. */

#include <stdbool.h>

/* True when the names differ at most in `-` for `_`: the module vfio_pci is the driver vfio-pci. */
bool driver_name_equal(const char *a, const char *b);

/* True when `name` is made of the letters that such names have, and can be a part of a path;
 * another's tree may hold anything, an escape sequence for the terminal, say. */
bool driver_name_is_clean(const char *name);
