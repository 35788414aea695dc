/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "policy/image.h"
#include "policy/reason.h"
#include "policy/verify.h"
#include "report/report.h"

/* The words are a contract with programs that read them: in the order of their weight. */
static const char *const words[_REASON_MAX] = {NULL, "absent", "ambiguous", "not-a-gpu",
        "unreadable", "conflict", "no-iommu", "shared-group", "boot-display", "driver-busy",
        "virtual-function", "bridge-header", "no-driver", "timeout", "bind-failed", "lost"};

Test(reason, words_are_those_of_the_manual)
{
        cr_assert_eq(_REASON_MAX, 16);
        cr_expect_null(reason_word(REASON_NONE));
        for (int i = 1; i < _REASON_MAX; i++)
                cr_expect_str_eq(reason_word((Reason)i), words[i]);
}

/* It stands inside of a sentence, and is that of no other reason. */
static void expect_own_clause(const char *const *clauses, int i)
{
        const char *clause = clauses[i];

        cr_assert_not_null(clause, "%s", words[i]);
        cr_expect(islower((unsigned char)*clause) && clause[strlen(clause) - 1] != '.', "%s: %s",
                words[i], clause);
        for (int k = 1; k < i; k++)
                cr_expect_str_neq(clause, clauses[k]);
}

Test(reason, each_has_a_cause_and_a_remedy_of_its_own)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const char *causes[_REASON_MAX] = {NULL}, *remedies[_REASON_MAX] = {NULL},
                   *anywhere[_REASON_MAX] = {NULL};

        cr_expect_null(reason_cause(REASON_NONE));
        cr_expect_null(reason_remedy(REASON_NONE, IMAGE_TOOL_DRACUT, arena));
        cr_expect_null(reason_remedy_anywhere(REASON_NONE));
        for (int i = 1; i < _REASON_MAX; i++) {
                causes[i] = reason_cause((Reason)i);
                remedies[i] = reason_remedy((Reason)i, IMAGE_TOOL_DRACUT, arena);
                anywhere[i] = reason_remedy_anywhere((Reason)i);
                expect_own_clause(causes, i);
                expect_own_clause(remedies, i);
                expect_own_clause(anywhere, i);
        }
}

Test(reason, who_lacks_something_in_the_image_is_told_this_host_s_command)
{
        static const Reason with[] = {REASON_DRIVER_BUSY, REASON_NO_DRIVER};
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (int tool = 0; tool < _IMAGE_TOOL_MAX; tool++) {
                const char *command = image_command((ImageTool)tool);

                for (size_t i = 0; i < ARRAY_SIZE(with); i++) {
                        const char *remedy = reason_remedy(with[i], (ImageTool)tool, arena);

                        cr_expect(strstr(remedy, command), "%s", remedy);
                        cr_expect(strstr(remedy, "reboot"), "%s", remedy);
                        /* the manual names no host's command */
                        cr_expect_null(strstr(reason_remedy_anywhere(with[i]), "("));
                }
                cr_expect_null(strstr(reason_remedy(REASON_LOST, (ImageTool)tool, arena), command));
        }
}

/* ERRNO= of the journal and of sd_notify(): never 0 where something is wrong. */
Test(reason, each_has_an_errno)
{
        static const int errors[_REASON_MAX] = {
                [REASON_ABSENT] = ENODEV,
                [REASON_AMBIGUOUS] = ENOTUNIQ,
                [REASON_NOT_A_GPU] = EINVAL,
                [REASON_UNREADABLE] = EIO,
                [REASON_CONFLICT] = EEXIST,
                [REASON_NO_IOMMU] = EOPNOTSUPP,
                [REASON_SHARED_GROUP] = EXDEV,
                [REASON_BOOT_DISPLAY] = EPERM,
                [REASON_DRIVER_BUSY] = EBUSY,
                [REASON_VIRTUAL_FUNCTION] = EINVAL,
                [REASON_BRIDGE_HEADER] = EINVAL,
                [REASON_NO_DRIVER] = ENOENT,
                [REASON_TIMEOUT] = ETIMEDOUT,
                [REASON_BIND_FAILED] = EIO,
                [REASON_LOST] = ENOLINK,
        };
        _cleanup_(arena_freep) Arena *arena = arena_new();

        cr_expect_eq(reason_errno(REASON_NONE), 0);
        for (int i = 1; i < _REASON_MAX; i++) {
                Host host = {0};
                Claim claim = {.host = &host};

                cr_expect_gt(errors[i], 0);
                cr_expect_eq(reason_errno((Reason)i), errors[i], "%s", words[i]);
                claim_refuse(&claim, (Reason)i, "it is so");
                Verdict verdict = verify_expected(&claim, arena);
                cr_expect_eq(verdict.error, errors[i], "%s", words[i]);
                cr_expect_eq(strncmp(verdict.message, "it is so", 8), 0, "%s", verdict.message);
        }
}

Test(reason, words_of_results)
{
        static const char *const results[_RESULT_MAX] = {
                "ready", "absent", "refused", "failed", "skipped"};
        static const char *const overalls[_OVERALL_MAX] = {"ok", "degraded", "failed", "disabled"};

        for (int i = 0; i < _RESULT_MAX; i++)
                cr_expect_str_eq(result_word((Result)i), results[i]);
        for (int i = 0; i < _OVERALL_MAX; i++)
                cr_expect_str_eq(overall_word((Overall)i), overalls[i]);
        cr_expect_str_eq(stage_word(STAGE_INITRD), "initrd");
        cr_expect_str_eq(stage_word(STAGE_SYSTEM), "system");
}
