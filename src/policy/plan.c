/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/plan.h"

#include <string.h>

#include "base/driver-name.h"
#include "host/ops.h"
#include "policy/blacklist.h"
#include "policy/driver.h"
#include "policy/framebuffer.h"
#include "policy/rules.h"
#include "policy/select.h"
#include "policy/settings.h"
#include "policy/warnings.h"

Plan *plan_new(void)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Plan *plan = arena ? calloc(1, sizeof(Plan)) : NULL;

        if (plan)
                plan->arena = TAKE_PTR(arena);
        return plan;
}

void plan_add_step(Plan *plan, Step step)
{
        Step *item = arena_push(plan->arena, &plan->steps, &plan->n_steps);

        if (item)
                *item = step;
}

static bool any(const Plan *plan, bool (*fits)(const Claim *claim))
{
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (fits(&plan->claims.items[i]))
                        return true;
        return false;
}

static void add_policy(Plan *plan, const Config *config, const Host *host, const char *options)
{
        const char **modules = NULL;
        size_t n_modules = 0;

        /* With nothing to hand over the host keeps its drivers, whatever `blacklist` says; only
         * what an earlier run wrote is taken back. */
        if (!any(plan, claim_is_kept) && !host->policy)
                return;
        if (any(plan, claim_is_kept) &&
                blacklist_build(config, host, &plan->claims, plan->arena, &modules, &n_modules) < 0)
                return;

        const char *text = blacklist_file(modules, n_modules, options, plan->arena);
        if (!host->policy || strcmp(host->policy, text) != 0)
                plan_add_step(
                        plan, (Step){.type = STEP_POLICY, .claim = STEP_NO_CLAIM, .text = text});
}

static void add_holds(Plan *plan, size_t index)
{
        const Claim *claim = &plan->claims.items[index];

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (claim_binding_is_ready(&f->binding, claim->drivers[i]))
                        continue;
                plan_add_step(plan, (Step){.type = STEP_HOLD,
                                            .claim = (int)index,
                                            .address = f->address,
                                            .target = OPS_HOLD});
        }
}

/* The last thing before the card itself: from here on the console is dark. */
static void add_frees(Plan *plan, const Host *host, size_t index)
{
        const Claim *claim = &plan->claims.items[index];

        for (size_t i = 0; i < claim->n_functions; i++) {
                Step step = {0};

                if (!framebuffer_step(host, claim, i, &step))
                        continue;
                step.claim = (int)index;
                plan_add_step(plan, step);
        }
}

/* A driver got there first: the rules let only companions come this far. */
static void add_unbinds(Plan *plan, size_t index)
{
        const Claim *claim = &plan->claims.items[index];

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];
                const char *driver = f->binding.driver;

                if (!driver || binding_is_on(&f->binding, claim->drivers[i]))
                        continue;
                plan_add_step(plan, (Step){.type = STEP_UNBIND,
                                            .claim = (int)index,
                                            .address = f->address,
                                            .target = driver});
        }
}

static void add_settings(Plan *plan, size_t index, size_t i)
{
        Step steps[SETTINGS_MAX] = {0};
        size_t n = settings_steps(&plan->claims.items[index], i, steps);

        for (size_t k = 0; k < n; k++) {
                steps[k].claim = (int)index;
                plan_add_step(plan, steps[k]);
        }
}

/* A driver's override and its bind stand together, so that a failure names its function. */
static void add_binds(Plan *plan, size_t index)
{
        const Claim *claim = &plan->claims.items[index];

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];
                const char *driver = claim->drivers[i];
                Step step = {.claim = (int)index, .address = f->address, .target = driver};

                if (claim_binding_is_ready(&f->binding, driver))
                        continue;
                step.type = STEP_OVERRIDE;
                plan_add_step(plan, step);
                add_settings(plan, index, i);
                step.type = STEP_BIND;
                plan_add_step(plan, step);
        }
}

static bool is_loaded_already(const Plan *plan, const char *module)
{
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type == STEP_LOAD && strcmp(plan->steps[i].target, module) == 0)
                        return true;
        return false;
}

static void add_load(Plan *plan, const char *driver, const char *options)
{
        const char *module = driver_module(driver);
        bool vfio_pci = driver_name_equal(driver, DRIVER_VFIO_PCI);

        if (!is_loaded_already(plan, module))
                plan_add_step(plan, (Step){.type = STEP_LOAD,
                                            .claim = STEP_BINDERS,
                                            .target = module,
                                            .text = vfio_pci ? options : ""});
}

static bool sets_options(const Config *config)
{
        for (size_t i = 0; i < _VFIO_OPTION_MAX; i++)
                if (config->vfio_options[i] >= 0)
                        return true;
        return false;
}

/* What `claim` still wants; and vfio-pci's options are those of its variants, which share its core
 * (vfio_pci_core_set_params() of drivers/vfio/pci/vfio_pci_core.c), but only vfio-pci sets them. */
static void add_drivers(
        Plan *plan, const Config *config, const Host *host, size_t index, const char *options)
{
        const Claim *claim = &plan->claims.items[index];

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];
                const char *driver = claim->drivers[i];

                if (claim_binding_is_ready(&f->binding, driver))
                        continue;
                if (driver_state(host, f, driver) == MODULE_LOADABLE)
                        add_load(plan, driver, options);
                if (sets_options(config) && host->vfio_pci == MODULE_LOADABLE)
                        add_load(plan, DRIVER_VFIO_PCI, options);
        }
}

static void add_loads(Plan *plan, const Config *config, const Host *host, const char *options)
{
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (claim_is_accepted(&plan->claims.items[i]))
                        add_drivers(plan, config, host, i, options);
        if (any(plan, claim_is_accepted) && host->iommu_backend == MODULE_LOADABLE)
                plan_add_step(plan, (Step){.type = STEP_LOAD,
                                            .claim = STEP_NO_CLAIM,
                                            .target = host->iommu_backend_module,
                                            .text = ""});
}

static bool is_meant(const Plan *plan, const Claim *claim)
{
        return !plan->slot ||
               (claim->display && pci_address_same_slot(claim->display->address, *plan->slot));
}

static bool is_taken(const Plan *plan, size_t index)
{
        const Claim *claim = &plan->claims.items[index];

        return claim_is_accepted(claim) && is_meant(plan, claim);
}

static bool any_meant(const Plan *plan)
{
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (is_meant(plan, &plan->claims.items[i]))
                        return true;
        return !plan->slot;
}

/* What all cards need is done for one as for all of them. */
static void add_steps(Plan *plan, const Config *config, const Host *host)
{
        const char *options = blacklist_vfio_options(config, host, &plan->claims, plan->arena);

        if (!options || !plan->picked)
                return;
        add_policy(plan, config, host, options);
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (is_taken(plan, i))
                        add_holds(plan, i);
        add_loads(plan, config, host, options);
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                if (!is_taken(plan, i))
                        continue;
                add_frees(plan, host, i);
                add_unbinds(plan, i);
                add_binds(plan, i);
        }
}

PlanOff plan_off(const KernelWords *words, const Host *host)
{
        if (host->crash_kernel)
                return PLAN_OFF_CRASH;
        if (words->off)
                return PLAN_OFF_WORD;
        if (words->off_initrd && host->stage == STAGE_INITRD)
                return PLAN_OFF_INITRD_WORD;
        return PLAN_ON;
}

static int plan_fill(Plan *plan, const Config *config, const KernelWords *words, const Host *host)
{
        plan->off = plan_off(words, host);
        plan->picked = !plan->slot;
        if (plan->off != PLAN_ON)
                return 0;

        int r = select_claims(config, words, host, plan->arena, &plan->claims);
        if (r < 0)
                return r;
        r = rules_judge(host, plan->arena, &plan->claims);
        if (r < 0)
                return r;
        plan->picked = any_meant(plan);
        add_steps(plan, config, host);
        warnings_collect(config, words, host, plan);
        return arena_failed(plan->arena) ? -ENOMEM : 0;
}

int plan_build(const Config *config, const KernelWords *words, const Host *host,
        const PciAddress *slot, Plan **ret)
{
        _cleanup_(plan_freep) Plan *plan = plan_new();

        if (!plan)
                return -ENOMEM;

        plan->slot = slot;

        int r = plan_fill(plan, config, words, host);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

bool plan_takes(const Plan *plan, const Function *f)
{
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type == STEP_UNBIND &&
                        pci_address_compare(plan->steps[i].address, f->address) == 0)
                        return true;
        return false;
}

bool plan_wants_settings(const Plan *plan, const Function *f)
{
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                const Claim *claim = &plan->claims.items[i];

                if (!claim->skipped && claim_holds(claim, f) && settings_unread(claim, f))
                        return true;
        }
        return false;
}

void plan_free(Plan *plan)
{
        arena_free(plan->arena);
        free(plan);
}
