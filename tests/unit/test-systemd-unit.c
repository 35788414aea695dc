/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/systemd-unit.h"

#include <criterion/criterion.h>

Test(systemd_unit, is_over)
{
        static const struct {
                SystemdUnit unit;
                bool over;
        } units[] = {
                {{"active", false}, true},
                {{"failed", false}, true},
                {{"inactive", false},
                        true /* nobody wants it, or a condition of it does not hold */},
                {{"inactive", true}, false /* it waits for its turn */},
                {{"activating", true}, false},
                {{"activating", false}, false},
                {{"deactivating", true}, false},
                {{"active", true}, false /* it is to be started anew */},
                {{"failed", true}, false},
                {{"reloading", false}, false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                cr_expect_eq(systemd_unit_is_over(&units[i].unit), units[i].over, "%s, job %d",
                        units[i].unit.active_state, units[i].unit.has_job);
}
