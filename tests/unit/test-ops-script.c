/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/ops-script.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

/* What a boot of this scenario has of the kernel, it holds against what is kept of it. */
#define SCENARIO "tests/vm/scenarios/97-simulated-kernel/"
/* Times of the script are made for an emulated processor. */
#define SPEED 3
/* Where the part of it begins that takes time. */
#define SLOW_PART "# --- What takes time."

static char *read_text(const char *path)
{
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        char *text = NULL;
        size_t size = 0;

        cr_assert(file, "%s", path);
        cr_assert_geq(getdelim(&text, &size, '\0', file), 0, "%s", path);
        return text;
}

/* What comes out of the script on the simulated kernel of that version. */
static char *run(const char *script, unsigned minor, SimRule bent)
{
        _cleanup_(sim_freep) Sim *sim = ops_script_machine(script, 6, minor);
        Others others = {0};
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        cr_assert(out);
        sim_core(sim)->speed = SPEED;
        sim_core(sim)->bent = bent;
        sim_others_init(sim, &others);
        fprintf(out, "Linux 6.%u\n", minor);
        cr_expect_eq(ops_script_run(script, sim_ops(sim), &others, SPEED, out), 0);
        cr_assert_eq(fclose(out), 0);
        return text;
}

/* Empty after the last one. */
static char *next_line(char **text)
{
        static char none[] = "";
        char *line = strsep(text, "\n");

        return line ? line : none;
}

/* The line at which the two are no longer the same, into both. */
static bool differ(char **a, char **b, char **ret_a, char **ret_b)
{
        do {
                *ret_a = next_line(a);
                *ret_b = next_line(b);
        } while (strcmp(*ret_a, *ret_b) == 0 && (*a || *b));
        return strcmp(*ret_a, *ret_b) != 0;
}

static void expect_kept(unsigned minor)
{
        char path[128];
        _cleanup_free_ char *script = read_text(SCENARIO "operations");
        _cleanup_free_ char *answers = run(script, minor, SIM_RULES_HOLD);
        char *a = answers, *line = NULL, *wanted = NULL;

        snprintf(path, sizeof(path), SCENARIO "answers.6.%u", minor);
        _cleanup_free_ char *kept = read_text(path);
        char *b = kept;

        cr_expect_not(differ(&a, &b, &line, &wanted), "the kernel:    %s\nthe simulated: %s",
                wanted, line);
}

Test(ops_script, simulated_kernel_answers_as_6_12_did)
{
        expect_kept(12);
}

Test(ops_script, simulated_kernel_answers_as_6_1_did)
{
        expect_kept(1);
}

/* Rules bent one by one, and the step that has to show it. */
static struct Bent {
        SimRule rule;
        bool slow;
        char step[80];
} bent_rules[] = {
        {SIM_RULE_OVERRIDE, false, "load vfio_pci ids=10de:1eb8"},
        {SIM_RULE_RESCAN, false, "rescan"},
        {SIM_RULE_BUSY, false, "bind 0000:06:02.0 vfio-pci"},
        {SIM_RULE_LINK, true, "within 1000 bind 0000:01:00.0 vmtest_vfio_pci"},
        {SIM_RULE_REMOVED_LINK, true, "within 1000 unbind 0000:04:00.0 vmtest_native"},
        {SIM_RULE_PROBE_SAYS, false, "probe 0000:01:00.0"},
        {SIM_RULE_ORDER, false, "rescan"},
        {SIM_RULE_ATTACHING, true, "bind 0000:01:00.0 vmtest_vfio_pci"},
        {SIM_RULE_IDS, false, "load vfio_pci ids=10de:1eb8"},
        {SIM_RULE_BLACKLIST, false, "rescan"},
        {SIM_RULE_VIABLE, false, "probe 0000:06:02.0"},
        {SIM_RULE_SETTLED, true, "settle 0000:01:00.0"},
};

_Static_assert(ARRAY_SIZE(bent_rules) == _SIM_RULE_MAX - 1, "each rule is bent once");

ParameterizedTestParameters(ops_script, bent_rule_is_seen)
{
        return cr_make_param_array(struct Bent, bent_rules, ARRAY_SIZE(bent_rules));
}

ParameterizedTest(struct Bent *bent, ops_script, bent_rule_is_seen)
{
        _cleanup_free_ char *script = read_text(SCENARIO "operations");
        _cleanup_free_ char *kept = read_text(SCENARIO "answers.6.12");
        char *slow = strstr(script, SLOW_PART);

        cr_assert(slow);
        if (!bent->slow)
                *slow = '\0';

        _cleanup_free_ char *answers = run(script, 12, bent->rule);
        char *a = answers, *b = kept, *line = NULL, *wanted = NULL;

        cr_assert(differ(&a, &b, &line, &wanted), "rule %d", bent->rule);
        cr_expect(strncmp(line, bent->step, strlen(bent->step)) == 0, "rule %d: %s", bent->rule,
                line);
}
