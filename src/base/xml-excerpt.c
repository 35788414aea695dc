/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/xml-excerpt.h"

#include <string.h>

#include "base/text.h"

static const char *without_comments(const char *text, Arena *arena)
{
        Text out = TEXT_IN(arena);

        for (const char *comment; (comment = strstr(text, "<!--"));) {
                const char *end = strstr(comment, "-->");

                text_add(&out, "%.*s", (int)(comment - text), text);
                text = end ? end + 3 : comment + strlen(comment);
        }
        text_add(&out, "%s", text);
        return out.string;
}

/* Where an element of that name begins, and how long it is; NULL: there is none. */
static const char *find_element(const char *text, const char *name, size_t *ret_size)
{
        char open[32], close[32];

        snprintf(open, sizeof(open), "<%s", name);
        snprintf(close, sizeof(close), "</%s>", name);
        for (; (text = strstr(text, open)); text++) {
                const char *end = strchr(text, '>');

                if (!end || !strchr(" \t\r\n/>", text[strlen(open)]))
                        continue;
                if (end[-1] != '/') {
                        end = strstr(text, close);
                        end = end ? end + strlen(close) - 1 : NULL;
                }
                if (!end)
                        return NULL;
                *ret_size = (size_t)(end - text) + 1;
                return text;
        }
        return NULL;
}

const char *xml_excerpt(const char *text, Arena *arena)
{
        Text out = TEXT_IN(arena);
        size_t size = 0;

        text = without_comments(text, arena);

        const char *domain = find_element(text, "domain", &size);
        const char *name = domain ? find_element(domain, "name", &size) : NULL;

        if (domain) {
                text_add(&out, "<domain>\n");
                if (name)
                        text_add(&out, "  %.*s\n", (int)size, name);
                text_add(&out, "  <devices>\n");
                for (const char *at = domain; (at = find_element(at, "hostdev", &size)); at += size)
                        text_add(&out, "    %.*s\n", (int)size, at);
                text_add(&out, "  </devices>\n</domain>\n");
        }
        return arena_failed(arena) ? NULL : out.string;
}
