/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/settings.h"

#include <string.h>

#include "base/text.h"

/* A setting as text: what the entry wants, NULL when nothing; what was found, NULL when the kernel
 * has no such attribute. */
static const char *wanted_reset_method(const Claim *claim, const Function *f)
{
        return f == claim->display ? claim->entry->reset_method : NULL;
}

static const char *found_reset_method(const Function *f)
{
        return f->settings.reset_method;
}

static const char *switch_text(int value)
{
        return value < 0 ? NULL : value ? "1" : "0";
}

static const char *wanted_d3cold(const Claim *claim, _unused_ const Function *f)
{
        return switch_text(claim->entry->d3cold);
}

static const char *found_d3cold(const Function *f)
{
        return switch_text(f->settings.d3cold);
}

static const struct {
        StepType step;
        const char *key, *attribute, *why_missing;
        const char *(*wanted)(const Claim *claim, const Function *f);
        const char *(*found)(const Function *f);
} settings[SETTINGS_MAX] = {
        {STEP_RESET_METHOD, "reset_method", "reset_method",
                "it knows no way to reset this device, or is older than 5.15", wanted_reset_method,
                found_reset_method},
        {STEP_D3COLD, "d3cold", "d3cold_allowed", "it was built without power management or ACPI",
                wanted_d3cold, found_d3cold},
};

bool settings_unread(const Claim *claim, const Function *f)
{
        for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
                if (settings[i].wanted(claim, f))
                        return !f->settings.known;
        return false;
}

static bool is_ready(const Claim *claim, size_t i)
{
        return claim_binding_is_ready(&claim->functions[i]->binding, claim->drivers[i]);
}

static Finding missing(const Function *f, size_t k, Arena *arena)
{
        return (Finding){
                .cause = arena_printf(arena, "the kernel has no %s for %s: %s",
                        settings[k].attribute, PCI_ADDRESS(f->address), settings[k].why_missing),
                .remedy = arena_printf(arena, "leave out `%s`", settings[k].key),
        };
}

Finding settings_missing(const Claim *claim, Arena *arena)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                for (size_t k = 0; f->settings.known && k < ARRAY_SIZE(settings); k++)
                        if (settings[k].wanted(claim, f) && !settings[k].found(f) &&
                                !is_ready(claim, i))
                                return missing(f, k, arena);
        }
        return (Finding){0};
}

static bool differs(const Claim *claim, const Function *f, size_t k)
{
        const char *wanted = settings[k].wanted(claim, f), *found = settings[k].found(f);

        return f->settings.known && wanted && found && strcmp(wanted, found) != 0;
}

size_t settings_steps(const Claim *claim, size_t i, Step ret[static SETTINGS_MAX])
{
        const Function *f = claim->functions[i];
        size_t n = 0;

        for (size_t k = 0; k < ARRAY_SIZE(settings); k++)
                if (differs(claim, f, k))
                        ret[n++] = (Step){.type = settings[k].step,
                                .address = f->address,
                                .target = settings[k].wanted(claim, f)};
        return n;
}

const char *settings_kept(const Claim *claim, size_t i, Arena *arena)
{
        const Function *f = claim->functions[i];
        Text text = TEXT_IN(arena);

        for (size_t k = 0; is_ready(claim, i) && k < ARRAY_SIZE(settings); k++) {
                if (!differs(claim, f, k))
                        continue;
                text_separate(&text, ", ");
                text_add(&text, "%s stays `%s`, not `%s`", settings[k].attribute,
                        settings[k].found(f), settings[k].wanted(claim, f));
        }
        if (text_is_empty(&text))
                return NULL;
        return arena_printf(arena,
                "%s is with %s already, and a virtual machine may use it: %s; reboot to change it",
                PCI_ADDRESS(f->address), claim->drivers[i], text.string);
}
