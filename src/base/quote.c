/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quote.h"

#include <stdio.h>
#include <string.h>

const char *quote_n(const char *text, size_t n, char buffer[static QUOTE_SIZE])
{
        const size_t room = QUOTE_SIZE - sizeof("\\xff...\"");
        size_t length = 0, i = 0;

        buffer[length++] = '"';
        for (; i < n && text[i] && length < room; i++) {
                if (text[i] >= ' ' && text[i] <= '~')
                        buffer[length++] = text[i];
                else
                        length += (size_t)snprintf(
                                buffer + length, sizeof("\\xff"), "\\x%02x", text[i] & 0xffu);
        }
        strcpy(buffer + length, i < n && text[i] ? "...\"" : "\"");
        return buffer;
}
