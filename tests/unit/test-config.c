/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each key of the config: what it takes, what it refuses, and what the mistakes of a file look
 * like. */
#include "unit/test-config.h"

#define BAD_BOOL "expected true or false"

static void expect_entry(const char *text, const Entry *e, const Entry *expected)
{
        cr_expect_str_eq(e->name, expected->name ? expected->name : "gpu1", "name: %s", text);
        cr_expect_eq(e->selectors, expected->selectors, "selectors: %s", text);
        cr_expect_eq(pci_address_compare(e->address, expected->address), 0, "address: %s", text);
        cr_expect_eq(e->address_function, expected->address_function, "function: %s", text);
        cr_expect_eq(e->id.vendor, expected->id.vendor, "id: %s", text);
        cr_expect_eq(e->id.device, expected->id.device, "id: %s", text);
        cr_expect_eq(e->subsystem.vendor, expected->subsystem.vendor, "subsystem: %s", text);
        cr_expect_eq(e->subsystem.device, expected->subsystem.device, "subsystem: %s", text);
        cr_expect_eq(e->vendor, expected->vendor, "vendor: %s", text);
        cr_expect(pci_path_same_slot(&e->path, &expected->path), "path: %s", text);
        cr_expect_eq(
                pci_path_function(&e->path), pci_path_function(&expected->path), "path: %s", text);
        cr_expect_str_eq(e->slot ? e->slot : "", expected->slot ? expected->slot : "");
        cr_expect_eq(e->serial, expected->serial, "serial: %s", text);
        cr_expect_eq(e->count, expected->count, "count: %s", text);
        cr_expect_eq(e->functions, expected->functions, "functions: %s", text);
        cr_expect_eq(e->optional, expected->optional, "optional: %s", text);
        cr_expect_eq(e->allow_boot_display, expected->allow_boot_display, "display: %s", text);
        cr_expect_eq(e->d3cold, -1, "d3cold: %s", text);
        cr_expect_null(e->reset_method, "reset_method: %s", text);
        cr_expect_str_eq(e->driver ? e->driver : "auto",
                expected->driver ? expected->driver : "auto", "driver: %s", text);
        cr_expect_eq(e->force_unbind, expected->force_unbind, "force: %s", text);
}

#define AMD .selectors = SELECT_VENDOR, .vendor = 0x1002

static const struct {
        const char *text;
        Entry entry;
} values[] = {
        {"vendor = \"amd\";", {AMD, .count = 1}},
        {"vendor = \"nvidia\";", {.selectors = SELECT_VENDOR, .vendor = 0x10de, .count = 1}},
        {"vendor = \"intel\";", {.selectors = SELECT_VENDOR, .vendor = 0x8086, .count = 1}},
        {"vendor = \"1aF4\";", {.selectors = SELECT_VENDOR, .vendor = 0x1af4, .count = 1}},
        {"address = \"0000:01:00.0\";", {.selectors = SELECT_ADDRESS,
                                                .address = {0, 1, 0, 0},
                                                .address_function = true,
                                                .count = 1}},
        {"address = \"c1:1f\";",
                {.selectors = SELECT_ADDRESS, .address = {0, 0xc1, 0x1f, 0}, .count = 1}},
        {"address = \"10000:e1:02.7\";", {.selectors = SELECT_ADDRESS,
                                                 .address = {0x10000, 0xe1, 2, 7},
                                                 .address_function = true,
                                                 .count = 1}},
        {"id = \"10DE:26b1\";", {.selectors = SELECT_ID, .id = {0x10de, 0x26b1}, .count = 1}},
        {"id = \"10de\" \":26b1\"", {.selectors = SELECT_ID, .id = {0x10de, 0x26b1}, .count = 1}},
        {"subsystem = \"1da2:e445\";",
                {.selectors = SELECT_SUBSYSTEM, .subsystem = {0x1da2, 0xe445}, .count = 1}},
        {"path = \"00:02.0\";",
                {.selectors = SELECT_PATH, .path = {.first = {0, 0, 2, 0}}, .count = 1}},
        {"path = \"10000:e0:06.0/1f.7\";",
                {.selectors = SELECT_PATH,
                        .path = {.first = {0x10000, 0xe0, 6, 0}, .n_hops = 1, .hops = {0xff}},
                        .count = 1}},
        {"slot = \"3-1\";", {.selectors = SELECT_SLOT, .slot = "3-1", .count = 1}},
        {"slot = \" 3/\";", {.selectors = SELECT_SLOT, .slot = " 3/", .count = 1}},
        {"serial = \"00-11-22-33-44-55-66-77\";",
                {.selectors = SELECT_SERIAL, .serial = 0x0011223344556677, .count = 1}},
        {"serial = \"FEDCBA9876543210\";",
                {.selectors = SELECT_SERIAL, .serial = 0xfedcba9876543210, .count = 1}},
        {"name = \"a.B_c-9\"; vendor = \"amd\"", {.name = "a.B_c-9", AMD, .count = 1}},
        {"vendor = \"amd\"; count = 4096;", {AMD, .count = 4096}},
        {"vendor = \"amd\"; count = 2L;", {AMD, .count = 2}},
        {"vendor = \"amd\"; count = 0x10;", {AMD, .count = 16}},
        {"vendor = \"amd\"; count = \"all\";", {AMD, .count = ENTRY_COUNT_ALL}},
        {"vendor = \"amd\"; optional = true;", {AMD, .count = 1, .optional = true}},
        {"vendor = \"amd\"; optional = FALSE;", {AMD, .count = 1}},
        {"vendor = \"amd\"; force_unbind = true;", {AMD, .count = 1, .force_unbind = true}},
        {"vendor = \"amd\"; force_unbind = false;", {AMD, .count = 1}},
        {"vendor = \"amd\"; allow_boot_display = True;",
                {AMD, .count = 1, .allow_boot_display = true}},
        {"vendor = \"amd\"; driver = \"auto\";", {AMD, .count = 1}},
        {"vendor = \"amd\"; driver = \"vfio-pci\";", {AMD, .count = 1, .driver = "vfio-pci"}},
        {"vendor = \"amd\"; driver = \"x_vfio-pci2\";", {AMD, .count = 1, .driver = "x_vfio-pci2"}},
        {"vendor = \"amd\"; functions = \"all\";", {AMD, .count = 1}},
        {"vendor = \"amd\"; functions = [ 0 ];", {AMD, .count = 1, .functions = 1}},
        {"vendor = \"amd\"; functions = [ 7, 0, 1, ];", {AMD, .count = 1, .functions = 0x83}},
        {"vendor = \"amd\"; functions = ( 1, 2L );", {AMD, .count = 1, .functions = 6}},
        {"vendor = \"amd\", id = \"1002:744c\", address = \"03:00\", subsystem ="
         " \"1da2:e445\"",
                {.selectors = SELECT_VENDOR | SELECT_ID | SELECT_ADDRESS | SELECT_SUBSYSTEM,
                        .vendor = 0x1002,
                        .id = {0x1002, 0x744c},
                        .address = {0, 3, 0, 0},
                        .subsystem = {0x1da2, 0xe445},
                        .count = 1}},
};

Test(config, values_of_an_entry)
{
        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
                char text[512] = "";
                snprintf(text, sizeof(text), "\ngpus = (\n{ %s } );", values[i].text);
                PARSED(text);
                cr_assert_eq(p.r, 0, "%d for: %s", p.r, text);
                cr_assert_eq(p.config->n_entries, 1);
                cr_expect_eq(p.config->entries[0].line, 3);
                expect_entry(text, &p.config->entries[0], &values[i].entry);
        }
}

static const struct {
        const char *text, *key, *problem;
} bad_values[] = {
        {"name = \"\"", "name", "found \"\", expected a word"},
        {"name = \"a b\"", "name", "found \"a b\", expected a word"},
        {"name = \"a,b\"", "name", "found \"a,b\""},
        {"name = \"gr\xc3\xbcn\"", "name", "found \"gr\\xc3\\xbcn\""},
        {"name = \"a\\n\"", "name", "found \"a\\x0a\""},
        {"name = 7", "name", "found 7, expected a word"},
        {"name = [ \"a\" ]", "name", "found an array [ ... ]"},
        {"name = true", "name", "found true"},
        {"address = \"00.00\"", "address",
                "found \"00.00\", expected \"[dddd:]bb:dd[.f]\" as lspci -D prints it,"
                " e.g. \"0000:01:00.0\""},
        {"address = \"1:2:3\"", "address", "found \"1:2:3\""},
        {"address = \"01:00.8\"", "address", "found \"01:00.8\""},
        {"address = \"01:20.0\"", "address", "found \"01:20.0\""},
        {"address = \" 01:00.0\"", "address", "found \" 01:00.0\""},
        {"address = \"\"", "address", "found \"\""},
        {"address = 1.5", "address", "found 1.5"},
        {"address = { }", "address", "found an empty group { }"},
        {"path = \"00:01.0/0.0\"", "path",
                "found \"00:01.0/0.0\", expected \"[dddd:]bb:dd.f[/dd.f]*\" as lspci -P "
                "prints"
                " it, e.g. \"0000:00:01.0/00.0\""},
        {"path = \"01:00\"", "path", "found \"01:00\""},
        {"path = \"\"", "path", "found \"\""},
        {"path = [ \"00:01.0\", \"00.0\" ]", "path", "found an array [ ... ]"},
        {"slot = 3", "slot", "found 3, expected the name of a folder in /sys/bus/pci/slots"},
        {"slot = \"\"", "slot", "found \"\""},
        {"serial = \"00-11-22-33-44-55-66\"", "serial",
                "found \"00-11-22-33-44-55-66\", expected 16 hexadecimal digits, \"-\" "
                "allowed"},
        {"serial = 0x0011223344556677L", "serial", "expected 16 hexadecimal digits"},
        {"serial = 42", "serial", "found 42"},
        {"id = \"10de:26b1x\"", "id", "found \"10de:26b1x\", expected \"vvvv:dddd\""},
        {"id = \"10de\"", "id", "found \"10de\""},
        {"id = 0x10de", "id", "found 0x10de, expected \"vvvv:dddd\""},
        {"id = 0xffffffff", "id", "found a number beyond 31 bits"},
        {"subsystem = \"0x10de:16a1\"", "subsystem", "found \"0x10de:16a1\""},
        {"subsystem = ( )", "subsystem", "found an empty list ( )"},
        {"vendor = \"Nvidia\"", "vendor", "found \"Nvidia\", expected \"nvidia\", \"amd\""},
        {"vendor = \"10de0\"", "vendor", "found \"10de0\""},
        {"vendor = 1002", "vendor", "found 1002"},
        {"vendor = { a = 1; }", "vendor", "found a group { ... }"},
        {"count = 0", "count", "found 0, expected a number from 1 to 4096, or \"all\""},
        {"count = -1", "count", "found -1"},
        {"count = 4097", "count", "found 4097"},
        {"count = 1.5", "count", "found 1.5"},
        {"count = 1e3", "count", "found 1000"},
        {"count = \"ALL\"", "count", "found \"ALL\""},
        {"count = \"2\"", "count", "found \"2\""},
        {"count = 2147483647", "count", "found 2147483647"},
        {"count = 2147483648", "count", "found a number beyond 31 bits, expected"},
        {"count = 4294967297", "count", "found a number beyond 31 bits"},
        {"count = 99999999999", "count", "found a number beyond 31 bits"},
        {"count = 99999999999999999999999", "count", "found a number beyond 31 bits"},
        {"count = -4294967295", "count", "found a number beyond 31 bits"},
        {"count = 4294967297L", "count", "found a number beyond 31 bits"},
        {"count = 0x100000001", "count", "found a number beyond 31 bits"},
        {"count = 0x1122334455667788LL", "count", "found a number beyond 31 bits"},
        {"count = [ 1 ]", "count", "found an array"},
        {"optional = \"yes\"", "optional", "found \"yes\", expected true or false"},
        {"optional = 1", "optional", "found 1, " BAD_BOOL},
        {"optional = ( true )", "optional", "found a list ( ... ), " BAD_BOOL},
        {"allow_boot_display = \"true\"", "allow_boot_display", BAD_BOOL},
        {"allow_boot_display = 0", "allow_boot_display", "found 0"},
        {"driver = \"\"", "driver", "found \"\", expected \"auto\", \"vfio-pci\", or the name"},
        {"driver = \"../x\"", "driver", "found \"../x\", expected"},
        {"driver = \"vfio pci\"", "driver", "found \"vfio pci\""},
        {"driver = true", "driver", "found true"},
        {"driver = [ \"vfio-pci\" ]", "driver", "found an array"},
        {"force_unbind = \"yes\"", "force_unbind", BAD_BOOL},
        {"functions = \"none\"", "functions", "found \"none\", expected \"all\", or"},
        {"functions = 0", "functions", "found 0"},
        {"functions = [ ]", "functions", "found an empty array [ ]"},
        {"functions = [ 8 ]", "functions", "found 8, expected \"all\", or numbers from 0"},
        {"functions = [ -1 ]", "functions", "found -1"},
        {"functions = [ 1, 0, 1 ]", "functions", "found 1, "},
        {"functions = [ \"0\" ]", "functions", "found \"0\""},
        {"functions = { }", "functions", "found an empty group { }"},
};

Test(config, bad_values_of_an_entry)
{
        for (size_t i = 0; i < ARRAY_SIZE(bad_values); i++) {
                char text[512] = "";
                bool selects = strstr("address id subsystem vendor", bad_values[i].key);
                snprintf(text, sizeof(text), "gpus = ( {%s\n\n%s; } );",
                        selects ? "" : " vendor = \"amd\";", bad_values[i].text);
                expect_one_problem(text, strlen(text),
                        (Expected){3, bad_values[i].key, bad_values[i].problem});
        }
}

Test(config, a_long_value_is_shown_short)
{
        char text[4096] = "gpus = ( { name = \"";

        memset(text + strlen(text), ' ', 2000);
        strcat(text, "\"; id = \"10de:26b1\"; } );");
        PARSED(text);
        expect_problem(text, p.problems, 0, (Expected){1, "name", " ...\", expected a word"});
        cr_expect_lt(strlen(p.problems->items[0].text), 200);
}

Test(config, defaults)
{
        PARSED("gpus = ( );");

        cr_assert_eq(p.r, 0);
        cr_expect_str_eq(p.config->path, "test.conf");
        cr_expect_eq(p.config->n_entries, 0);
        cr_expect(p.config->blacklist_auto);
        cr_expect_eq(p.config->n_blacklist, 0);
        cr_expect_eq(p.config->timeout, 5);
        for (size_t i = 0; i < _VFIO_OPTION_MAX; i++)
                cr_expect_eq(p.config->vfio_options[i], -1);
}

Test(config, vfio_options)
{
        static const char *const names[] = {
                "disable_vga", "disable_idle_d3", "nointxmask", "enable_sriov", "disable_denylist"};

        cr_assert_eq(ARRAY_SIZE(names), _VFIO_OPTION_MAX);
        for (int option = 0; option < _VFIO_OPTION_MAX; option++)
                for (int value = 0; value < 2; value++) {
                        char text[128] = "";
                        snprintf(text, sizeof(text), "gpus = ( ); vfio_pci = { %s = %s; };",
                                names[option], value ? "true" : "false");
                        PARSED(text);
                        cr_assert_eq(p.r, 0, "%s", text);
                        cr_expect_str_eq(
                                config_vfio_option_name((VfioOption)option), names[option]);
                        for (int i = 0; i < _VFIO_OPTION_MAX; i++)
                                cr_expect_eq(p.config->vfio_options[i], i == option ? value : -1);
                }
}

Test(config, blacklist)
{
        static const struct {
                const char *text;
                bool automatic;
                size_t n;
                const char *last;
        } rows[] = {
                {"\"auto\"", true, 0, NULL},
                {"[ ]", false, 0, NULL},
                {"( )", false, 0, NULL},
                {"[ \"nouveau\" ]", false, 1, "nouveau"},
                {"[ \"nouveau\", \"i2c-nvidia-gpu\", ]", false, 2, "i2c_nvidia_gpu"},
                {"( \"a\", \"b\", \"c\" )", false, 3, "c"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char text[128] = "";
                snprintf(text, sizeof(text), "blacklist = %s; gpus = ( );", rows[i].text);
                PARSED(text);
                cr_assert_eq(p.r, 0, "%s", text);
                cr_expect_eq(p.config->blacklist_auto, rows[i].automatic, "%s", text);
                cr_assert_eq(p.config->n_blacklist, rows[i].n, "%s", text);
                if (rows[i].n)
                        cr_expect_str_eq(p.config->blacklist[rows[i].n - 1], rows[i].last);
        }
}

Test(config, bad_file_keys)
{
        static const struct {
                const char *text;
                Expected expected;
        } rows[] = {
                {"", {0, "gpus", "found no such key, expected a list of groups"}},
                {" \n# comment\n", {0, "gpus", "found no such key"}},
                {"# a comment without a newline", {0, "gpus", "found no such key"}},
                {"gpus = { };", {1, "gpus", "found an empty group { }, expected a list of groups"}},
                {"gpus = [ ];", {1, "gpus", "found an empty array [ ]"}},
                {"\ngpus = \"10de:26b1\";", {2, "gpus", "found \"10de:26b1\", expected a list"}},
                {"gpus = ( \"10de:26b1\" );", {1, "gpus", "found \"10de:26b1\", expected a list"}},
                {"gpus = (\n( ) );", {1, "gpus", "found an empty list ( )"}},
                {"gpus = (\n{ } );", {2, "gpus", "found a group that selects no GPU, expected"}},
                {"gpus = (\n{ count = 2; } );", {2, "gpus", "at least one of address, path,"}},
                {"gpus = ( ); gpus = ( );", {1, NULL, "duplicate setting name: found \"gpus"}},
                {"gpus = ( );\nblacklist = \"none\";",
                        {2, "blacklist", "found \"none\", expected"}},
                {"gpus = ( ); blacklist = true;",
                        {1, "blacklist", "found true, expected \"auto\""}},
                {"gpus = ( ); blacklist = [ \"\" ];", {1, "blacklist", "found \"\""}},
                {"gpus = ( ); blacklist = [ \"a b\" ];", {1, "blacklist", "found \"a b\""}},
                {"gpus = ( ); blacklist = [ \"a\\n\" ];", {1, "blacklist", "found \"a\\x0a\""}},
                {"gpus = ( ); blacklist = [ 1 ];", {1, "blacklist", "found 1, expected"}},
                {"gpus = ( ); blacklist = [ \"a\", \"b\", \"a\" ];",
                        {1, "blacklist",
                                "found \"a\", expected \"auto\", or names of modules, each"}},
                {"gpus = ( ); blacklist = [ \"a-b\", \"a_b\" ];", {1, "blacklist", "\"a_b\""}},
                {"gpus = ( );\nvfio_pci = true;", {2, "vfio_pci", "found true, expected a group"}},
                {"gpus = ( ); vfio_pci = ( );", {1, "vfio_pci", "found an empty list"}},
                {"gpus = ( ); vfio_pci = {\n disable_vga = 1; };",
                        {2, "disable_vga", "found 1, " BAD_BOOL}},
                {"gpus = ( ); vfio_pci = { disable_idle_d3 = \"no\"; };",
                        {1, "disable_idle_d3", BAD_BOOL}},
                {"gpus = ( ); vfio_pci = { nointxmask = 0; };", {1, "nointxmask", BAD_BOOL}},
                {"gpus = ( ); vfio_pci = { enable_sriov = ( ); };", {1, "enable_sriov", BAD_BOOL}},
                {"gpus = ( ); vfio_pci = { disable_denylist = 1.0; };",
                        {1, "disable_denylist", BAD_BOOL}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_one_problem(rows[i].text, strlen(rows[i].text), rows[i].expected);
}

Test(config, unknown_keys)
{
        static const struct {
                const char *text;
                Expected expected;
        } rows[] = {
                {"gpus = ( );\nx = 5;",
                        {2, "x", "unknown key; known here: gpus, blacklist, vfio_pci, timeout"}},
                {"gpus = ( ); Blacklist = [ ];",
                        {1, "Blacklist", "unknown key; did you mean \"blacklist\"?"}},
                {"gpus = ( ); vfio-pci = { };", {1, "vfio-pci", "did you mean \"vfio_pci\"?"}},
                {"gpus = ( ); x = { a = { b = 1; }; };", {1, "x", "unknown key; known here"}},
                {"gpus = ( { id = \"1:2\"; adress = 1; id = 2; } );", {1, NULL, "duplicate"}},
                {"gpus = ( { vendor = \"amd\";\n adress = \"01:00\"; } );",
                        {2, "adress", "unknown key; did you mean \"address\"?"}},
                {"gpus = ( { vendor = \"amd\"; cuont = 1; } );",
                        {1, "cuont", "unknown key; did you mean \"count\"?"}},
                {"gpus = ( { vendor = \"amd\"; ids = 1; } );", {1, "ids", "did you mean \"id\"?"}},
                {"gpus = ( { vendor = \"amd\"; x = 1; } );", {1, "x", "unknown key; known here"}},
                {"gpus = ( ); vfio_pci = { ids = \"10de:26b1\"; };",
                        {1, "ids", "unknown key; known here: disable_vga, disable_idle_d3,"}},
                {"gpus = ( ); vfio_pci = { enable_srivo = true; };",
                        {1, "enable_srivo", "did you mean \"enable_sriov\"?"}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_one_problem(rows[i].text, strlen(rows[i].text), rows[i].expected);
}

/* Each key has its place. */
Test(config, keys_of_another_group_are_unknown)
{
        static const char *const keys[] = {"timeout", "blacklist", "vfio_pci", "disable_vga"};

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                char text[128] = "";
                snprintf(text, sizeof(text), "gpus = ( { vendor = \"amd\"; %s = 1; } );", keys[i]);
                expect_one_problem(text, strlen(text), (Expected){1, keys[i], "unknown key"});
        }
}

Test(config, names_are_unique)
{
        static const struct {
                const char *text;
                Expected expected;
        } rows[] = {
                {"gpus = (\n{ name = \"a\"; vendor = \"amd\"; },\n{ vendor = \"amd\";\n"
                 "name = \"a\"; } );",
                        {4, "name", "found \"a\", the name (given, or gpu and the place"}},
                {"gpus = (\n{ name = \"gpu2\"; vendor = \"amd\"; },\n{ vendor = \"amd\"; } );",
                        {3, "name", "that the entry of line 2 has too"}},
                {"gpus = (\n{ vendor = \"amd\"; },\n{ name = \"gpu1\"; vendor = \"amd\"; } );",
                        {3, "name", "found \"gpu1\""}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_one_problem(rows[i].text, strlen(rows[i].text), rows[i].expected);

        PARSED("gpus = ( { id = \"10de:0001\" }, { name = \"gpu9\"; id = \"10de:0002\"; },"
               " { id = \"10de:0003\" }, { name = \"A\"; id = \"10de:0004\"; },"
               " { name = \"a\"; id = \"10de:0005\"; } );");
        static const char *const names[] = {"gpu1", "gpu9", "gpu3", "A", "a"};
        cr_assert_eq(p.r, 0);
        cr_assert_eq(p.config->n_entries, ARRAY_SIZE(names));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                cr_expect_str_eq(p.config->entries[i].name, names[i]);
}

/* Parses `begin`, then `n` numbers, each between `before` and `after`, and `end`. */
static Parsed parse_many(
        const char *begin, const char *before, const char *after, size_t n, const char *end)
{
        _cleanup_free_ char *text = calloc(n + 2, 64);
        size_t length = strlen(strcpy(text, begin));

        for (size_t i = 0; i < n; i++)
                length += (size_t)sprintf(text + length, "%s%04zx%s", before, i, after);
        strcpy(text + length, end);
        return parse_bytes(text, strlen(text));
}

#define MOST 1024

Test(config, at_most_so_many_items)
{
        static const struct {
                const char *begin, *before, *after, *end, *key;
        } rows[] = {
                {"\ngpus = (", "{ id = \"10de:", "\"; },", ");", "gpus"},
                {"\ngpus = (", "{ name = \"x", "\"; },", ");", "gpus"},
                {"gpus = ( );\nblacklist = [", "\"m", "\",", "];", "blacklist"},
                {"gpus = ( );\nblacklist = (", "\"a b", "\",", ");", "blacklist"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(parsed_done) Parsed most =
                        parse_many(rows[i].begin, rows[i].before, rows[i].after, MOST, rows[i].end);
                _cleanup_(parsed_done) Parsed more = parse_many(
                        rows[i].begin, rows[i].before, rows[i].after, MOST + 1, rows[i].end);

                if (most.r == 0)
                        cr_expect_eq(most.config->n_entries + most.config->n_blacklist, MOST);
                else
                        cr_expect_gt(most.problems->n_items, 999, "each is looked at");
                cr_assert_eq(more.r, -EINVAL);
                cr_expect_eq(more.problems->n_items, 1, "none of them is looked at");
                expect_problem(rows[i].begin, more.problems, 0,
                        (Expected){2, rows[i].key, "found 1025 items, expected at most 1024"});
        }
}

Test(config, all_mistakes_in_the_order_of_their_lines)
{
        static const char text[] =
                "vfio_pci = {\n"
                "  disable_vga = 1;\n"
                "  disable = true; };\n"
                "gpus = (\n"
                "  { name = \"a b\"; address = \"00.00\";\n"
                "    id = \"10de:26b1\"; },\n"
                "  { name = \"a\"; vendor = \"amd\"; count = 99999999999; },\n"
                "  { },\n"
                "  7,\n"
                "  { name = \"a\"; id = \"1002:744c\"; functions = [ 9, 0, 8 ]; }\n"
                ");\n"
                "@include \"/etc/shadow\"\n"
                "blacklist = [ \"a b\", \"c\", \"d e\" ];\n"
                "foo = \"\\x00\";\n";
        static const Expected expected[] = {
                {2, "disable_vga", "found 1"},
                {3, "disable", "unknown key"},
                {4, "gpus", "found 7"},
                {5, "address", "found \"00.00\""},
                {5, "name", "found \"a b\""},
                {7, "count", "beyond 31 bits"},
                {8, "gpus", "selects no GPU"},
                {10, "functions", "found 8"},
                {10, "functions", "found 9"},
                {10, "name", "line 7"},
                {12, NULL, "@include"},
                {13, "blacklist", "found \"a b\""},
                {13, "blacklist", "found \"d e\""},
                {14, NULL, "found \"\\x00\" in a string"},
                {14, "foo", "unknown key"},
        };

        PARSED(text);
        cr_assert_eq(p.r, -EINVAL);
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
                expect_problem("the file", p.problems, i, expected[i]);
        cr_expect_eq(p.problems->n_items, ARRAY_SIZE(expected));
}

Test(config, every_problem_says_what_was_found_and_expected)
{
        static const char text[] = "gpus = ( 1, { }, { name = 1; address = 1; id = 1; vendor = 1;"
                                   " subsystem = 1; count = 0; optional = 1; functions = 1;"
                                   " allow_boot_display = 1; } ); blacklist = 1; vfio_pci = 1;";
        PARSED(text);

        cr_assert_eq(p.r, -EINVAL);
        cr_assert_eq(p.problems->n_items, 13);
        for (size_t i = 0; i < p.problems->n_items; i++) {
                const char *problem = p.problems->items[i].text;
                cr_expect(strncmp(problem, "found ", 6) == 0, "%s", problem);
                cr_expect(strstr(problem, ", expected "), "%s", problem);
        }
}
