/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/since.h"

#include <string.h>

static bool same_driver(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_picked(const Plan *plan, const Function *f)
{
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (claim_holds(&plan->claims.items[i], f))
                        return true;
        return plan->off != PLAN_ON; /* then nobody has asked */
}

/* "0000:01:00.0 (10de:1eb8), ready on vfio-pci after the initrd stage," */
static const char *subject(const Past *past, Arena *arena)
{
        return arena_printf(arena, "%s (%04x:%04x), %s%s after the %s stage,",
                PCI_ADDRESS(past->address), past->id.vendor, past->id.device,
                past->ready    ? "ready on "
                : past->driver ? "on "
                               : "without a driver",
                past->driver ? past->driver : "", stage_word(past->stage));
}

/* What has become of it in the end; NULL: nothing. */
static const char *predicate(const Past *past, const Function *f, const Plan *plan, Arena *arena)
{
        const Binding *now = f ? &f->binding : NULL;

        if (!f)
                return "is gone";
        if (!f->unreadable && (f->id.vendor != past->id.vendor || f->id.device != past->id.device))
                return arena_printf(arena, "is gone, and %04x:%04x is in its place", f->id.vendor,
                        f->id.device);
        if (!same_driver(past->driver, now->driver))
                return arena_printf(arena, "%s%s%s now", f->released ? "was released and " : "",
                        now->driver ? "is on " : "has no driver", now->driver ? now->driver : "");
        if (past->ready && !now->vfio_device)
                return "is not known to VFIO any more";
        if (past->ready && !is_picked(plan, f))
                return arena_printf(arena,
                        "is still there, and no entry picks it any more: `vfio-gpu release %s` "
                        "gives it back",
                        PCI_ADDRESS(f->address));
        return NULL;
}

static void add(Since *since, const Past *past, const char *now, const char *message, Arena *arena)
{
        Difference *item = arena_push(arena, &since->items, &since->n_items);

        if (item)
                *item = (Difference){.past = past, .now = now, .message = message};
}

int since_build(const History *history, const Host *host, const Plan *plan, const char *config_path,
        Arena *arena, Since *ret)
{
        Since since = {0};

        for (size_t i = 0; i < history->n_items; i++) {
                const Past *past = &history->items[i];
                const Function *f = host_find(host, past->address);
                const char *what = predicate(past, f, plan, arena);

                if (what)
                        add(&since, past, f ? f->binding.driver : NULL,
                                arena_printf(arena, "%s %s", subject(past, arena), what), arena);
        }
        if (config_path)
                add(&since, NULL, NULL,
                        arena_printf(arena,
                                "%s was edited after the system stage had read it: see `vfio-gpu "
                                "check`; `systemctl restart vfio-gpu` puts it in force",
                                config_path),
                        arena);
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = since;
        return 0;
}
