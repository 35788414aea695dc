/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/step.h"

#include <string.h>

#include "base/driver-name.h"

static bool binds_to(const Step *steps, size_t n_steps, int claim, const char *module)
{
        for (size_t i = 0; i < n_steps; i++)
                if (steps[i].type == STEP_BIND && steps[i].claim == claim &&
                        driver_name_equal(steps[i].target, module))
                        return true;
        return false;
}

bool step_serves(const Step *steps, size_t n_steps, size_t index, int claim)
{
        const Step *step = &steps[index];

        if (step->claim == STEP_BINDERS)
                return binds_to(steps, n_steps, claim, step->target);
        return step->claim == STEP_NO_CLAIM || step->claim == claim;
}

const char *step_type_name(StepType type)
{
        static const char *const names[_STEP_TYPE_MAX] = {
                [STEP_POLICY] = "policy",
                [STEP_HOLD] = "hold",
                [STEP_LOAD] = "load",
                [STEP_FORGET] = "forget",
                [STEP_FREE] = "free",
                [STEP_UNBIND] = "unbind",
                [STEP_OVERRIDE] = "override",
                [STEP_RESET_METHOD] = "reset-method",
                [STEP_D3COLD] = "d3cold",
                [STEP_BIND] = "bind",
                [STEP_CLEAR] = "clear",
                [STEP_PROBE] = "probe",
                [STEP_ANNOUNCE] = "announce",
                [STEP_SETTLE] = "settle",
        };

        return names[type];
}

/* `ids=` with nothing behind it keeps those of modprobe.d away; in words it would look cut off. */
static const char *describe_load(const Step *step, Arena *arena)
{
        static const char ids[] = "ids=";
        const size_t n = sizeof(ids) - 1;
        const char *rest = step->text + n;

        if (strncmp(step->text, ids, n) == 0 && (*rest == '\0' || *rest == ' '))
                return arena_printf(arena, "load %s ids= (none)%s", step->target, rest);
        return arena_printf(arena, "load %s%s%s", step->target, *step->text ? " " : "", step->text);
}

const char *step_describe(const Step *step, Arena *arena)
{
        const char *address = PCI_ADDRESS(step->address);

        switch (step->type) {
        case STEP_POLICY:
                return "write /run/modprobe.d/vfio-gpu.conf";
        case STEP_HOLD:
                return arena_printf(arena, "hold %s (driver_override = %s)", address, step->target);
        case STEP_LOAD:
                return describe_load(step, arena);
        case STEP_FORGET:
                return arena_printf(arena, "make vfio-pci forget the model %s", step->target);
        case STEP_FREE:
                return arena_printf(arena, "free the memory of %s (take %s from %s)", address,
                        step->text, step->target);
        case STEP_UNBIND:
                return arena_printf(arena, "take %s from %s", address, step->target);
        case STEP_OVERRIDE:
                return arena_printf(
                        arena, "override %s (driver_override = %s)", address, step->target);
        case STEP_RESET_METHOD:
                return arena_printf(arena, "set reset_method of %s to `%s`", address, step->target);
        case STEP_D3COLD:
                return arena_printf(
                        arena, "set d3cold_allowed of %s to `%s`", address, step->target);
        case STEP_BIND:
                return arena_printf(arena, "bind %s to %s", address, step->target);
        case STEP_CLEAR:
                return arena_printf(arena, "clear the driver_override of %s", address);
        case STEP_PROBE:
                return arena_printf(arena, "look for a driver of %s (drivers_probe)", address);
        case STEP_ANNOUNCE:
                return arena_printf(arena, "announce %s to udev%s%s%s", address,
                        step->target ? " (" : "", step->target ? step->target : "",
                        step->target ? ")" : "");
        case STEP_SETTLE:
                return arena_printf(arena, "wait for the driver of %s", address);
        case _STEP_TYPE_MAX:
                break;
        }
        return NULL;
}
