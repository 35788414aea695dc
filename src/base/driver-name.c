/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/driver-name.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. +"

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

bool driver_name_is_clean(const char *name)
{
        return *name && *name != '.' && !name[strspn(name, LETTERS)];
}
