/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/ops-script.h"

#include <err.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/worker.h"
#include "lib/machine.h"

#define MAX_DEVICES 16
#define MAX_READERS 128
#define STATE_SIZE  160
/* What does not hang is not slow, even under emulation on a busy host. */
#define STEP_MS  20000
#define READ_MS  1500
#define AGAIN_MS 500 /* where an earlier reader is blocked still */
#define UNTIL_MS 15000

/* What a process of its own has found of a function. */
typedef struct Reading {
        atomic_bool seen, whole; /* all but the override; that, too */
        bool present;
        char driver[32];
        bool vfio;
        int group;    /* as read_group() says it */
        int override; /* 0, or a negative errno */
        char text[32];
} Reading;

typedef struct Device {
        PciAddress address;
        char state[STATE_SIZE];
        const Reading *blocked; /* the last one that was */
} Device;

typedef struct Script {
        const Ops *ops;
        const Others *others;
        unsigned speed;
        FILE *out;
        Device devices[MAX_DEVICES];
        size_t n_devices;
        pid_t readers[MAX_READERS]; /* which have not come back */
        size_t n_readers;
        const char *words[8]; /* of the step */
        const char *rest;     /* what follows its second word */
        size_t n_words;
        PciAddress address; /* its second word, where that is one */
        bool has_address;
} Script;

static void read_device(const Script *script, PciAddress address, Reading *reading)
{
        const Ops *ops = script->ops;
        const Others *others = script->others;
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Binding binding = {0};

        reading->present = arena && ops->read_binding(ops->context, address, arena, &binding) == 0;
        snprintf(reading->driver, sizeof(reading->driver), "%s",
                binding.driver ? binding.driver : "-");
        reading->vfio = binding.vfio_device;
        reading->group = others->read_group(others->context, address);
        reading->seen = true;
        reading->override = others->read_override(
                others->context, address, reading->text, sizeof(reading->text));
        reading->whole = true;
}

static pid_t start_reader(const Script *script, PciAddress address, Reading *reading)
{
        pid_t pid = fork();

        if (pid == 0) {
                read_device(script, address, reading);
                _exit(0);
        }
        return pid;
}

static bool all_are_whole(const Reading *readings, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!readings[i].whole)
                        return false;
        return true;
}

static bool all_are_seen(const Reading *readings, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!readings[i].seen)
                        return false;
        return true;
}

static void wait_until(
        bool (*all)(const Reading *, size_t), const Reading *readings, size_t n, unsigned ms)
{
        const int64_t end = clock_ms() + ms;

        while (clock_ms() < end && !all(readings, n))
                clock_pause_ms(5);
}

static bool all_are_whole_or_blocked(const Script *script, const Reading *readings)
{
        for (size_t i = 0; i < script->n_devices; i++) {
                const Reading *earlier = script->devices[i].blocked;

                if (!readings[i].whole && (!earlier || earlier->whole))
                        return false;
        }
        return true;
}

/* What does not block is waited for on a busy host, too. */
static void wait_for_readers(const Script *script, const Reading *readings)
{
        const size_t n = script->n_devices;

        wait_until(all_are_seen, readings, n, STEP_MS);
        wait_until(all_are_whole, readings, n, AGAIN_MS / script->speed);
        if (!all_are_whole_or_blocked(script, readings))
                wait_until(all_are_whole, readings, n, (READ_MS - AGAIN_MS) / script->speed);
}

static const char *group_name(int group)
{
        return group == 1 ? "viable" : group == 0 ? "not-viable" : group == -ENOENT ? "-" : "error";
}

static void print_state(const Reading *reading, char state[static STATE_SIZE])
{
        const char *override = !reading->whole                ? "blocked"
                               : reading->override == -EACCES ? "refused"
                               : reading->override < 0        ? "error"
                               : *reading->text               ? reading->text
                                                              : "-";

        if (!reading->seen)
                snprintf(state, STATE_SIZE, "unseen");
        else if (!reading->present)
                snprintf(state, STATE_SIZE, "gone");
        else
                snprintf(state, STATE_SIZE, "driver=%s vfio=%s group=%s override=%s",
                        reading->driver, reading->vfio ? "yes" : "no", group_name(reading->group),
                        override);
}

static void print_change(const Script *script, Device *device, const Reading *reading)
{
        char state[STATE_SIZE] = "";

        print_state(reading, state);
        if (strcmp(state, device->state) == 0)
                return;
        strcpy(device->state, state);
        fprintf(script->out, "; %s %s", PCI_ADDRESS(device->address), state);
}

/* A reader for each function. One that blocks is left alone until the end, and what it writes to
 * with it. */
static void look(Script *script)
{
        const size_t n = script->n_devices;
        pid_t pids[MAX_DEVICES] = {0};
        Reading *readings = mmap(NULL, n * sizeof(Reading), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (readings == MAP_FAILED)
                err(1, "readings");
        for (size_t i = 0; i < n; i++)
                pids[i] = start_reader(script, script->devices[i].address, &readings[i]);
        wait_for_readers(script, readings);

        bool whole = all_are_whole(readings, n);
        for (size_t i = 0; i < n; i++) {
                print_change(script, &script->devices[i], &readings[i]);
                script->devices[i].blocked = readings[i].whole ? NULL : &readings[i];
                if (whole || readings[i].whole)
                        (void)waitpid(pids[i], NULL, 0);
                else if (script->n_readers < MAX_READERS)
                        script->readers[script->n_readers++] = pids[i];
        }
        if (whole)
                (void)munmap(readings, n * sizeof(Reading));
}

static void end_readers(const Script *script)
{
        for (size_t i = 0; i < script->n_readers; i++) {
                (void)kill(script->readers[i], SIGKILL);
                (void)waitpid(script->readers[i], NULL, WNOHANG);
        }
}

static int do_policy(const Script *s)
{
        char text[256] = "";

        if (s->n_words > 1)
                snprintf(text, sizeof(text), "%s %s\n", s->words[1], s->rest);
        return s->ops->write_policy(s->ops->context, text);
}

static int do_override(const Script *s)
{
        static char name[4097];

        if (strcmp(s->rest, "-") == 0)
                return s->ops->set_override(s->ops->context, s->address, NULL);
        if (strcmp(s->rest, "LONG") != 0)
                return s->ops->set_override(s->ops->context, s->address, s->rest);
        memset(name, 'x', sizeof(name) - 1);
        return s->ops->set_override(s->ops->context, s->address, name);
}

static int do_load(const Script *s)
{
        return s->ops->load(s->ops->context, s->words[1], s->rest);
}

static int do_unbind(const Script *s)
{
        return s->ops->unbind(s->ops->context, s->address, s->rest);
}

static int do_bind(const Script *s)
{
        return s->ops->bind(s->ops->context, s->address, s->rest);
}

static int do_probe(const Script *s)
{
        return s->ops->probe(s->ops->context, s->address);
}

static int do_settle(const Script *s)
{
        return s->ops->settle(s->ops->context, s->address);
}

static int do_announce(const Script *s)
{
        return s->ops->announce(s->ops->context, s->address);
}

static int do_forget(const Script *s)
{
        PciId id = {0};
        int r = pci_id_parse(s->words[1], &id);

        return r < 0 ? r : s->ops->forget_id(s->ops->context, id);
}

static int do_reset_method(const Script *s)
{
        char methods[128] = "";

        snprintf(methods, sizeof(methods), "%s", s->rest);
        for (char *c = methods; *c; c++)
                if (*c == ',')
                        *c = ' ';
        return s->ops->set_reset_method(s->ops->context, s->address, methods);
}

static int do_d3cold(const Script *s)
{
        return s->ops->set_d3cold(s->ops->context, s->address, s->rest);
}

static int do_readable(const Script *s)
{
        return s->ops->set_readable(s->ops->context, s->address, strcmp(s->rest, "yes") == 0);
}

static int do_unplug(const Script *s)
{
        return s->others->unplug(s->others->context, s->address);
}

static int do_rescan(const Script *s)
{
        return s->others->rescan(s->others->context);
}

static int do_vfs(const Script *s)
{
        return s->others->set_vfs(
                s->others->context, s->address, (unsigned)strtoul(s->rest, NULL, 10));
}

static int do_unload(const Script *s)
{
        return s->others->unload(s->others->context, s->words[1]);
}

static int do_udev(const Script *s)
{
        return s->others->udev(s->others->context);
}

static int do_pause(const Script *s)
{
        clock_pause_ms((unsigned)strtoul(s->words[1], NULL, 10) / s->speed);
        return 0;
}

static int do_until(const Script *s)
{
        const int64_t end = clock_ms() + UNTIL_MS;

        while (clock_ms() < end) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                Binding binding = {0};

                if (arena &&
                        s->ops->read_binding(s->ops->context, s->address, arena, &binding) == 0 &&
                        strcmp(binding.driver ? binding.driver : "-", s->rest) == 0)
                        return 0;
                clock_pause_ms(20);
        }
        return -ETIMEDOUT;
}

static const struct Verb {
        const char *name;
        int (*function)(const Script *script);
        unsigned n_words; /* at least */
        bool address;
} verbs[] = {
        {"policy", do_policy, 1, false},
        {"override", do_override, 3, true},
        {"load", do_load, 2, false},
        {"unbind", do_unbind, 3, true},
        {"bind", do_bind, 3, true},
        {"probe", do_probe, 2, true},
        {"settle", do_settle, 2, true},
        {"announce", do_announce, 2, true},
        {"forget", do_forget, 2, false},
        {"reset-method", do_reset_method, 3, true},
        {"d3cold", do_d3cold, 3, true},
        {"readable", do_readable, 3, true},
        {"unplug", do_unplug, 2, true},
        {"rescan", do_rescan, 1, false},
        {"vfs", do_vfs, 3, true},
        {"unload", do_unload, 2, false},
        {"udev", do_udev, 1, false},
        {"pause", do_pause, 2, false},
        {"until", do_until, 3, true},
};

static const struct Verb *find_verb(const Script *script)
{
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
                if (strcmp(script->words[0], verbs[i].name) == 0 &&
                        script->n_words >= verbs[i].n_words &&
                        (!verbs[i].address || script->has_address))
                        return &verbs[i];
        return NULL;
}

static int take_step(void *context, _unused_ size_t index)
{
        const Script *script = context;

        return find_verb(script)->function(script);
}

/* In a process of its own, as apply.c does. */
static void take(Script *script, unsigned ms)
{
        const size_t step = 0;
        const WorkerTask task = {.steps = &step, .n_steps = 1, .capabilities = UINT64_MAX};
        const WorkerLimits limits = {.step_ms = ms, .total_ms = ms};
        StepOutcome outcome = {0};
        int r = worker_run_all(&task, 1, take_step, script, &limits, &outcome);

        if (r < 0)
                outcome = (StepOutcome){.state = STEP_FAILED, .error = -r};
        fprintf(script->out, ": %s",
                outcome.state == STEP_DONE        ? "0"
                : outcome.state == STEP_TIMED_OUT ? "timeout"
                                                  : strerrorname_np(outcome.error));
}

/* Cuts the line into words, the last of which is all that is left. */
static void split(Script *script, char *line)
{
        script->n_words = 0;
        script->rest = "";
        while (line && *line && script->n_words < ARRAY_SIZE(script->words)) {
                if (script->n_words == 2) {
                        script->rest = line;
                        script->words[script->n_words++] = line;
                        break;
                }
                script->words[script->n_words++] = strsep(&line, " ");
        }
        script->has_address = script->n_words > 1 &&
                              pci_address_parse(script->words[1], &script->address, NULL) == 0;
}

static int run_step(Script *script, char *line)
{
        bool unseen = strncmp(line, "unseen ", strlen("unseen ")) == 0;
        unsigned ms = STEP_MS;

        fputs(line, script->out);
        if (unseen)
                line += strlen("unseen ");
        split(script, line);
        if (script->n_words == 3 && strcmp(script->words[0], "within") == 0) {
                ms = (unsigned)strtoul(script->words[1], NULL, 10) / script->speed;
                split(script, line + strlen("within ") + strlen(script->words[1]) + 1);
        }
        if (script->n_words == 0 || !find_verb(script)) {
                fprintf(script->out, ": not understood\n");
                return -EINVAL;
        }
        take(script, ms);
        if (!unseen)
                look(script);
        fputc('\n', script->out);
        return 0;
}

static void add_device(const MachineFunction *function, void *context)
{
        Script *script = context;

        if (script->n_devices < MAX_DEVICES)
                script->devices[script->n_devices++].address = function->address;
}

/* What each function is, and which of them are of one group. */
static void describe(Script *script)
{
        const Others *others = script->others;
        Function functions[MAX_DEVICES] = {0};

        for (size_t i = 0; i < script->n_devices; i++) {
                functions[i].address = script->devices[i].address;
                if (others->describe(others->context, &functions[i]) < 0)
                        functions[i].iommu_group = -1;
        }
        for (size_t i = 0; i < script->n_devices; i++) {
                const Function *f = &functions[i];

                fprintf(script->out, "%s %04x:%04x %06x%s", PCI_ADDRESS(f->address), f->id.vendor,
                        f->id.device, f->class, f->iommu_group < 0 ? " without group" : "");
                for (size_t other = 0; f->iommu_group >= 0 && other < script->n_devices; other++)
                        if (other != i && functions[other].iommu_group == f->iommu_group)
                                fprintf(script->out, " with %s",
                                        PCI_ADDRESS(functions[other].address));
                fputc('\n', script->out);
        }
}

int ops_script_run(
        const char *text, const Ops *ops, const Others *others, unsigned speed, FILE *out)
{
        Script script = {.ops = ops, .others = others, .speed = speed, .out = out};
        char line[MACHINE_LINE];
        int r = 0;

        for (const char *rest = text; machine_next_line(&rest, line);)
                if (strncmp(line, "function ", 9) == 0)
                        (void)machine_read_functions(line + 9, add_device, &script);
        describe(&script);
        fputs("at first", out);
        look(&script);
        fputc('\n', out);
        while (r == 0 && machine_next_line(&text, line))
                if (strncmp(line, "function ", 9) != 0 && strncmp(line, "driver ", 7) != 0)
                        r = run_step(&script, line);
        end_readers(&script);
        return r;
}
