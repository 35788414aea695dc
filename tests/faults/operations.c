/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * operations [--every N] [--whole] [--seeds N] [--first N] [--bytes HEX]... [TREE...]
 *
 * Apply on the simulated kernel, with accidents (lib/trial.h says what must hold): each operation
 * of each made-up machine, and of each TREE with its /etc/vfio-gpu.conf, with each of its errnos,
 * without effect, hanging, its worker or the program killed (and the worker gone, or hanging),
 * before it has taken effect and after; and the same of release (lib/trial-release.h), all of it on
 * one machine, or with --whole on all, and else each Nth accident;
 * then machines, configs and accidents out of random numbers; and controls, in which something of
 * ours is missing. --every tries each Nth accident only, and
 * at least one of each machine. --bytes is a case that was kept. The last
 * line is "N passed, N failed".
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "lib/random-scene.h"
#include "lib/sim-bus.h"
#include "lib/trial-control.h"
#include "lib/trial-release.h"
#include "lib/trial.h"
#include "verbs/session.h"

/* Of a random case: those that decide on the accident. */
#define ACCIDENT_BYTES 10
#define BYTES_MAX      400

static unsigned passed, failed, every = 1;
static unsigned long n_accidents;
static bool whole; /* each accident of release, too */

static void tell(bool good, const char *name, int64_t start, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

static void tell(bool good, const char *name, int64_t start, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        printf("%s %s: ", good ? "ok" : "FAIL", name);
        vprintf(format, args);
        printf(", %.1f s\n", (double)(clock_ms() - start) / 1000);
        va_end(args);
        passed += good;
        failed += !good;
}

/* What is tried. */
typedef struct Kind {
        const char *words; /* in front of the machine's name */
        TrialTarget target;
        unsigned every_of_samples, every_of_trees; /* not the whole; 0: none */
        const char *(*normal)(const TrialSource *source, Arena *arena, TrialNormal *ret);
        const char *(*accident)(const TrialSource *source, const TrialNormal *normal,
                const Accident *accident, bool stuck, Arena *arena);
} Kind;

static const Kind apply = {"", TRIAL_ALL, 1, 1, trial_normal, trial_accident};
static const Kind release = {
        "release of ", TRIAL_ALL, 7, 29, trial_release_normal, trial_release_accident};
static const Kind release_one = {
        "release of one GPU of ", TRIAL_ONE, 7, 29, trial_release_normal, trial_release_accident};
static const Kind release_unlisted = {"release of one GPU, unlisted, of ", TRIAL_UNLISTED, 17, 0,
        trial_release_normal, trial_release_accident};

/* Each accident is tried on this one of the samples, and the controls. */
#define TRIED_AS_A_WHOLE "all of a model"

/* The accidents of a machine, one after the other, of which some are tried. */
typedef struct Series {
        const Kind *kind;
        const TrialSource *source;
        const TrialNormal *normal;
        unsigned long n_seen, n_tried;
        unsigned long first, step; /* of those that are tried; 0: none, they are counted */
        unsigned bad;
} Series;

static void try(Series *series, const Accident *accident, bool stuck)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const unsigned long n = series->n_seen++;

        if (series->step == 0 || n % series->step != series->first)
                return;
        series->n_tried++;

        const char *broken =
                series->kind->accident(series->source, series->normal, accident, stuck, arena);
        if (!broken)
                return;
        series->bad++;
        printf("    %s\n        %s\n",
                accident_describe(accident, series->normal->steps, series->normal->n_steps, arena),
                broken);
}

static void try_step(Series *series, size_t step)
{
        const int *errnos = mishap_errnos(series->normal->steps[step].type);

        for (int type = MISHAP_FAILS; type < _MISHAP_TYPE_MAX; type++) {
                bool fails = type == MISHAP_FAILS || type == MISHAP_FAILS_LATE;
                bool hangs = type == MISHAP_HANGS || type == MISHAP_HANGS_LATE ||
                             type == MISHAP_KILLED || type == MISHAP_KILLED_LATE;

                for (size_t i = 0; i == 0 || (fails && errnos[i]); i++) {
                        Accident accident = {
                                .mishaps[0] = {step, (MishapType)type, fails ? errnos[i] : 0}};

                        try(series, &accident, false);
                        if (hangs)
                                try(series, &accident, true);
                }
        }
}

/* Each Nth, and one at least; where it begins is another from series to series. */
static void try_some(Series *series, unsigned long stride)
{
        static unsigned long n_series;

        for (size_t step = 0; step < series->normal->n_steps; step++)
                try_step(series, step);
        series->step = stride < series->n_seen ? stride : series->n_seen;
        series->first = n_series++ * 7 % series->step;
        series->n_seen = 0;
        for (size_t step = 0; step < series->normal->n_steps; step++)
                try_step(series, step);
        n_accidents += series->n_tried;
}

/* Each operation, one after the other, until there is none. */
static void try_each(const Kind *kind, TrialSource source, unsigned long stride)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        int64_t start = clock_ms();
        TrialNormal normal = {0};
        Series series = {.kind = kind, .source = &source, .normal = &normal};

        source.target = kind->target;
        const char *name = arena_printf(arena, "%s%s", kind->words, source.name);
        const char *broken = kind->normal(&source, arena, &normal);

        if (broken) {
                tell(false, name, start, "nothing goes wrong, and %s", broken);
                return;
        }
        if (normal.n_steps == 0)
                return;
        try_some(&series, stride);
        tell(series.bad == 0 && series.n_tried > 0, name, start,
                "%zu operations, %lu of %lu accidents", normal.n_steps, series.n_tried,
                series.n_seen);
}

/* One in how many of its accidents is tried; 0: none. */
static unsigned stride_of(const Kind *kind, const TrialSource *source, bool tree)
{
        if (whole || (!tree && kind->target != TRIAL_UNLISTED &&
                             strcmp(source->name, TRIED_AS_A_WHOLE) == 0))
                return 1;
        return tree ? kind->every_of_trees : kind->every_of_samples;
}

static void try_all(const TrialSource *source, bool tree)
{
        static const Kind *const kinds[] = {&apply, &release, &release_one, &release_unlisted};

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                unsigned stride = stride_of(kinds[i], source, tree);

                if (stride)
                        try_each(kinds[i], *source, (unsigned long)every * stride);
        }
}

static void make_sample(Scene *ret, const void *context)
{
        const SceneSample *sample = context;

        scene_set(ret, sample->machine, sample->config, NULL);
}

static void make_tree(Scene *ret, const void *context)
{
        const Options options = {.verb = "apply", .root = context};
        Session s;

        *ret = (Scene){0};
        if (session_open(&options, 0, &s) == EXIT_STATUS_OK)
                *ret = (Scene){.arena = TAKE_PTR(s.arena),
                        .host = TAKE_PTR(s.host),
                        .config = TAKE_PTR(s.config),
                        .words = s.words};
        session_done(&s);
}

static void try_tree(const char *path)
{
        const char *name = strrchr(path, '/');
        _cleanup_(scene_done) Scene scene = {0};

        make_tree(&scene, path);
        if (!scene.host) /* a config that is wrong, or no machine: nothing is done there */
                return;
        if (scene.host->n_functions > ARRAY_SIZE(((SimBus *)0)->devices)) {
                printf("-- %s: more functions than the simulated kernel has room for\n", path);
                return;
        }
        try_all(&(TrialSource){name ? name + 1 : path, make_tree, path, TRIAL_ALL}, true);
}

/* Random cases. */

typedef struct Bytes {
        uint8_t bytes[BYTES_MAX];
        size_t size;
} Bytes;

static bool has_variant(const Host *host, const char *module)
{
        for (size_t i = 0; i < host->n_functions; i++)
                for (size_t k = 0; k < host->functions[i].n_vfio_drivers; k++)
                        if (host->functions[i].vfio_drivers[k].state != MODULE_MISSING &&
                                strcmp(host->functions[i].vfio_drivers[k].module, module) == 0)
                                return true;
        return false;
}

/* A module is there for all functions, or for none. */
static void settle_variants(Host *host)
{
        for (size_t i = 0; i < host->n_functions; i++)
                for (size_t k = 0; k < host->functions[i].n_vfio_drivers; k++) {
                        VfioDriver *variant = &host->functions[i].vfio_drivers[k];

                        if (variant->state == MODULE_MISSING && has_variant(host, variant->module))
                                variant->state = MODULE_LOADABLE;
                }
}

static void make_random(Scene *ret, const void *context)
{
        const Bytes *b = context;
        _cleanup_(arena_freep) Arena *arena = arena_new();
        size_t skip = b->size < ACCIDENT_BYTES ? b->size : ACCIDENT_BYTES;
        RandomScene scene = random_scene(b->bytes + skip, b->size - skip, arena);

        *ret = (Scene){0};
        scene_set(ret, scene.machine, scene.config, NULL);
        settle_variants(ret->host);
        ret->host->cmdline = arena_strdup(ret->host->arena, scene.cmdline);
        if (kernel_words_parse(ret->host->cmdline, ret->arena, &ret->words) < 0)
                abort();
}

/* xorshift64*, as in unit/test-random-scene.c */
static uint64_t next(uint64_t *state)
{
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        return *state * UINT64_C(2685821657736338717);
}

static Bytes make_bytes(uint64_t seed)
{
        uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        Bytes b = {.size = BYTES_MAX - next(&state) % (BYTES_MAX - ACCIDENT_BYTES)};

        for (size_t i = 0; i < b.size; i++)
                b.bytes[i] = (uint8_t)(next(&state) >> 56);
        return b;
}

static Mishap make_mishap(const uint8_t *bytes, const TrialNormal *normal)
{
        Mishap mishap = {.step = bytes[0] % normal->n_steps,
                .type = (MishapType)(bytes[1] % _MISHAP_TYPE_MAX)};

        if (mishap.type == MISHAP_FAILS || mishap.type == MISHAP_FAILS_LATE) {
                const int *errnos = mishap_errnos(normal->steps[mishap.step].type);
                size_t n = 0;

                while (errnos[n])
                        n++;
                mishap.error = errnos[bytes[2] % n];
        }
        return mishap;
}

/* Zero, the plainest, is that nothing happens. */
static Accident make_accident(const Bytes *b, const TrialNormal *normal, bool *ret_stuck)
{
        Accident accident = {
                .mishaps = {make_mishap(b->bytes, normal), make_mishap(b->bytes + 3, normal)}};

        accident.others = (Meddling){.step = b->bytes[6] % normal->n_steps,
                .type = (OthersType)(b->bytes[7] / 2 % _OTHERS_TYPE_MAX),
                .address = normal->functions[b->bytes[8] % normal->n_functions]};
        if (b->bytes[7] % 2)
                accident.others.type = OTHERS_REST;
        *ret_stuck = b->bytes[9] % 2 && !accident_has(&accident, MISHAP_KILLED) &&
                     !accident_has(&accident, MISHAP_KILLED_LATE);
        return accident;
}

/* NULL, or what is broken, in `arena`; `*ret_counts`: something could go wrong. */
static const char *judge(const Bytes *b, Arena *arena, bool *ret_counts)
{
        const TrialSource source = {"random", make_random, b, TRIAL_ALL};
        TrialNormal normal = {0};
        bool stuck = false;
        const char *broken = trial_normal(&source, arena, &normal);

        *ret_counts = false;
        if (broken)
                return arena_printf(arena, "nothing goes wrong, and %s", broken);
        if (normal.n_steps == 0)
                return NULL;
        *ret_counts = true;

        Accident accident = make_accident(b, &normal, &stuck);
        broken = trial_accident(&source, &normal, &accident, stuck, arena);
        return broken ? arena_printf(arena, "%s\n    %s",
                                accident_describe(&accident, normal.steps, normal.n_steps, arena),
                                broken)
                      : NULL;
}

static bool is_broken(const Bytes *b)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        bool counts = false;

        return judge(b, arena, &counts);
}

/* Shorter and plainer for as long as it stays broken. */
static void shrink(Bytes *b)
{
        for (size_t cut = b->size / 2; cut > 0; cut /= 2)
                while (b->size > cut) {
                        Bytes shorter = *b;

                        shorter.size -= cut;
                        if (!is_broken(&shorter))
                                break;
                        *b = shorter;
                }
        for (size_t i = 0; i < b->size; i++)
                for (unsigned value = 0; value < b->bytes[i]; value = value * 2 + 1) {
                        Bytes plainer = *b;

                        plainer.bytes[i] = (uint8_t)value;
                        if (!is_broken(&plainer))
                                continue;
                        *b = plainer;
                        break;
                }
}

static void tell_case(uint64_t seed, Bytes b)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        bool counts = false;

        shrink(&b);
        const char *broken = judge(&b, arena, &counts);
        size_t skip = b.size < ACCIDENT_BYTES ? b.size : ACCIDENT_BYTES;
        RandomScene scene = random_scene(b.bytes + skip, b.size - skip, arena);

        printf("    seed %ju: %s\n%s%s\n%s\nto be kept as: ", (uintmax_t)seed,
                broken ? broken : "not broken every time", scene.machine, scene.config,
                scene.cmdline);
        for (size_t i = 0; i < b.size; i++)
                printf("%02x", b.bytes[i]);
        printf("\n");
}

static void try_seeds(uint64_t first, uint64_t n)
{
        int64_t start = clock_ms();
        uint64_t counted = 0;
        unsigned bad = 0;

        for (uint64_t seed = first; seed < first + n && bad < 3; seed++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                Bytes b = make_bytes(seed);
                bool counts = false;
                bool broken = judge(&b, arena, &counts);

                counted += counts;
                bad += broken;
                if (broken)
                        tell_case(seed, b);
        }
        tell(bad == 0, "random hosts", start, "seeds %ju to %ju, %ju with steps", (uintmax_t)first,
                (uintmax_t)(first + n - 1), (uintmax_t)counted);
}

/* A control must be noticed before long. */
static void try_control(TrialControl control, uint64_t first, uint64_t n)
{
        static const char *const names[_TRIAL_CONTROL_APPLY_MAX] = {"",
                "control: steps are believed", "control: nothing on hold",
                "control: a step on another card", "control: no repair of what a killed run left"};
        int64_t start = clock_ms();
        uint64_t seed = first;
        bool noticed = false;

        trial_control = control;
        for (; !noticed && seed < first + n; seed++) {
                Bytes b = make_bytes(seed);

                noticed = is_broken(&b);
        }
        trial_control = TRIAL_AS_IT_IS;
        tell(noticed, names[control], start,
                noticed ? "noticed at seed %ju" : "not noticed until seed %ju",
                (uintmax_t)seed - 1);
}

static bool breaks(const TrialSource *source, const TrialNormal *normal, Mishap mishap, bool stuck)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        return trial_release_accident(
                source, normal, &(Accident){.mishaps[0] = mishap}, stuck, arena);
}

/* Where nothing goes wrong, or a step has no effect, or does not come back, or is the last. */
static bool is_noticed(const TrialSource *source)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        TrialNormal normal = {0};

        if (trial_release_normal(source, arena, &normal))
                return true;
        for (size_t i = 0; i < normal.n_steps; i++)
                if (breaks(source, &normal, (Mishap){i, MISHAP_NO_EFFECT, 0}, false) ||
                        breaks(source, &normal, (Mishap){i, MISHAP_HANGS, 0}, true) ||
                        breaks(source, &normal, (Mishap){i, MISHAP_KILLED_LATE, 0}, false))
                        return true;
        return false;
}

static void try_release_control(TrialControl control)
{
        static const char *const names[_TRIAL_CONTROL_MAX] = {
                [TRIAL_RELEASE_BELIEVES] = "control: steps of release are believed",
                [TRIAL_RELEASE_OTHER_CARD] = "control: a step on a card that VFIO is to keep",
                [TRIAL_RELEASE_NO_FORGET] = "control: vfio-pci forgets no model",
                [TRIAL_RELEASE_NO_MARKS] = "control: release writes nothing down before it begins",
                [TRIAL_RELEASE_NO_JUDGE] = "control: a card that is stuck is given back"};
        int64_t start = clock_ms();
        size_t i = 0;

        while (strcmp(scene_samples[i].name, TRIED_AS_A_WHOLE) != 0)
                i++;
        trial_control = control;
        bool noticed = is_noticed(&(TrialSource){scene_samples[i].name, make_sample,
                &scene_samples[i], control == TRIAL_RELEASE_NO_MARKS ? TRIAL_UNLISTED : TRIAL_ONE});
        trial_control = TRIAL_AS_IT_IS;
        tell(noticed, names[control], start, noticed ? "noticed" : "not noticed");
}

static void try_kept(const char *hex)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Bytes b = {0};
        bool counts = false;
        int64_t start = clock_ms();

        for (unsigned byte; b.size < BYTES_MAX && sscanf(hex + 2 * b.size, "%2x", &byte) == 1;)
                b.bytes[b.size++] = (uint8_t)byte;
        const char *broken = judge(&b, arena, &counts);
        tell(!broken, "a case that was kept", start, "%zu bytes%s%s", b.size, broken ? ": " : "",
                broken ? broken : "");
}

int main(int argc, char **argv)
{
        static const struct option options[] = {{"every", required_argument, NULL, 'e'},
                {"seeds", required_argument, NULL, 's'}, {"first", required_argument, NULL, 'f'},
                {"bytes", required_argument, NULL, 'b'}, {"whole", no_argument, NULL, 'w'}, {0}};
        uint64_t seeds = 0, first = 1;

        setvbuf(stdout, NULL, _IOLBF, 0);
        /* workers whose program was killed are ours then */
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
        for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
                switch (c) {
                case 'e':
                        every = (unsigned)strtoul(optarg, NULL, 10);
                        break;
                case 'w':
                        whole = true;
                        break;
                case 's':
                        seeds = strtoull(optarg, NULL, 10);
                        break;
                case 'f':
                        first = strtoull(optarg, NULL, 10);
                        break;
                case 'b':
                        try_kept(optarg);
                        break;
                default:
                        return 2;
                }
        for (size_t i = 0; every && i < scene_n_samples; i++)
                try_all(&(TrialSource){scene_samples[i].name, make_sample, &scene_samples[i],
                                TRIAL_ALL},
                        false);
        for (int i = optind; every && i < argc; i++)
                try_tree(argv[i]);
        if (seeds)
                try_seeds(first, seeds);
        for (int control = TRIAL_AS_IT_IS + 1; seeds && control < _TRIAL_CONTROL_APPLY_MAX;
                control++)
                try_control((TrialControl)control, first, 2000);
        for (int control = _TRIAL_CONTROL_APPLY_MAX; seeds && control < _TRIAL_CONTROL_MAX;
                control++)
                try_release_control((TrialControl)control);
        printf("%lu accidents of operations\n%u passed, %u failed\n", n_accidents, passed, failed);
        return failed ? 1 : 0;
}
