/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/invariants.h"

#include <string.h>

#include "host/ops.h"

/* What is looked at: a step, its function, and the entry that it serves. */
typedef struct View {
        Scene *scene;
        size_t index;
        const Step *step;
        const Function *f;
        const Entry *entry;
} View;

/* NULL, or what is wrong with the step. */
typedef const char *(*Invariant)(const View *view);

static bool is_vfio_driver(const char *driver)
{
        return driver && (strstr(driver, "vfio-pci") || strstr(driver, "vfio_pci"));
}

static bool is_display(const Function *f)
{
        return !f->unreadable && f->class >> 16 == 0x03;
}

static bool is_switch(const Function *f)
{
        return !f->unreadable && f->id.vendor == 0x10de && f->class >> 8 == 0x0680;
}

static const char *of_an_accepted_claim(const View *view)
{
        const Claim *claim = &view->scene->plan->claims.items[view->step->claim];

        if (claim->skipped)
                return "its entry is skipped";
        for (int reason = 0; reason < _REASON_MAX; reason++)
                if (claim->findings[reason].cause)
                        return "its claim is refused";
        return NULL;
}

static const char *no_step_on_what_is_lost(const View *view)
{
        const Function *f = view->f;

        return f->unreadable ? "it is unreadable"
               : f->silent   ? "it does not answer"
               : f->stuck    ? "an earlier run is stuck in it"
                             : NULL;
}

static const char *never_of_the_host(const View *view)
{
        unsigned base = view->f->class >> 16;

        if (base == 0x01 || base == 0x02 || view->f->class >> 8 == 0x0805)
                return "the host may live on it";
        if (view->f->bridge)
                return "it is a bridge";
        return view->f->virtual_function || view->f->enabled_vfs ? "it has to do with VFs" : NULL;
}

static bool entry_matches(const Entry *entry, const Function *f)
{
        return (!(entry->selectors & SELECT_ADDRESS) ||
                       pci_address_same_slot(entry->address, f->address)) &&
               (!(entry->selectors & SELECT_ID) ||
                       (entry->id.vendor == f->id.vendor && entry->id.device == f->id.device)) &&
               (!(entry->selectors & SELECT_VENDOR) || entry->vendor == f->id.vendor) &&
               (!(entry->selectors & SELECT_SERIAL) ||
                       (f->serial.state == SERIAL_KNOWN && f->serial.number == entry->serial));
}

static bool is_member(const Entry *entry, const Function *f)
{
        for (size_t i = 0; i < entry->n_members; i++)
                if (pci_address_same_slot(entry->members[i].address, f->address))
                        return true;
        return false;
}

/* Some display or switch of the slot is what the entry says. */
static const char *an_entry_means_it(const View *view)
{
        const Host *host = view->scene->host;

        if (is_member(view->entry, view->f))
                return NULL;
        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (pci_address_same_slot(f->address, view->f->address) &&
                        (is_display(f) || is_switch(f)) && entry_matches(view->entry, f))
                        return NULL;
        }
        return "no entry picks it";
}

static bool has_step(const Scene *scene, const Function *f)
{
        return scene_find_step(scene, STEP_BIND, PCI_ADDRESS(f->address));
}

/* VFIO hands out whole groups only; what an earlier run is stuck in is out of reach of the host,
 * too. */
static const char *the_whole_group(const View *view)
{
        const Scene *scene = view->scene;

        if (view->f->iommu_group < 0)
                return "it is in no IOMMU group";
        for (size_t i = 0; i < scene->host->n_functions; i++) {
                const Function *f = &scene->host->functions[i];
                bool counts = f->class >> 16 != 0x06 || is_switch(f);

                if (f->iommu_group == view->f->iommu_group && counts && !f->bridge &&
                        !has_step(scene, f) && !is_vfio_driver(f->binding.driver) &&
                        !claims_find_kept(&scene->plan->claims, f))
                        return arena_printf(
                                scene->arena, "%s of its group stays", PCI_ADDRESS(f->address));
        }
        return NULL;
}

static const char *never_from_vfio(const View *view)
{
        if (view->step->type != STEP_UNBIND)
                return NULL;
        if (is_vfio_driver(view->f->binding.driver) || view->f->binding.vfio_device)
                return "a VM may hold it";
        if (view->f->users.names)
                return "it is in use";
        if (!is_display(view->f))
                return NULL;
        if (view->scene->host->stage == STAGE_INITRD)
                return "it is taken from a driver in the initrd";
        return view->entry->force_unbind ? NULL : "it is taken without force_unbind";
}

static const char *not_the_boot_display(const View *view)
{
        unsigned class = view->f->class >> 8;
        bool shows = class == 0x0300 || class == 0x0380;

        return shows && (view->f->boot_vga || view->f->boot_framebuffer) &&
                               !view->entry->allow_boot_display
                       ? "it is the boot display"
                       : NULL;
}

/* On hold before anything is loaded; the override before the bind. */
static const char *in_order(const View *view)
{
        static const StepType before[_STEP_TYPE_MAX] = {
                [STEP_UNBIND] = STEP_HOLD,
                [STEP_OVERRIDE] = STEP_HOLD,
                [STEP_BIND] = STEP_OVERRIDE,
        };
        const Plan *plan = view->scene->plan;
        StepType wanted = before[view->step->type];

        for (size_t i = view->index + 1; i < plan->n_steps; i++)
                if (view->step->type == STEP_LOAD && plan->steps[i].type == STEP_HOLD)
                        return "something is loaded before it is on hold";
        if (wanted == STEP_POLICY)
                return NULL;
        for (size_t i = 0; i < view->index; i++)
                if (plan->steps[i].type == wanted &&
                        pci_address_compare(plan->steps[i].address, view->step->address) == 0)
                        return NULL;
        return "its turn has not come yet";
}

static const char *a_vfio_driver_only(const View *view)
{
        if (view->step->type == STEP_HOLD)
                return strcmp(view->step->target, OPS_HOLD) == 0 ? NULL : "it is held otherwise";
        if (view->step->type != STEP_OVERRIDE && view->step->type != STEP_BIND)
                return NULL;
        return is_vfio_driver(view->step->target) ? NULL : "it goes to no VFIO driver";
}

static const Invariant of_steps[] = {
        of_an_accepted_claim,
        no_step_on_what_is_lost,
        never_of_the_host,
        an_entry_means_it,
        the_whole_group,
        never_from_vfio,
        not_the_boot_display,
        a_vfio_driver_only,
};

static const char *check_step(Scene *scene, size_t index)
{
        const Step *step = &scene->plan->steps[index];
        View view = {.scene = scene, .index = index, .step = step};
        const char *broken = in_order(&view);

        if (!broken && step->claim >= 0) {
                view.f = host_find(scene->host, step->address);
                view.entry = scene->plan->claims.items[step->claim].entry;
                broken = view.f ? NULL : "there is no such function";
                for (size_t i = 0; !broken && i < ARRAY_SIZE(of_steps); i++)
                        broken = of_steps[i](&view);
        }
        return broken ? arena_printf(
                                scene->arena, "%s: %s", step_describe(step, scene->arena), broken)
                      : NULL;
}

static bool blacklists(const char *policy, const char *module, Arena *arena)
{
        return strstr(policy, arena_printf(arena, "blacklist %s\n", module));
}

/* Under "auto", what an unclaimed card needs may be loaded. */
static const char *check_policy(Scene *scene, const char *policy)
{
        for (size_t i = 0; scene->config->blacklist_auto && i < scene->host->n_functions; i++) {
                const Function *f = &scene->host->functions[i];

                if (f->silent || claims_find_kept(&scene->plan->claims, f))
                        continue;
                for (size_t k = 0; k < f->n_modules; k++)
                        if (blacklists(policy, f->modules[k], scene->arena))
                                return arena_printf(scene->arena,
                                        "%s is blacklisted, and %s needs it", f->modules[k],
                                        PCI_ADDRESS(f->address));
        }
        return NULL;
}

/* No card that is left to the host is of a model that vfio-pci would take by its id. */
static const char *check_ids(Scene *scene, const char *options)
{
        for (size_t i = 0; i < scene->host->n_functions; i++) {
                const Function *f = &scene->host->functions[i];
                const char *id =
                        arena_printf(scene->arena, "%04x:%04x", f->id.vendor, f->id.device);

                if (!f->unreadable && strstr(options, id) &&
                        !claims_find_kept(&scene->plan->claims, f))
                        return arena_printf(scene->arena, "vfio-pci would take %s by its id",
                                PCI_ADDRESS(f->address));
        }
        return NULL;
}

/* One word for each claim, and ready only what nothing stands against. */
static const char *check_claims(Scene *scene)
{
        const Claims *claims = &scene->plan->claims;

        for (size_t i = 0; i < claims->n_items; i++) {
                const Claim *claim = &claims->items[i];
                Verdict verdict = verify_expected(claim, scene->arena);
                bool free = !claim->skipped && claim_reason(claim) == REASON_NONE;

                if ((verdict.result == RESULT_READY) != free)
                        return "a claim is judged otherwise than it stands";
                if (!verdict.message || !*verdict.message)
                        return "a claim is judged without a word";
                if (free && claim->n_functions == 0)
                        return "a claim of nothing is accepted";
        }
        return NULL;
}

const char *invariants_of_steps(Scene *scene)
{
        const Plan *plan = scene->plan;
        const char *broken = plan->off && (plan->n_steps || plan->claims.n_items)
                                     ? "something is planned where nothing may be done"
                                     : check_claims(scene);

        for (size_t i = 0; !broken && i < plan->n_steps; i++) {
                broken = check_step(scene, i);
                if (!broken && plan->steps[i].type == STEP_POLICY)
                        broken = check_policy(scene, plan->steps[i].text);
                if (!broken && plan->steps[i].type == STEP_LOAD && plan->steps[i].text)
                        broken = check_ids(scene, plan->steps[i].text);
        }
        return broken;
}

const char *invariants_of_plan(Scene *scene)
{
        scene_plan(scene);
        const char *first = scene_steps_text(scene), *broken = invariants_of_steps(scene);

        if (broken)
                return broken;
        scene_plan(scene);
        if (strcmp(first, scene_steps_text(scene)) != 0)
                return "the same machine and config give another plan";
        scene_take_all_steps(scene);
        scene_plan(scene);
        return scene->plan->n_steps ? arena_printf(scene->arena, "a second plan has steps: %s",
                                              scene_steps_text(scene))
                                    : NULL;
}
