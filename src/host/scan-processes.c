/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

typedef struct Walk {
        const Root *root;
        const Nodes *nodes;
        Holders *holders;
        Processes seen;
} Walk;

/* Any process may choose its name. */
static void read_name(const Walk *walk, long pid, char *name)
{
        char path[sizeof("proc//comm") + 20];
        _cleanup_free_ char *comm = NULL;

        snprintf(path, sizeof(path), "proc/%ld/comm", pid);
        snprintf(name, PROCESS_NAME_SIZE, "%s",
                root_read(walk->root, path, 64, &comm) == 0 && *comm ? comm : "?");
        for (char *c = name; *c; c++)
                if (*c < ' ' || *c > '~')
                        *c = '?';
}

/* Processes come one after the other, each with many files. */
static void count(const Walk *walk, Holders *holders, long pid)
{
        if (holders->last == pid)
                return;
        holders->last = pid;
        if (holders->n_items < PROCESSES_NAMED) {
                holders->items[holders->n_items].pid = pid;
                read_name(walk, pid, holders->items[holders->n_items].name);
        }
        holders->n_items++;
}

static void compare(const Walk *walk, dev_t number, long pid)
{
        for (size_t i = 0; i < walk->nodes->n_items; i++)
                if (walk->nodes->items[i].number == number)
                        count(walk, &walk->holders[walk->nodes->items[i].owner], pid);
}

/* Returns false when the process may not be looked into. */
static bool look_at_files(const Walk *walk, DIR *files, long pid)
{
        for (const struct dirent *entry; (entry = readdir(files));) {
                struct statx file = {0};

                if (*entry->d_name == '.')
                        continue;
                if (statx(dirfd(files), entry->d_name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
                            STATX_TYPE, &file) < 0) {
                        if (errno == EACCES || errno == EPERM)
                                return false;
                        continue;
                }
                if (S_ISCHR(file.stx_mode) || S_ISBLK(file.stx_mode))
                        compare(walk, makedev(file.stx_rdev_major, file.stx_rdev_minor), pid);
        }
        return true;
}

static void look_into(Walk *walk, long pid)
{
        char path[sizeof("proc//fd") + 20];

        snprintf(path, sizeof(path), "proc/%ld/fd", pid);

        _cleanup_closedir_ DIR *files = root_list(walk->root, path);

        if (files)
                walk->seen.n_closed += !look_at_files(walk, files, pid);
        else /* one that has ended meanwhile is none */
                walk->seen.n_closed += errno != ENOENT && errno != ESRCH;
}

static void look_into_all(Walk *walk, DIR *directory)
{
        for (const struct dirent *entry; (entry = readdir(directory));) {
                char *end = NULL;
                long pid = strtol(entry->d_name, &end, 10);

                if (pid <= 0 || *end)
                        continue;
                if (pid == 1)
                        walk->seen.hidden = false;
                look_into(walk, pid);
        }
}

void scan_processes(const Root *root, const Nodes *nodes, Holders *holders, Processes *ret)
{
        Walk walk = {.root = root, .nodes = nodes, .holders = holders, .seen = {.hidden = true}};
        _cleanup_closedir_ DIR *directory = root_list(root, "proc");

        if (directory)
                look_into_all(&walk, directory);
        *ret = walk.seen;
}
