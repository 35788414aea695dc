/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/list.h"

#include "policy/match.h"

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

static const char *picked_by(const Plan *plan, const Function *display)
{
        for (size_t i = 0; plan && i < plan->claims.n_items; i++)
                if (plan->claims.items[i].display == display)
                        return plan->claims.items[i].entry->name;
        return NULL;
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

                if (!in_slot(gpu, f) && !f->bridge &&
                        function_shares_group(gpu->functions, gpu->n_functions, f))
                        r = add_function(arena, &gpu->shares_with, &gpu->n_shares_with, f);
        }
        gpu->entry = picked_by(plan, gpu->display);
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
        }
        *ret = list;
        return 0;
}
