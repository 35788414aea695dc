/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/list.h"

#include "policy/match.h"
#include "policy/members.h"
#include "policy/rules.h"

static int add_function(Arena *arena, const Function ***items, size_t *n, const Function *f)
{
        const Function **item = arena_push(arena, items, n);

        if (!item)
                return -ENOMEM;
        *item = f;
        return 0;
}

static bool in_slot(const Gpu *gpu, const Function *f)
{
        return pci_address_same_slot(gpu->display->address, f->address);
}

static const Claim *picked_by(const Plan *plan, const Function *display)
{
        for (size_t i = 0; plan && i < plan->claims.n_items; i++)
                if (plan->claims.items[i].display == display)
                        return &plan->claims.items[i];
        return NULL;
}

static const Claim *find_holder(const Claims *claims, const Function *f)
{
        for (size_t i = 0; claims && i < claims->n_items; i++)
                if (claim_holds(&claims->items[i], f))
                        return &claims->items[i];
        return NULL;
}

/* What select.c would take of a card that no entry picks yet. */
static bool is_part(const Gpu *gpu, const Function *f)
{
        return in_slot(gpu, f) && (function_is_gpu(f) || claim_is_companion(f, gpu->display));
}

static bool goes(const Gpu *gpu, const Function *f)
{
        return gpu->claim ? claim_holds(gpu->claim, f) : is_part(gpu, f);
}

/* Of the IOMMU group of what goes; the rest of an APU's slot has groups of its own. */
static bool is_in_group(const Gpu *gpu, const Function *f)
{
        for (size_t i = 0; i < gpu->n_functions; i++)
                if (goes(gpu, gpu->functions[i]) && function_shares_group(&gpu->functions[i], 1, f))
                        return true;
        return false;
}

static void add_place(const Host *host, Arena *arena, Gpu *gpu)
{
        const Slot *slot = match_slot(host, gpu->display);
        PciPath path = {0};

        if (host_path(host, gpu->display, &path))
                gpu->path = pci_path_format(&path, arena);
        gpu->slot = slot ? slot->name : NULL;
}

static int fill(const Host *host, const Plan *plan, Arena *arena, Gpu *gpu)
{
        int r = 0;

        gpu->claims = plan ? &plan->claims : NULL;
        gpu->claim = picked_by(plan, gpu->display);
        gpu->entry = gpu->claim ? gpu->claim->entry->name : NULL;
        for_each_in_slot (f, host, gpu->display->address) {
                if (f->virtual_function)
                        continue;
                gpu->boot_display |=
                        !function_is_nvswitch(f) && (f->boot_vga || f->boot_framebuffer);
                r = add_function(arena, &gpu->functions, &gpu->n_functions, f);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < host->n_functions && r == 0; i++) {
                const Function *f = &host->functions[i];

                if (!in_slot(gpu, f) && !members_is_quiet_bridge(f) && is_in_group(gpu, f))
                        r = add_function(arena, &gpu->shares_with, &gpu->n_shares_with, f);
        }
        add_place(host, arena, gpu);
        return r;
}

/* A switch is shown where an entry picks it; a host that leaves them alone has no need to know. */
static bool is_shown(const Plan *plan, const Function *f)
{
        return function_is_display(f) || (function_is_nvswitch(f) && picked_by(plan, f));
}

static bool is_listed(const GpuList *list, const Function *f)
{
        for (size_t i = 0; i < list->n_items; i++)
                if (in_slot(&list->items[i], f))
                        return true;
        return false;
}

static const char *iommu_advice(const Host *host, Arena *arena)
{
        Finding finding = rules_iommu_advice(host);

        if (!finding.remedy)
                finding.remedy = reason_remedy(REASON_NO_IOMMU, host->image_tool, arena);
        return claim_finding_text(finding, arena);
}

int list_build(const Host *host, const Plan *plan, Arena *arena, GpuList *ret)
{
        GpuList list = {0};

        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (!is_shown(plan, f) || f->virtual_function || is_listed(&list, f))
                        continue;

                Gpu *gpu = arena_push(arena, &list.items, &list.n_items);
                if (!gpu)
                        return -ENOMEM;
                gpu->display = f;
                int r = fill(host, plan, arena, gpu);
                if (r < 0)
                        return r;
                if (f->iommu_group < 0)
                        list.no_iommu = iommu_advice(host, arena);
        }
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = list;
        return 0;
}

Fate list_fate(const Gpu *gpu, const Function *f, const Claim **ret)
{
        if (goes(gpu, f))
                return FATE_GOES;
        if (!is_in_group(gpu, f))
                return FATE_STAYS;
        *ret = find_holder(gpu->claims, f);
        if (*ret)
                return FATE_OTHER;
        return members_never(f) ? FATE_BARS : FATE_TIED;
}

const char *list_advice(const Gpu *gpu, Arena *arena)
{
        static const Claims nobody = {0};
        Advice advice = {.items = TEXT_IN(arena)};
        bool any = false;

        for (size_t i = 0; i < gpu->n_functions + gpu->n_shares_with; i++) {
                const Function *f = i < gpu->n_functions ? gpu->functions[i]
                                                         : gpu->shares_with[i - gpu->n_functions];
                const Claim *other = NULL;
                Fate fate = list_fate(gpu, f, &other);

                if (fate != FATE_TIED && fate != FATE_BARS)
                        continue;
                members_advise(&advice, gpu->claims ? gpu->claims : &nobody, f);
                any = true;
        }
        return any ? claim_finding_text(members_advice(&advice, arena), arena) : NULL;
}
