/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interleave [--more] [NAME...]: every order of our steps with those of others, on a few machines;
 * and controls, in which something of ours is missing, and some order must break. --more takes
 * minutes: more cards, and more of the others. The last line is "N passed, N failed".
 */
#include "search.h"

#include <string.h>
#include <time.h>

#define CARD   "0000:01:00.0 10de:26b1 030000 group=1 modules=nouveau\n"
#define AUDIO  "0000:01:00.1 10de:22ba 040300 group=1\n"
#define BUSY   "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n"
#define TWIN   "0000:02:00.0 10de:26b1 030000 group=2 modules=nouveau\n"
#define HOST   "0000:00:02.0 8086:4680 030000 group=9 boot_vga=1\n"
#define THIRD  "0000:03:00.0 10de:26b1 030000 group=3 modules=nouveau\n"
#define FOURTH "0000:04:00.0 10de:26b1 030000 group=4 modules=nouveau\n"
#define FOUR   HOST CARD AUDIO TWIN THIRD FOURTH
#define ONE    "{ name = 'one'; address = '01:00'; }"
#define BOTH   ONE ", { name = 'two'; address = '02:00'; }"
#define THREE  BOTH ", { name = 'three'; address = '03:00'; }"
#define ALL    "{ name = 'all'; id = '10de:26b1'; count = 'all'; }"

typedef struct Case {
        const char *name, *machine, *config;
        const char *udev;          /* finds the functions of these numbers, each by itself */
        const char *modprobe;      /* somebody loads each of these, whatever is blacklisted */
        const char *replug;        /* these functions are unplugged and found again */
        Flaw flaws[MODEL_DEVICES]; /* of each of them */
        bool early;                /* others may act from the beginning */
        unsigned without;          /* control: steps of these types are left out; bits */
        bool link_tells;           /* control: believe the driver link */
        const char *breaks;        /* a control: what must be found broken; NULL: nothing may */
} Case;

#define WITHOUT(type) .without = 1u << (type)

/* Functions on the bus are in the order of their addresses: the host's display is number 0. */
static const Case cases[] = {
        {"one of two twins", HOST CARD AUDIO TWIN, ONE, .udev = "0123", .modprobe = "nouveau"},
        {"two claims", HOST CARD AUDIO TWIN, BOTH, .udev = "123", .modprobe = "nouveau"},
        {"all of a model", HOST CARD TWIN, ALL, .udev = "12", .modprobe = "nouveau"},
        {"one is found again", HOST CARD AUDIO TWIN, ONE, .udev = "13", .replug = "1"},
        {"the twin is found again", HOST CARD AUDIO TWIN, ONE, .udev = "13", .replug = "3"},
        {"a model's card is found again", HOST CARD TWIN, ALL, .udev = "12", .replug = "1"},
        {"a probe fails", HOST CARD AUDIO TWIN, BOTH, .udev = "13", .modprobe = "nouveau",
                .flaws[1] = FLAW_PROBE_FAILS},
        {"a probe hangs", HOST CARD AUDIO TWIN, BOTH, .udev = "13", .modprobe = "nouveau",
                .flaws[1] = FLAW_PROBE_HANGS},
        {"a companion hangs", HOST CARD BUSY TWIN, BOTH, .udev = "3", .modprobe = "nouveau",
                .flaws[2] = FLAW_REMOVE_HANGS},
        {"udev was first", HOST CARD AUDIO TWIN, ONE, .udev = "123", .modprobe = "nouveau",
                .early = true},
        {"udev was first, two claims", HOST CARD TWIN, BOTH, .udev = "12", .modprobe = "nouveau",
                .early = true},
        {"found again while we work", HOST CARD AUDIO TWIN, ONE, .udev = "3", .modprobe = "nouveau",
                .replug = "1", .early = true},
        {"vfio-pci is loaded by others, too", HOST CARD AUDIO TWIN, BOTH, .udev = "13",
                .modprobe = "nouveau vfio_pci", .early = true},
        {"two of three, all at once", HOST CARD AUDIO TWIN THIRD, BOTH, .udev = "124",
                .modprobe = "nouveau vfio_pci", .replug = "1"},
        {"two of three, udev was first", HOST CARD AUDIO TWIN THIRD, BOTH, .udev = "1234",
                .modprobe = "nouveau vfio_pci", .flaws[1] = FLAW_PROBE_FAILS, .early = true},
        {"control: nothing on hold", HOST CARD AUDIO TWIN, ONE, .udev = "13", .modprobe = "nouveau",
                WITHOUT(STEP_HOLD), .breaks = "is claimed, and on nouveau"},
        {"control: no override", HOST CARD AUDIO TWIN, ONE, .udev = "13", .modprobe = "nouveau",
                WITHOUT(STEP_OVERRIDE), .breaks = "is not ready"},
        {"control: nothing is loaded", HOST CARD AUDIO TWIN, ONE, .udev = "13",
                .modprobe = "nouveau", WITHOUT(STEP_LOAD), .breaks = "is not ready"},
        {"control: nothing is bound", HOST CARD AUDIO TWIN, ONE, .udev = "13",
                .modprobe = "nouveau", WITHOUT(STEP_BIND), .breaks = "is not ready"},
        {"control: the link is believed", HOST CARD TWIN, ONE, .udev = "2",
                .flaws[1] = FLAW_PROBE_HANGS, .early = true, .link_tells = true,
                .breaks = "status calls one ready"},
};

/* Claims of which each may be met by udev, a module and a rescan at any moment. */
static const Case larger[] = {
        {"more: all of a model, udev was first", HOST CARD AUDIO TWIN THIRD, ALL, .udev = "0123",
                .modprobe = "nouveau vfio_pci", .early = true},
        {"more: all of a model, one found again", HOST CARD AUDIO TWIN THIRD, ALL, .udev = "24",
                .modprobe = "nouveau", .replug = "1", .early = true},
        {"more: two of three, one found again", HOST CARD AUDIO TWIN THIRD, BOTH, .udev = "24",
                .modprobe = "nouveau vfio_pci", .replug = "1", .early = true},
        {"more: two of three, a probe hangs", HOST CARD AUDIO TWIN THIRD, BOTH, .udev = "1234",
                .modprobe = "nouveau vfio_pci", .flaws[1] = FLAW_PROBE_HANGS, .early = true},
        {"more: two of four, and one is found again", FOUR, BOTH, .udev = "12345",
                .modprobe = "nouveau vfio_pci", .replug = "1"},
        {"more: three of four, udev was first", FOUR, THREE, .udev = "12345",
                .modprobe = "nouveau vfio_pci", .early = true},
        {"more: two are found again", FOUR, BOTH, .udev = "145", .modprobe = "nouveau vfio_pci",
                .replug = "13"},
        {"more: all of a model, two found again", FOUR, ALL, .udev = "45", .modprobe = "nouveau",
                .replug = "13"},
        {"more: one probe fails, one hangs, one is found again", FOUR, THREE, .udev = "135",
                .modprobe = "nouveau vfio_pci", .replug = "4",
                .flaws = {[1] = FLAW_PROBE_FAILS, [3] = FLAW_PROBE_HANGS}},
        {"more: one probe hangs, one fails, udev was first", FOUR, THREE, .udev = "12345",
                .modprobe = "nouveau vfio_pci",
                .flaws = {[1] = FLAW_PROBE_HANGS, [3] = FLAW_PROBE_FAILS}, .early = true},
        {"more: a companion hangs, two are found again", HOST CARD BUSY TWIN THIRD, BOTH,
                .udev = "134", .modprobe = "nouveau vfio_pci", .replug = "34",
                .flaws[2] = FLAW_REMOVE_HANGS},
        {"more: control: nothing on hold, of three", FOUR, THREE, .udev = "12345",
                .modprobe = "nouveau vfio_pci", WITHOUT(STEP_HOLD),
                .breaks = "is claimed, and on nouveau"},
        {"more: control: no override, of three", FOUR, THREE, .udev = "12345",
                .modprobe = "nouveau vfio_pci", WITHOUT(STEP_OVERRIDE), .breaks = "is not ready"},
        {"more: control: nothing is loaded, for three", FOUR, THREE, .udev = "12345",
                .modprobe = "nouveau", WITHOUT(STEP_LOAD), .breaks = "is not ready"},
        {"more: control: nothing is bound, of three", FOUR, THREE, .udev = "12345",
                .modprobe = "nouveau vfio_pci", WITHOUT(STEP_BIND), .breaks = "is not ready"},
        {"more: control: a companion keeps its driver", HOST CARD BUSY TWIN THIRD, BOTH,
                .udev = "134", .modprobe = "nouveau vfio_pci", WITHOUT(STEP_UNBIND),
                .breaks = "is not ready"},
        {"more: control: the link is believed, of three", FOUR, THREE, .udev = "12345",
                .modprobe = "nouveau vfio_pci", .flaws[1] = FLAW_PROBE_HANGS, .early = true,
                .link_tells = true, .breaks = "status calls two ready"},
};

static void add_coldplug(Thread *thread, unsigned device)
{
        static const char *const modules[] = {"nouveau", "snd_hda_intel"};

        for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
                model_add_move(thread, (Move){.type = MOVE_COLDPLUG,
                                               .device = device,
                                               .name = modules[i],
                                               .step = -1});
}

static void add_replug(Thread *thread, unsigned device)
{
        model_add_move(thread, (Move){.type = MOVE_REMOVE, .device = device, .step = -1});
        model_add_move(thread, (Move){.type = MOVE_RESCAN, .device = device, .step = -1});
        add_coldplug(thread, device);
}

static void add_others(Model *model, const Case *c)
{
        for (const char *digit = c->udev; *digit; digit++)
                add_coldplug(model_add_thread(model), (unsigned)(*digit - '0'));
        for (const char *module = c->modprobe; module && *module; module += strspn(module, " ")) {
                size_t length = strcspn(module, " ");

                model_add_move(model_add_thread(model),
                        (Move){.type = MOVE_LOAD,
                                .name = arena_strndup(model->scene->arena, module, length),
                                .step = -1});
                module += length;
        }
        for (const char *digit = c->replug; digit && *digit; digit++)
                add_replug(model_add_thread(model), (unsigned)(*digit - '0'));
}

static double seconds(void)
{
        struct timespec ts = {0};

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Returns whether it came out as it should. */
static bool try(const Case *c, uint64_t *states)
{
        _cleanup_(scene_done) Scene scene = {0};
        static Model model;
        double start = seconds();

        scene_set(&scene, c->machine, c->config, NULL);
        model = (Model){.early = c->early, .link_tells = c->link_tells};
        model_build(&model, &scene, c->without);
        memcpy(model.flaws, c->flaws, sizeof(model.flaws));
        add_others(&model, c);

        Found found = search_all(&model);
        bool good = c->breaks ? found.broken && strstr(found.broken, c->breaks) : !found.broken;

        printf("%s %s: %ju states, %ju moves, up to %u deep, %ju reports, %.1f s\n",
                good ? "ok" : "FAIL", c->name, (uintmax_t)found.states, (uintmax_t)found.moves,
                found.deepest, (uintmax_t)found.reports, seconds() - start);
        if (!good)
                printf("    %s\n", found.broken ? found.broken : "nothing is broken");
        *states += found.states;
        return good;
}

static bool is_named(const char *name, int argc, char **argv)
{
        for (int i = 0; i < argc; i++)
                if (strstr(name, argv[i]))
                        return true;
        return argc == 0;
}

typedef struct Tally {
        unsigned passed, failed;
        uint64_t states;
} Tally;

static void count(Tally *tally, bool good)
{
        tally->passed += good;
        tally->failed += !good;
}

/* Those of a table that are named; fewer states than `least` in all of it are no proof of anything:
 * some rule has taken most orders away. */
static void try_table(
        const Case *table, size_t n, uint64_t least, int argc, char **argv, Tally *tally)
{
        uint64_t states = 0;

        for (size_t i = 0; i < n; i++)
                if (is_named(table[i].name, argc, argv))
                        count(tally, try(&table[i], &states));
        if (argc == 0) {
                const bool enough = states >= least;

                printf("%s %ju states at least\n", enough ? "ok" : "FAIL", (uintmax_t)least);
                count(tally, enough);
        }
        tally->states += states;
}

#define STATES_MIN      1000000
#define MORE_STATES_MIN 50000000

int main(int argc, char **argv)
{
        const bool more = argc > 1 && strcmp(argv[1], "--more") == 0;
        Tally tally = {0};

        argc -= 1 + more;
        argv += 1 + more;
        setvbuf(stdout, NULL, _IOLBF, 0);
        try_table(cases, ARRAY_SIZE(cases), STATES_MIN, argc, argv, &tally);
        if (more)
                try_table(larger, ARRAY_SIZE(larger), MORE_STATES_MIN, argc, argv, &tally);
        printf("%ju states\n%u passed, %u failed\n", (uintmax_t)tally.states, tally.passed,
                tally.failed);
        return tally.failed ? 1 : 0;
}
