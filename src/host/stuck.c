/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/stuck.h"

#include <string.h>

#include "base/text.h"

#define STUCK_FILE "stuck"
#define STUCK_MAX  ((size_t)64 * 1024)

/* What a line holds; a number may be another process's by now, hardly one of the same name. */
typedef struct Left {
        PciAddress address;
        int worker;
        const char *stage;
        char name[16]; /* of the process: TASK_COMM_LEN */
} Left;

static const char *const stage_names[] = {
        [STAGE_INITRD] = "initrd",
        [STAGE_SYSTEM] = "system",
};

static char *read_name(const Root *root, int process)
{
        char path[sizeof("proc/-2147483648/comm")];
        char *name = NULL;

        snprintf(path, sizeof(path), "proc/%d/comm", process);
        return root_read(root, path, sizeof(((Left *)0)->name), &name) < 0 ? NULL : name;
}

static bool parse_line(const char *line, Left *ret)
{
        Left left = {0};
        char address[PCI_ADDRESS_SIZE] = "", stage[8] = "";

        if (sscanf(line, "%16s %d %7s %15[^\n]", address, &left.worker, stage, left.name) != 4 ||
                pci_address_parse(address, &left.address, NULL) < 0)
                return false;
        for (int i = STAGE_INITRD; i <= STAGE_SYSTEM; i++)
                if (strcmp(stage, stage_names[i]) == 0)
                        left.stage = stage_names[i];
        if (!left.stage)
                return false;
        *ret = left;
        return true;
}

/* What became of another machine's processes is not known here. */
static bool is_still_there(const Root *root, const Left *left)
{
        _cleanup_free_ char *name = root->real ? read_name(root, left->worker) : NULL;

        return !root->real || (name && strcmp(name, left->name) == 0);
}

static void add_step(Text *text, const Root *root, Stage stage, const Step *step, int worker)
{
        _cleanup_free_ char *name = read_name(root, worker);

        if (name)
                text_add(text, "%s %d %s %s\n", PCI_ADDRESS(step->address), worker,
                        stage_names[stage], name);
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

/* Keeps the line when its worker is still there, and ends its consequences when not. */
static void keep_or_forget(Text *kept, const Root *root, const Ops *ops, const char *line)
{
        Left left = {0};

        if (!parse_line(line, &left))
                return;
        if (is_still_there(root, &left))
                text_add(kept, "%s\n", line);
        else
                (void)ops->set_readable(ops->context, left.address, true);
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

static void mark(Host *host, const Left *left)
{
        for (size_t i = 0; i < host->n_functions; i++) {
                Function *f = &host->functions[i];

                if (pci_address_compare(f->address, left->address) == 0)
                        f->stuck = arena_printf(host->arena, "process %d of the %s stage",
                                left->worker, left->stage);
        }
}

void stuck_mark(const Root *root, Host *host)
{
        _cleanup_free_ char *text = NULL;

        if (root_read(root, RUN_DIR "/" STUCK_FILE, STUCK_MAX, &text) < 0)
                return;
        for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
                Left left = {0};

                if (parse_line(line, &left) && is_still_there(root, &left))
                        mark(host, &left);
        }
}
