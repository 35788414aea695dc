/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/driver-name.h"

static char fold(char c)
{
        return c == '-' ? '_' : c;
}

bool driver_name_equal(const char *a, const char *b)
{
        for (; *a && fold(*a) == fold(*b); a++)
                b++;
        return !*a && !*b;
}
