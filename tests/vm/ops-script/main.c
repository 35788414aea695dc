/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ops-script [--simulated=KERNEL [--speed=TIMES] [--bent=RULE]] SCRIPT: runs a script of operations
 * (lib/ops-script.h) on this machine, whose devices it changes; or on a simulated kernel, as that
 * of version KERNEL.
 */

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/ops-kernel.h"
#include "lib/ops-script.h"

static char *read_script(const char *path)
{
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        char *text = NULL;
        size_t size = 0;

        if (!file || getdelim(&text, &size, '\0', file) < 0)
                err(1, "%s", path);
        return text;
}

static int run_simulated(const char *script, const char *version, unsigned speed, SimRule bent)
{
        unsigned major = 0, minor = 0;

        if (sscanf(version, "%u.%u", &major, &minor) != 2)
                errx(1, "%s: not a version of a kernel", version);

        _cleanup_(sim_freep) Sim *sim = ops_script_machine(script, major, minor);
        Others others = {0};

        sim_core(sim)->speed = speed;
        sim_core(sim)->bent = bent;
        sim_others_init(sim, &others);
        printf("Linux %u.%u\n", major, minor);
        return ops_script_run(script, sim_ops(sim), &others, speed, stdout);
}

static int run_here(const char *script)
{
        _cleanup_(root_done) Root root = ROOT_NULL;
        struct utsname kernel = {0};
        Ops ops = {0};
        Others others = {0};
        unsigned major = 0, minor = 0;
        int r = root_open(NULL, NULL, &root);

        if (r == 0)
                r = ops_kernel_init(&root, &ops);
        if (r < 0)
                return r;
        others_kernel_init(&root, &others);
        (void)uname(&kernel);
        (void)sscanf(kernel.release, "%u.%u", &major, &minor);
        printf("Linux %u.%u\n", major, minor);
        return ops_script_run(script, &ops, &others, 1, stdout);
}

int main(int argc, char **argv)
{
        static const struct option options[] = {{"simulated", required_argument, NULL, 's'},
                {"speed", required_argument, NULL, 'x'}, {"bent", required_argument, NULL, 'b'},
                {0}};
        const char *version = NULL;
        SimRule bent = SIM_RULES_HOLD;
        unsigned speed = 1;

        for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
                if (c == 's')
                        version = optarg;
                else if (c == 'x')
                        speed = (unsigned)strtoul(optarg, NULL, 10);
                else if (c == 'b')
                        bent = (SimRule)strtoul(optarg, NULL, 10);
                else
                        return 2;
        if (optind + 1 != argc)
                errx(2, "wants a script");
        setvbuf(stdout, NULL, _IOLBF, 0);

        _cleanup_free_ char *script = read_script(argv[optind]);
        int r = version ? run_simulated(script, version, speed, bent) : run_here(script);
        return r < 0 ? 1 : 0;
}
