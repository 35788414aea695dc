/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/ops-script.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

/* What a boot of these scenarios has of the kernel, it holds against what is kept of it. */
#define SCENARIOS     "tests/vm/scenarios/"
#define KERNEL        "97-simulated-kernel"
#define VFS           "98-simulated-vfs"
#define WITHOUT_IOMMU "98-simulated-without-iommu"
/* Times of the script are made for an emulated processor. */
#define SPEED 3
/* Where the part of it begins that takes time. */
#define SLOW_PART "# --- What takes time."

static char *read_text(const char *scenario, const char *name)
{
        char path[128];
        char *text = NULL;
        size_t size = 0;

        snprintf(path, sizeof(path), SCENARIOS "%s/%s", scenario, name);

        _cleanup_fclose_ FILE *file = fopen(path, "re");
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

static struct Kept {
        char scenario[32];
        unsigned minor;
} kept_answers[] = {
        {KERNEL, 12},
        {KERNEL, 1},
        {VFS, 12},
        {VFS, 1},
        {WITHOUT_IOMMU, 12},
        {WITHOUT_IOMMU, 1},
};

ParameterizedTestParameters(ops_script, simulated_kernel_answers_as_the_real_one_did)
{
        return cr_make_param_array(struct Kept, kept_answers, ARRAY_SIZE(kept_answers));
}

ParameterizedTest(struct Kept *k, ops_script, simulated_kernel_answers_as_the_real_one_did)
{
        char name[32];
        _cleanup_free_ char *script = read_text(k->scenario, "operations");
        _cleanup_free_ char *answers = run(script, k->minor, SIM_RULES_HOLD);
        char *a = answers, *line = NULL, *wanted = NULL;

        snprintf(name, sizeof(name), "answers.6.%u", k->minor);
        _cleanup_free_ char *kept = read_text(k->scenario, name);
        char *b = kept;

        cr_expect_not(differ(&a, &b, &line, &wanted), "%s\nthe kernel 6.%u: %s\nthe simulated: %s",
                k->scenario, k->minor, wanted, line);
}

/* Rules bent one by one, and the step that has to show it. */
static struct Bent {
        SimRule rule;
        bool slow;
        char step[80];
        char scenario[32];
} bent_rules[] = {
        {SIM_RULE_OVERRIDE, false, "load vfio_pci ids=10de:1eb8", KERNEL},
        {SIM_RULE_RESCAN, false, "rescan", KERNEL},
        {SIM_RULE_BUSY, false, "bind 0000:06:02.0 vfio-pci", KERNEL},
        {SIM_RULE_LINK, true, "within 1000 bind 0000:01:00.0 vmtest_vfio_pci", KERNEL},
        {SIM_RULE_REMOVED_LINK, true, "within 1000 unbind 0000:04:00.0 vmtest_native", KERNEL},
        {SIM_RULE_PROBE_SAYS, false, "probe 0000:01:00.0", KERNEL},
        {SIM_RULE_ORDER, false, "rescan", KERNEL},
        {SIM_RULE_ATTACHING, true, "bind 0000:01:00.0 vmtest_vfio_pci", KERNEL},
        {SIM_RULE_IDS, false, "load vfio_pci ids=10de:1eb8", KERNEL},
        {SIM_RULE_BLACKLIST, false, "rescan", KERNEL},
        {SIM_RULE_VIABLE, false, "probe 0000:06:02.0", KERNEL},
        {SIM_RULE_SETTLED, true, "settle 0000:01:00.0", KERNEL},
        {SIM_RULE_VF, false, "vfs 0000:03:00.0 2", VFS},
        {SIM_RULE_GROUP, false, "load vfio_pci", WITHOUT_IOMMU},
        {SIM_RULE_SYNC, true, "within 3000 load vmtest_native", VFS},
};

_Static_assert(ARRAY_SIZE(bent_rules) == _SIM_RULE_MAX - 1, "each rule is bent once");

ParameterizedTestParameters(ops_script, bent_rule_is_seen)
{
        return cr_make_param_array(struct Bent, bent_rules, ARRAY_SIZE(bent_rules));
}

ParameterizedTest(struct Bent *bent, ops_script, bent_rule_is_seen)
{
        _cleanup_free_ char *script = read_text(bent->scenario, "operations");
        _cleanup_free_ char *kept = read_text(bent->scenario, "answers.6.12");
        char *slow = strstr(script, SLOW_PART);

        cr_assert(slow || !bent->slow);
        if (slow && !bent->slow)
                *slow = '\0';

        _cleanup_free_ char *answers = run(script, 12, bent->rule);
        char *a = answers, *b = kept, *line = NULL, *wanted = NULL;

        cr_assert(differ(&a, &b, &line, &wanted), "rule %d", bent->rule);
        cr_expect(strncmp(line, bent->step, strlen(bent->step)) == 0, "rule %d: %s", bent->rule,
                line);
}
