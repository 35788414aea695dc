/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/config-text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/quote.h"
#include "config/config-problems.h"

#define BOM "\xef\xbb\xbf"

typedef struct Bracket {
        char sign;
        unsigned line;
        unsigned n_settings;
} Bracket;

/* Follows libconfig's lexical grammar (lib/scanner.l) through the text. */
typedef struct Scanner {
        char *at;
        unsigned line;
        char *previous;                       /* the token before `at` */
        Bracket open[CONFIG_NESTING_MAX + 1]; /* [0] is the file itself */
        size_t depth;
        ConfigProblems *problems;
} Scanner;

/* The length of the UTF-8 sequence at `s`, or 0 when it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
        size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

        if (s[0] > 0xf4 || n > left)
                return 0;
        for (size_t i = 1; i < n; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
                return 0;
        if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
                return 0;
        return n;
}

static bool is_control(char c)
{
        return (unsigned char)c < ' ' ? !memchr("\t\n\f\r", c, 4) : c == 0x7f;
}

/* Overwrites all bytes that are no text; reports the first of a kind: a binary file has thousands.
 */
static void check_bytes(char *text, size_t size, ConfigProblems *problems)
{
        bool utf8 = true, control = false;
        unsigned line = 1;

        for (size_t i = 0, n = 1; i < size; i += n) {
                n = utf8_length((unsigned char *)text + i, size - i);
                if (!n) {
                        if (utf8)
                                config_problem_add(problems, line, NULL,
                                        "found the byte 0x%02x, which is not UTF-8; expected text"
                                        " in UTF-8",
                                        text[i] & 0xffu);
                        utf8 = false;
                        text[i] = '?';
                        n = 1;
                } else if (is_control(text[i])) {
                        if (!control)
                                config_problem_add(problems, line, NULL,
                                        "found the control character 0x%02x, expected text",
                                        (unsigned)text[i]);
                        control = true;
                        text[i] = ' ';
                }
                line += text[i] == '\n';
        }
}

/* libconfig's own message for this is "syntax error", about a line that looks right. */
static void check_bom(char *text, size_t size, ConfigProblems *problems)
{
        if (size < strlen(BOM) || memcmp(text, BOM, strlen(BOM)) != 0)
                return;
        config_problem_add(problems, 1, NULL,
                "found a byte order mark before the first word, expected none: save the file as"
                " UTF-8 without it");
        memset(text, ' ', strlen(BOM));
}

/* Moves on by one character of text. */
static void step(Scanner *s)
{
        s->line += *s->at++ == '\n';
}

static void skip_line(Scanner *s)
{
        s->at += strcspn(s->at, "\n");
}

static bool skip_comment(Scanner *s)
{
        unsigned line = s->line;

        for (s->at += 2; *s->at; step(s))
                if (s->at[0] == '*' && s->at[1] == '/') {
                        s->at += 2;
                        return true;
                }
        config_problem_add(s->problems, line, NULL,
                "found \"/*\", a comment that never ends; expected \"*/\"");
        return false;
}

/* To libconfig, a string with an escaped NUL in it would end there. */
static void check_escape(Scanner *s)
{
        if (strncasecmp(s->at, "\\x00", 4) != 0)
                return;
        config_problem_add(s->problems, s->line, NULL,
                "found \"\\x00\" in a string, expected characters of text");
        memcpy(s->at + 2, "61", 2);
}

static bool skip_string(Scanner *s)
{
        unsigned line = s->line;

        for (s->at++; *s->at; step(s)) {
                if (*s->at == '"') {
                        s->at++;
                        return true;
                }
                if (*s->at == '\\')
                        check_escape(s);
                if (*s->at == '\\' && (s->at[1] == '\\' || s->at[1] == '"'))
                        s->at++;
        }
        config_problem_add(s->problems, line, NULL,
                "found a string that never ends, expected a second \" to close it");
        return false;
}

/* What follows is a comment from now on. */
static void refuse_include(Scanner *s)
{
        config_problem_add(s->problems, s->line, NULL,
                "found @include, expected the whole config in one file");
        *s->at = '#';
}

static char *number_end(char *start, bool hex)
{
        char *end = start + 1;

        while (isalnum((unsigned char)*end) || *end == '.' || *end == '_' ||
                (!hex && (*end == '+' || *end == '-') && (end[-1] | 0x20) == 'e'))
                end++;
        return end;
}

/*
 * libconfig 1.5 cuts integers to 32 bits, 1.8 widens some and refuses others; 1.7 alone reads 010
 * as eight, 1.8.2 alone knows 0b and 0o. What is left here is read alike by all.
 */
static bool check_number(Scanner *s)
{
        char *start = s->at, *digits = start + (*start == '+' || *start == '-'), *rest = digits;
        bool hex = digits == start && digits[0] == '0' && (digits[1] | 0x20) == 'x';
        char *end = s->at = number_end(digits, hex);
        long long value = strtoll(digits, &rest, hex ? 16 : 10);
        bool floating = !hex && rest < end && strchr(".eE", *rest);
        bool octal = !hex && !floating && digits[0] == '0' && rest > digits + 1;

        if (floating)
                rest += strspn(rest, "0123456789.eE+-");
        for (int i = 0; i < 2 && *rest == 'L'; i++)
                rest++;
        if (octal || rest < end) {
                char quote[QUOTE_SIZE];
                config_problem_add(s->problems, s->line, NULL,
                        "found %s, expected a number without a 0 before it or a letter behind it",
                        quote_n(start, (size_t)(end - start), quote));
                return false;
        }
        if (!floating && (value > INT32_MAX || end - digits > 16)) {
                memset(digits, '9', (size_t)(end - digits));
                digits[1] = 'e';
        }
        return true;
}

static bool open_bracket(Scanner *s)
{
        if (s->depth == CONFIG_NESTING_MAX) {
                config_problem_add(s->problems, s->line, NULL,
                        "found brackets nested more than %d deep, expected gpus = ( { ... } );",
                        CONFIG_NESTING_MAX);
                return false;
        }
        s->open[++s->depth] = (Bracket){.sign = *s->at++, .line = s->line};
        return true;
}

static char closing_sign(char sign)
{
        return sign == '(' ? ')' : sign == '[' ? ']' : '}';
}

static bool close_bracket(Scanner *s)
{
        const Bracket *open = &s->open[s->depth];

        if (s->depth > 0 && *s->at == closing_sign(open->sign)) {
                s->depth--;
                s->at++;
                return true;
        }
        if (s->depth > 0)
                config_problem_add(s->problems, s->line, NULL,
                        "found \"%c\", expected \"%c\" to close the \"%c\" of line %u", *s->at,
                        closing_sign(open->sign), open->sign, open->line);
        else
                config_problem_add(s->problems, s->line, NULL,
                        "found \"%c\", expected it only where something is open", *s->at);
        return false;
}

/* libconfig takes a comma behind the last value, and two in a row, from 1.7 on. We take the first.
 */
static bool check_comma(Scanner *s)
{
        bool in_row = strchr("([", s->open[s->depth].sign) && s->depth > 0;

        if (in_row && *s->previous == ',' && strchr(")]", *s->at))
                *s->previous = ' ';
        if (!in_row || *s->at != ',' || !strchr("([,", *s->previous))
                return true;
        config_problem_add(s->problems, s->line, NULL, "found a comma, expected a value before it");
        *s->at = ' ';
        return false;
}

static bool count_setting(Scanner *s)
{
        s->at++;
        if (++s->open[s->depth].n_settings <= CONFIG_GROUP_MAX)
                return true;
        config_problem_add(s->problems, s->line, NULL,
                "found more than %d keys in one group, expected a few", CONFIG_GROUP_MAX);
        return false;
}

static bool skip_other(Scanner *s)
{
        if (isalpha((unsigned char)*s->at) || *s->at == '*')
                while (isalnum((unsigned char)*s->at) || (*s->at && strchr("-_*", *s->at)))
                        s->at++;
        else
                s->at++;
        return true;
}

static bool scan_token(Scanner *s)
{
        char *token = s->at;
        bool fine = true;

        if (!check_comma(s))
                return true;
        if (*token == '"')
                fine = skip_string(s);
        else if (strchr("([{", *token))
                fine = open_bracket(s);
        else if (strchr(")]}", *token))
                fine = close_bracket(s);
        else if (*token == '=' || *token == ':')
                fine = count_setting(s);
        else if (isdigit((unsigned char)token[*token == '+' || *token == '-' || *token == '.']))
                fine = check_number(s);
        else
                fine = skip_other(s);
        s->previous = token;
        return fine;
}

/* One token, or white space, or a comment; false when there is no going on. */
static bool scan_piece(Scanner *s)
{
        if (strncmp(s->at, "@include", strlen("@include")) == 0)
                refuse_include(s);
        if (isspace((unsigned char)*s->at))
                step(s);
        else if (s->at[0] == '#' || (s->at[0] == '/' && s->at[1] == '/'))
                skip_line(s);
        else if (s->at[0] == '/' && s->at[1] == '*')
                return skip_comment(s);
        else
                return scan_token(s);
        return true;
}

bool config_text_check(char *text, size_t size, ConfigProblems *problems)
{
        Scanner s = {.at = text, .line = 1, .problems = problems};

        check_bom(text, size, problems);
        check_bytes(text, size, problems);
        while (*s.at)
                if (!scan_piece(&s))
                        return false;
        if (s.depth == 0)
                return true;
        const Bracket *open = &s.open[s.depth];
        config_problem_add(problems, open->line, NULL,
                "found \"%c\" that is never closed, expected \"%c\"", open->sign,
                closing_sign(open->sign));
        return false;
}
