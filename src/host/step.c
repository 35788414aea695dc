/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/step.h"

const char *step_type_name(StepType type)
{
        static const char *const names[_STEP_TYPE_MAX] = {
                [STEP_POLICY] = "policy",
                [STEP_HOLD] = "hold",
                [STEP_LOAD] = "load",
                [STEP_UNBIND] = "unbind",
                [STEP_OVERRIDE] = "override",
                [STEP_BIND] = "bind",
        };

        return names[type];
}
