/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The config as text: what is no text, what libconfig would take silently, and what costs time. */
/* before redirect.h, which does not work alone */
#include <criterion/criterion.h>

#include <criterion/redirect.h>
#include <time.h>

#include "unit/test-config.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

/* Seconds of the processor, not of the clock: the tests may share the machine. The sanitizers' own
 * allocator makes libconfig's arrays, which grow by 16 items, cost the square of their length. */
#ifdef SANITIZED
#define MAX_SIZE    ((size_t)16 * 1024)
#define MAX_SECONDS 1.0
#else
#define MAX_SIZE ((size_t)256 * 1024)
#ifdef COUNTED /* COV=1 */
#define MAX_SECONDS 0.250
#else
#define MAX_SECONDS 0.050
#endif
#endif

Test(config_text, mistakes)
{
        static const struct {
                const char *text;
                Expected expected;
        } rows[] = {
                /* bytes */
                {"\xef\xbb\xbfgpus = ( );", {1, NULL, "found a byte order mark"}},
                {"gpus = ( );\n# f\xfcr", {2, NULL, "found the byte 0xfc, which is not UTF-8"}},
                {"gpus = ( ); # \xc0\xaf", {1, NULL, "byte 0xc0"}},
                {"gpus = ( ); # \xe0\x80\xaf", {1, NULL, "byte 0xe0"}},
                {"gpus = ( ); # \xed\xa0\x80", {1, NULL, "byte 0xed"}},
                {"gpus = ( ); # \xf0\x80\x80\x80", {1, NULL, "byte 0xf0"}},
                {"gpus = ( ); # \xf4\x90\x80\x80", {1, NULL, "byte 0xf4"}},
                {"gpus = ( ); # \xf5\x80\x80\x80", {1, NULL, "byte 0xf5"}},
                {"gpus = ( ); # \xe2\x82", {1, NULL, "byte 0xe2"}},
                {"gpus = ( );\n\n\x07", {3, NULL, "found the control character 0x07"}},
                {"gpus = ( ); # \x7f", {1, NULL, "control character 0x7f"}},
                {"gpus = ( ); # \x1b[2J", {1, NULL, "control character 0x1b"}},
                /* @include */
                {"@include \"/dev/zero\"\ngpus = ( );", {1, NULL, "found @include, expected the"}},
                {"gpus = (\n  @include \"x\"\n);", {2, NULL, "found @include"}},
                {"gpus = ( ); @include\"x\"", {1, NULL, "found @include"}},
                {"gpus = ( ); /* */ \t@include x", {1, NULL, "found @include"}},
                {"gpus = ( );\n@include_dir \"x\"", {2, NULL, "found @include"}},
                /* what never ends */
                {"gpus = ( );\n/* gpus", {2, NULL, "found \"/*\", a comment that never ends"}},
                {"gpus = ( );\n\n/*/", {3, NULL, "a comment that never ends"}},
                {"gpus = ( );\n\"a\n\n", {2, NULL, "found a string that never ends"}},
                {"gpus = ( ); \"a\\\"", {1, NULL, "found a string that never ends"}},
                {"gpus = ( ); \"a\\", {1, NULL, "found a string that never ends"}},
                {"gpus = (\n{\nid = \"10de:26b1\";\n",
                        {2, NULL, "found \"{\" that is never closed"}},
                {"gpus = (\n{ ) ;",
                        {2, NULL, "found \")\", expected \"}\" to close the \"{\" of line 2"}},
                {"gpus = (\n\n];",
                        {3, NULL, "found \"]\", expected \")\" to close the \"(\" of line 1"}},
                {"gpus = ( );\n}", {2, NULL, "found \"}\", expected it only where something"}},
                /* numbers and commas */
                {"gpus = ( ); a = 0b101;", {1, NULL, "found \"0b101\", expected a number"}},
                {"gpus = ( ); a = 0o17;", {1, NULL, "found \"0o17\", expected a number"}},
                {"gpus = ( ); a = 0x;", {1, NULL, "found \"0x\", expected a number"}},
                {"gpus = ( );\na = 1id = 2;", {2, NULL, "found \"1id\", expected a number"}},
                {"gpus = ( ); a = 010;", {1, NULL, "found \"010\", expected a number without"}},
                {"gpus = ( ); a = -00;", {1, NULL, "found \"-00\", expected a number"}},
                {"gpus = ( ); a = -0x10;", {1, NULL, "found \"-0x10\", expected a number"}},
                {"gpus = ( ); a = 99999999999x;", {1, NULL, "found \"99999999999x\""}},
                {"gpus = ( ); a = 1LLL;", {1, NULL, "found \"1LLL\", expected a number"}},
                {"gpus = (\n,);", {2, NULL, "found a comma, expected a value before it"}},
                {"blacklist = [ \"a\",\n, \"b\" ]; gpus = ( );", {2, NULL, "found a comma"}},
                {"blacklist = [ , ]; gpus = ( );", {1, NULL, "found a comma"}},
                {"gpus = ( { id = \"10de:26b1\"; name = \"\\x00\" } );",
                        {1, NULL, "found \"\\x00\" in a"}},
                /* left to libconfig */
                {"gpus", {1, NULL, "syntax error: found the end, expected key = value;"}},
                {"gpus = ;\n", {1, NULL, "syntax error: found \"gpus = ;\", expected"}},
                {"gpus = ( );\n  optional = yes;\r\n", {2, NULL, "found \"optional = yes;\""}},
                /* not of a string: libconfig 1.5 forgets to free one at a syntax error */
                {"gpus = ( { id = \"10de:26b1\" name 7 } );", {1, NULL, "syntax error: found"}},
                {"gpus = ( ); a = 1.2.3;", {1, NULL, "syntax error"}},
                {"gpus = ( ); b = {\nc = 1;\nc = 2; };",
                        {3, NULL, "found \"c = 2; };\", expected each key once"}},
                {"gpus = ( );\nblacklist = [ \"a\", 1 ];",
                        {2, NULL, "mismatched element type in array: found"}},
                {"gpus = ( );\n$", {2, NULL, "found \"$\""}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_one_problem(rows[i].text, strlen(rows[i].text), rows[i].expected);
}

Test(config_text, a_nul_does_not_end_the_file)
{
        static const char text[] = "gpus = ( );\n\0 x = 1;";

        PARSED_N(text, sizeof(text) - 1);
        cr_assert_eq(p.r, -EINVAL);
        expect_problem("NUL", p.problems, 0, (Expected){2, NULL, "control character 0x00"});
        expect_problem("NUL", p.problems, 1, (Expected){2, "x", "unknown key"});
}

/* The marks of the scanner mean nothing where libconfig sees none either. */
Test(config_text, allowed)
{
        static const char *const texts[] = {
                "gpus = ( );",
                "gpus : ( )",
                "gpus=()",
                "\r\n\t\fgpus = ( );\r\n",
                "gpus = ( ); # @include \"x\" ( [ { \"",
                "gpus = ( ); // @include \"x\" ( [ { \"",
                "gpus = ( ); /* @include \"x\" ( [ { \" // # */",
                "/***/gpus = (/*/ */ );",
                "gpus = ( { vendor = \"amd\" }, );",
                "gpus = ( { vendor = \"amd\", }, /* , */ ) # ,",
                "gpus = ( { vendor = \"a\" /* \" */ \"md\"; } );",
                "gpus = ( { vendor = \"\\x61md\"; } );",
                "gpus = ( { vendor = \"amd\"; functions = [ +0, 1, ]; } );",
                "# \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80\ngpus = ( );",
                "blacklist = [ \"a\", ]; gpus = ( );",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                PARSED(texts[i]);
                cr_expect_eq(
                        p.r, 0, "%s in: %s", p.problems ? p.problems->items[0].text : "", texts[i]);
        }
}

/* An @include in a string is a value like others, and one that is refused. */
Test(config_text, marks_in_strings)
{
        static const char *const values[] = {"@include", "( [ { } ] )", "a, ,b", "/* # // */",
                "\\\" ( \\\\", "0b1 99999999999 1x", "\\\\"};

        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
                char text[128] = "";
                snprintf(text, sizeof(text), "gpus = ( { vendor = \"amd\";\nname = \"%s\"; } );",
                        values[i]);
                expect_one_problem(
                        text, strlen(text), (Expected){2, "name", "expected a word of letters"});
        }
}

Test(config_text, depth)
{
        char text[256] = "gpus = ( ); x =\n";
        size_t length = strlen(text);

        for (size_t depth = 31; depth <= 33; depth++) {
                memset(text + length, '(', depth);
                memset(text + length + depth, ')', depth);
                text[length + 2 * depth] = '\0';
                expect_one_problem(text, strlen(text),
                        depth <= 32 ? (Expected){1, "x", "unknown key"}
                                    : (Expected){2, NULL, "found brackets nested more than 32"});
        }
}

Test(config_text, keys_in_one_group)
{
        for (size_t n = 32; n <= 33; n++) {
                char text[512] = "gpus = ( );\n";
                for (size_t i = 1; i < n; i++)
                        sprintf(text + strlen(text), "k%zu = 1; ", i);
                PARSED(text);
                cr_assert_eq(p.r, -EINVAL);
                expect_problem(text, p.problems, 0,
                        n == 32 ? (Expected){2, "k1", "unknown key"}
                                : (Expected){2, NULL, "found more than 32 keys in one group"});
        }
}

Test(config_text, a_thousand_mistakes_are_enough)
{
        char text[16384] = "gpus = (\n";

        for (size_t i = 0; i < 600; i++)
                strcat(text, "{ x = 1; z = 1; },\n");
        strcat(text, ");");
        PARSED(text);
        cr_assert_eq(p.r, -EINVAL);
        cr_assert_eq(p.problems->n_items, 1001);
        expect_problem("600 groups", p.problems, 998, (Expected){501, "x", "unknown key"});
        expect_problem("600 groups", p.problems, 999, (Expected){501, "z", "unknown key"});
        expect_problem("600 groups", p.problems, 1000,
                (Expected){501, NULL, "found more mistakes than these"});
}

static double seconds_to_parse(const char *text, size_t size)
{
        double best = 1e9;

        for (int i = 0; i < 3; i++) {
                clock_t start = clock();
                {
                        PARSED_N(text, size);
                }
                double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
                best = seconds < best ? seconds : best;
        }
        return best;
}

/* So that a file of the largest size has no more items than are looked at. */
#define FIFTY "                                                  "
#define LONG  FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY

/* Files of the largest size, of one piece again and again. */
Test(config_text, no_file_takes_long)
{
        static const struct {
                const char *begin, *piece, *end;
        } rows[] = {
                {"gpus=();x=\"", "a", "\";"},
                {"gpus=();x=\"", "\\n", "\";"},
                {"gpus=();x=\"", "\\x00", "\";"},
                {"gpus=();x=", "\"\"", ";"},
                {"gpus=", "(", ""},
                {"", "a={", ""},
                {"", "a", "=1;"},
                {"", "a=1;", ""},
                {"gpus=(", "{},", ");"},
                {"gpus=(", "(),", ");"},
                {"gpus=(", "[[", ");"},
                {"gpus=(", "{a=1;},", ");"},
                {"gpus=(", "{adresss=1;vendorr=2;nam=3;counter=4},", ");"},
                {"gpus=(", "{id=1;name=1;count=0;vendor=1},", ");"},
                {"gpus=(", "{vendor=\"amd\"},", ");"},
                {"gpus=(", "{vendor=\"amd\"}," LONG, ");"},
                {"gpus=(", "{name=\"a\";vendor=\"amd\"}," LONG, ");"},
                {"gpus=(", "{adresss=1;vendorr=2;nam=3;counter=4}," LONG, ");"},
                {"gpus=(", "{name=\"a\";vendor=\"amd\"},", ");"},
                {"gpus=({functions=[", "9,", "];});"},
                {"gpus=(", "0x99999999,", ");"},
                {"gpus=(", ",", ");"},
                {"gpus=();blacklist=[", "\"a\",", "];"},
                {"gpus=();blacklist=[", "\"\",", "];"},
                {"gpus=();blacklist=[", "\"a\"," LONG, "];"},
                {"gpus=();", "/**/", ""},
                {"gpus=();", "#\n", ""},
                {"gpus=();", "\n", "x y"},
                {"gpus=();", "@include\n", ""},
                {"", "\xff", ""},
                {"gpus=();#", "\x01", ""},
        };
        _cleanup_free_ char *text = calloc(1, MAX_SIZE + 64);

        cr_assert_not_null(text);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                size_t length = strlen(strcpy(text, rows[i].begin));
                size_t piece = strlen(rows[i].piece);
                for (; length + piece + strlen(rows[i].end) <= MAX_SIZE; length += piece)
                        memcpy(text + length, rows[i].piece, piece);
                length += strlen(strcpy(text + length, rows[i].end));
                double seconds = seconds_to_parse(text, length);
                cr_expect_lt(seconds, MAX_SECONDS, "%.3f s for %s%s...", seconds, rows[i].begin,
                        rows[i].piece);
        }
}

Test(config_text, nested_ten_thousand_deep)
{
        static const char signs[] = "([{";

        for (const char *sign = signs; *sign; sign++) {
                char text[10016] = "gpus = ";
                memset(text + strlen(text), *sign, 10000);
                expect_one_problem(text, strlen(text), (Expected){1, NULL, "nested more than"});
                cr_expect_lt(seconds_to_parse(text, strlen(text)), MAX_SECONDS);
        }
}

static void redirect(void)
{
        cr_redirect_stdout();
        cr_redirect_stderr();
}

Test(config_text, nothing_is_printed, .init = redirect)
{
        static const char *const texts[] = {"gpus = \\", "\"", "@include \"x\"\n@include \"",
                "gpus = ( ); $ \x01 \xff", "gpus = ( ); gpus = 1;", "[ 1, \"a\" ]"};

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                PARSED(texts[i]);
                cr_expect_eq(p.r, -EINVAL);
        }
        fflush(NULL);
        cr_assert_stdout_eq_str("");
        cr_assert_stderr_eq_str("");
}
