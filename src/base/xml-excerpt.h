/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a domain of libvirt says of host devices, and nothing else of it: passwords stand there,
 * too. */

#include "base/arena.h"

/* Returns a domain with the name and the <hostdev> elements of the one in `text`, in `arena`; ""
 * for what is none. NULL when memory is out. */
const char *xml_excerpt(const char *text, Arena *arena);
