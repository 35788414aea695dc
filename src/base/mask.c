/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/mask.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

/* A longer run of digits and what stands between them is no identifier. */
#define RUN_MAX 64

static size_t run_length(const char *text, char separator)
{
        size_t n = 0;

        while (isxdigit((unsigned char)text[n]) || (text[n] == separator && n > 0))
                n++;
        while (n > 0 && text[n - 1] == separator)
                n--;
        return n;
}

/* `x` stands for a digit. */
static bool has_form(const char *text, size_t n, const char *form)
{
        size_t i = 0;

        for (; i < n && form[i]; i++)
                if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
                        return false;
        return i == n && !form[i];
}

/* Sixteen digits with dashes anywhere, as a config may have them. */
static bool is_serial(const char *text, size_t n)
{
        size_t digits = 0;

        for (size_t i = 0; i < n; i++)
                digits += text[i] != '-';
        return digits == 16;
}

static bool is_identifier(const char *text, size_t n)
{
        static const char *const forms[] = {
                "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "xx:xx:xx:xx:xx:xx", "xx-xx-xx-xx-xx-xx",
                "xx-xx-xx-xx-xx-xx-xx", /* BOOTIF=, with the type before it */
        };

        for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
                if (has_form(text, n, forms[i]))
                        return true;
        return is_serial(text, n);
}

/* How long the identifier at the beginning of `text` is; 0: there is none. */
static size_t identifier_length(const char *text)
{
        static const char separators[] = {'-', ':'};

        for (size_t i = 0; i < sizeof(separators); i++) {
                size_t n = run_length(text, separators[i]);

                if (n <= RUN_MAX && is_identifier(text, n))
                        return n;
        }
        return 0;
}

/* The digits alone, in `digits`: of the same identifier, however it is written. */
static void normalize(const char *text, size_t n, char digits[static RUN_MAX + 1])
{
        for (size_t i = 0; i < n; i++)
                if (isxdigit((unsigned char)text[i]))
                        *digits++ = (char)tolower((unsigned char)text[i]);
        *digits = '\0';
}

/* Counts from 1. */
static size_t number_of(Mask *mask, const char *text, size_t n)
{
        char digits[RUN_MAX + 1];
        const char *seen = NULL, **item = NULL;

        normalize(text, n, digits);
        for (size_t i = 0; i < mask->n_seen; i++)
                if (strcmp(mask->seen[i], digits) == 0)
                        return i + 1;
        seen = arena_strdup(mask->arena, digits);
        item = seen ? arena_push(mask->arena, &mask->seen, &mask->n_seen) : NULL;
        if (!item)
                return 0;
        *item = seen;
        return mask->n_seen;
}

/* The decimal digits of the number from the end, zeros before. */
static void add_masked(Text *out, Mask *mask, const char *text, size_t n)
{
        size_t number = number_of(mask, text, n);
        char masked[RUN_MAX + 1];

        memcpy(masked, text, n);
        masked[n] = '\0';
        for (size_t i = n; i-- > 0;)
                if (isxdigit((unsigned char)masked[i])) {
                        masked[i] = (char)('0' + number % 10);
                        number /= 10;
                }
        text_add(out, "%s", masked);
}

/* How much of `text` is a word after which the name of a disk follows. */
static size_t leading_word(const char *text)
{
        static const char *const words[] = {
                "by-id/", "by-label/", "by-partlabel/", "PARTLABEL=", "LABEL="};

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strncmp(text, words[i], strlen(words[i])) == 0)
                        return strlen(words[i]);
        return 0;
}

static size_t name_length(const char *text)
{
        return strcspn(text, " \t\n\",;'");
}

/* Writes down what is to be told in place of what stands at `at`; returns how much that is. */
static size_t replace(Text *out, Mask *mask, const char *at)
{
        size_t word = leading_word(at);

        if (word > 0) {
                text_add(out, "%.*s--", (int)word, at);
                return word + name_length(at + word);
        }

        size_t n = identifier_length(at);

        add_masked(out, mask, at, n);
        return n;
}

/* Digits in the middle of others begin nothing. */
static size_t skip(const char *at)
{
        size_t n = strspn(at, "0123456789abcdefABCDEF");

        return n > 0 ? n : 1;
}

const char *mask_identifiers(Mask *mask, const char *text)
{
        Text out = TEXT_IN(mask->arena);
        const char *from = text;

        for (const char *at = text; *at;) {
                if (leading_word(at) == 0 && identifier_length(at) == 0) {
                        at += skip(at);
                        continue;
                }
                text_add(&out, "%.*s", (int)(at - from), from);
                from = at += replace(&out, mask, at);
        }
        text_add(&out, "%s", from);
        return arena_failed(mask->arena) ? NULL : out.string;
}
