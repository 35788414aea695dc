/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/stuck.h"

#include <string.h>

#include "base/text.h"
#include "host/stuck-line.h"

#define STUCK_FILE "stuck"
#define STUCK_MAX  ((size_t)64 * 1024)

static char *read_name(const Root *root, int process)
{
        char path[sizeof("proc/-2147483648/comm")];
        char *name = NULL;

        snprintf(path, sizeof(path), "proc/%d/comm", process);
        return root_read(root, path, sizeof(((StuckLine *)0)->name), &name) < 0 ? NULL : name;
}

/* A number may be another process's by now, hardly one of the same name. What became of another
 * machine's processes is not known here. */
static bool is_still_there(const Root *root, const StuckLine *line)
{
        _cleanup_free_ char *name = root->real ? read_name(root, line->process) : NULL;

        return !root->real || (name && strcmp(name, line->name) == 0);
}

static void add_step(Text *text, const Root *root, Stage stage, const Step *step, int worker)
{
        _cleanup_free_ char *name = read_name(root, worker);

        if (name)
                text_add(text, "%s %d %s %s\n", PCI_ADDRESS(step->address), worker,
                        stuck_line_stage(stage), name);
}

int stuck_add(const Root *root, const RunDir *dir, Stage stage, const Step *steps, size_t n_steps,
        const StepOutcome *outcomes)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_free_ char *before = NULL;
        Text text = TEXT_IN(arena);
        size_t old = 0;

        if (!arena)
                return -ENOMEM;
        if (directory_read(dir->fd, STUCK_FILE, STUCK_MAX, &before) == 0 && *before)
                text_add(&text, "%s\n", before);
        old = text.length;
        for (size_t i = 0; i < n_steps; i++)
                if (outcomes[i].worker > 0 && steps[i].claim >= 0)
                        add_step(&text, root, stage, &steps[i], outcomes[i].worker);
        if (arena_failed(arena))
                return -ENOMEM;
        return text.length > old ? run_dir_write(dir, STUCK_FILE, text.string) : 0;
}

/* Without a name nobody can tell whether it is there. */
static bool parse(const char *text, StuckLine *ret)
{
        return stuck_line_parse(text, ret) && *ret->name;
}

/* Keeps the line when its worker is still there, and ends its consequences when not. */
static void keep_or_forget(Text *kept, const Root *root, const Ops *ops, const char *text)
{
        StuckLine line = {0};

        if (!parse(text, &line))
                return;
        if (is_still_there(root, &line))
                text_add(kept, "%s\n", text);
        else
                (void)ops->set_readable(ops->context, line.address, true);
}

int stuck_forget(const Root *root, const RunDir *dir, const Ops *ops)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_free_ char *before = NULL;
        Text kept = TEXT_IN(arena);

        if (!arena)
                return -ENOMEM;
        if (directory_read(dir->fd, STUCK_FILE, STUCK_MAX, &before) < 0)
                return 0;

        const size_t length = strlen(before);
        for (char *rest = before, *line; (line = strsep(&rest, "\n"));)
                keep_or_forget(&kept, root, ops, line);
        if (arena_failed(arena))
                return -ENOMEM;
        /* reading takes one newline away */
        return kept.length <= length ? run_dir_write(dir, STUCK_FILE, kept.string) : 0;
}

void stuck_mark(const Root *root, Host *host)
{
        _cleanup_free_ char *text = NULL;
        StuckLine line = {0};

        if (root_read(root, RUN_DIR "/" STUCK_FILE, STUCK_MAX, &text) < 0)
                return;
        for (char *rest = text, *one; (one = strsep(&rest, "\n"));)
                if (parse(one, &line) && is_still_there(root, &line))
                        stuck_line_mark(host, line.address,
                                arena_printf(host->arena, "process %d of the %s stage",
                                        line.process, line.stage));
}
