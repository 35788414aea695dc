/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/capabilities.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define SOME (CAPABILITY(CAP_SYS_MODULE) | CAPABILITY(CAP_DAC_OVERRIDE))

/* One line of /proc/self/status: what the kernel says, by another way than the code under test. */
static uint64_t status_of(const char *field)
{
        _cleanup_fclose_ FILE *file = fopen("/proc/self/status", "re");
        char line[256] = "";
        uint64_t value = UINT64_MAX;

        cr_assert_not_null(file);
        while (fgets(line, sizeof(line), file))
                if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':')
                        cr_assert_eq(sscanf(line + strlen(field) + 1, "%" SCNx64, &value), 1);
        cr_assert_neq(value, UINT64_MAX, "no %s", field);
        return value;
}

Test(capabilities, now)
{
        cr_expect_eq(capabilities_now(), status_of("CapEff"));
}

Test(capabilities, only_what_is_wanted_is_kept)
{
        static const uint64_t wanted[] = {UINT64_MAX, SOME, CAPABILITY(CAP_SYS_MODULE), 0};
        uint64_t had = status_of("CapPrm");

        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
                cr_assert_eq(capabilities_keep(wanted[i]), 0);
                cr_expect_eq(status_of("CapEff"), had & wanted[i]);
                cr_expect_eq(status_of("CapPrm"), had & wanted[i]);
                cr_expect_eq(status_of("CapInh"), 0);
                cr_expect_eq(status_of("CapAmb"), 0);
        }
}

Test(capabilities, what_is_gone_does_not_come_back)
{
        cr_assert_eq(capabilities_keep(0), 0);
        cr_assert_eq(capabilities_keep(UINT64_MAX), 0);
        cr_expect_eq(status_of("CapPrm"), 0);
}

/* Above 31 as well: the sets are in two words. */
Test(capabilities, each_by_itself)
{
        for (int capability = 0; capability <= 40; capability++) {
                uint64_t had = status_of("CapPrm");
                int status = -1;
                pid_t pid = fork();

                cr_assert_geq(pid, 0);
                if (pid == 0)
                        _exit(capabilities_keep(CAPABILITY(capability)) < 0 ||
                                status_of("CapEff") != (had & CAPABILITY(capability)));
                cr_assert_eq(waitpid(pid, &status, 0), pid);
                cr_expect_eq(status, 0, "capability %d", capability);
        }
}

/* What runs a program after that, libkmod for one, hands nothing on: not to root either. */
Test(capabilities, no_program_gets_them_back)
{
        _cleanup_free_ char *command = NULL;

        cr_assert_eq(capabilities_keep(CAPABILITY(CAP_SYS_MODULE)), 0);
        cr_expect_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
        cr_assert(asprintf(&command, "grep -q '^CapPrm:.*%016" PRIx64 "$' /proc/self/status",
                          status_of("CapPrm")) > 0);
        cr_expect_eq(system(command), 0);
}
