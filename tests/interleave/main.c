/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interleave [--more] [NAME...]: every order of our steps with those of others, on a few machines;
 * and controls, in which something of ours is missing, and some order must break. --more takes
 * minutes: more cards, and more of the others. The last line is "N passed, N failed".
 */
#include "search.h"

#include <string.h>
#include <time.h>

#define CARD  "0000:01:00.0 10de:26b1 030000 group=1 modules=nouveau\n"
#define AUDIO "0000:01:00.1 10de:22ba 040300 group=1\n"
#define BUSY  "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n"
#define TWIN  "0000:02:00.0 10de:26b1 030000 group=2 modules=nouveau\n"
#define HOST  "0000:00:02.0 8086:4680 030000 group=9 boot_vga=1\n"
#define THIRD "0000:03:00.0 10de:26b1 030000 group=3 modules=nouveau\n"
#define ONE   "{ name = 'one'; address = '01:00'; }"
#define BOTH  ONE ", { name = 'two'; address = '02:00'; }"
#define ALL   "{ name = 'all'; id = '10de:26b1'; count = 'all'; }"

#define NOBODY (-1)

typedef struct Case {
        const char *name, *machine, *config;
        const char *udev;     /* finds the functions of these numbers on the bus, each by itself */
        const char *modprobe; /* somebody loads each of these, whatever is blacklisted */
        int replug;           /* this function is unplugged and found again; or NOBODY */
        Flaw flaw;            /* of the first function of 01:00 */
        bool early;           /* others may act from the beginning */
        int skip;             /* control: leave out steps of this type; or NOBODY */
        bool link_tells;      /* control: believe the driver link */
        const char *breaks;   /* a control: what must be found broken; NULL: nothing may */
} Case;

/* Functions on the bus are in the order of their addresses: the host's display is number 0. */
static const Case cases[] = {
        {"one of two twins", HOST CARD AUDIO TWIN, ONE, "0123", "nouveau", NOBODY, FLAW_NONE, false,
                NOBODY, false, NULL},
        {"two claims", HOST CARD AUDIO TWIN, BOTH, "123", "nouveau", NOBODY, FLAW_NONE, false,
                NOBODY, false, NULL},
        {"all of a model", HOST CARD TWIN, ALL, "12", "nouveau", NOBODY, FLAW_NONE, false, NOBODY,
                false, NULL},
        {"one is found again", HOST CARD AUDIO TWIN, ONE, "13", "", 1, FLAW_NONE, false, NOBODY,
                false, NULL},
        {"the twin is found again", HOST CARD AUDIO TWIN, ONE, "13", "", 3, FLAW_NONE, false,
                NOBODY, false, NULL},
        {"a model's card is found again", HOST CARD TWIN, ALL, "12", "", 1, FLAW_NONE, false,
                NOBODY, false, NULL},
        {"a probe fails", HOST CARD AUDIO TWIN, BOTH, "13", "nouveau", NOBODY, FLAW_PROBE_FAILS,
                false, NOBODY, false, NULL},
        {"a probe hangs", HOST CARD AUDIO TWIN, BOTH, "13", "nouveau", NOBODY, FLAW_PROBE_HANGS,
                false, NOBODY, false, NULL},
        {"a companion hangs", HOST CARD BUSY TWIN, BOTH, "3", "nouveau", NOBODY, FLAW_REMOVE_HANGS,
                false, NOBODY, false, NULL},
        {"udev was first", HOST CARD AUDIO TWIN, ONE, "123", "nouveau", NOBODY, FLAW_NONE, true,
                NOBODY, false, NULL},
        {"udev was first, two claims", HOST CARD TWIN, BOTH, "12", "nouveau", NOBODY, FLAW_NONE,
                true, NOBODY, false, NULL},
        {"found again while we work", HOST CARD AUDIO TWIN, ONE, "3", "nouveau", 1, FLAW_NONE, true,
                NOBODY, false, NULL},
        {"vfio-pci is loaded by others, too", HOST CARD AUDIO TWIN, BOTH, "13", "nouveau vfio_pci",
                NOBODY, FLAW_NONE, true, NOBODY, false, NULL},
        {"two of three, all at once", HOST CARD AUDIO TWIN THIRD, BOTH, "124", "nouveau vfio_pci",
                1, FLAW_NONE, false, NOBODY, false, NULL},
        {"two of three, udev was first", HOST CARD AUDIO TWIN THIRD, BOTH, "1234",
                "nouveau vfio_pci", NOBODY, FLAW_PROBE_FAILS, true, NOBODY, false, NULL},
        {"control: nothing on hold", HOST CARD AUDIO TWIN, ONE, "13", "nouveau", NOBODY, FLAW_NONE,
                false, STEP_HOLD, false, "is claimed, and on nouveau"},
        {"control: no override", HOST CARD AUDIO TWIN, ONE, "13", "nouveau", NOBODY, FLAW_NONE,
                false, STEP_OVERRIDE, false, "is not ready"},
        {"control: nothing is loaded", HOST CARD AUDIO TWIN, ONE, "13", "nouveau", NOBODY,
                FLAW_NONE, false, STEP_LOAD, false, "is not ready"},
        {"control: nothing is bound", HOST CARD AUDIO TWIN, ONE, "13", "nouveau", NOBODY, FLAW_NONE,
                false, STEP_BIND, false, "is not ready"},
        {"control: the link is believed", HOST CARD TWIN, ONE, "2", "", NOBODY, FLAW_PROBE_HANGS,
                true, NOBODY, true, "status calls one ready"},
};

/* Three claims of which each may be met by udev, a module and a rescan at any moment. */
#define CARDS HOST CARD AUDIO TWIN THIRD

static const Case larger[] = {
        {"more: all of a model, udev was first", CARDS, ALL, "0123", "nouveau vfio_pci", NOBODY,
                FLAW_NONE, true, NOBODY, false, NULL},
        {"more: all of a model, one found again", CARDS, ALL, "24", "nouveau", 1, FLAW_NONE, true,
                NOBODY, false, NULL},
        {"more: two of three, one found again", CARDS, BOTH, "24", "nouveau vfio_pci", 1, FLAW_NONE,
                true, NOBODY, false, NULL},
        {"more: two of three, a probe hangs", CARDS, BOTH, "1234", "nouveau vfio_pci", NOBODY,
                FLAW_PROBE_HANGS, true, NOBODY, false, NULL},
        {"more: control: nothing on hold", CARDS, BOTH, "1234", "nouveau vfio_pci", NOBODY,
                FLAW_NONE, false, STEP_HOLD, false, "is claimed, and on nouveau"},
        {"more: control: no override", CARDS, BOTH, "1234", "nouveau vfio_pci", NOBODY, FLAW_NONE,
                false, STEP_OVERRIDE, false, "is not ready"},
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

static void add_others(Model *model, const Case *c)
{
        for (const char *digit = c->udev; *digit; digit++)
                add_coldplug(model_add_thread(model), (unsigned)(*digit - '0'));
        for (const char *module = c->modprobe; *module; module += strspn(module, " ")) {
                size_t length = strcspn(module, " ");

                model_add_move(model_add_thread(model),
                        (Move){.type = MOVE_LOAD,
                                .name = arena_strndup(model->scene->arena, module, length),
                                .step = -1});
                module += length;
        }
        if (c->replug == NOBODY)
                return;

        Thread *thread = model_add_thread(model);
        unsigned device = (unsigned)c->replug;

        model_add_move(thread, (Move){.type = MOVE_REMOVE, .device = device, .step = -1});
        model_add_move(thread, (Move){.type = MOVE_RESCAN, .device = device, .step = -1});
        add_coldplug(thread, device);
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
        model_build(&model, &scene, c->skip);
        model.flaws[1] = c->flaw;
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
#define MORE_STATES_MIN 10000000

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
