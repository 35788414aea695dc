/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/random-scene.h"

#include <stdbool.h>

#include "base/macro.h"
#include "base/text.h"

#define SLOTS_MAX   8
#define ENTRIES_MAX 4

typedef struct Dice {
        const uint8_t *bytes;
        size_t left;
} Dice;

/* 0 .. n - 1 */
static unsigned roll(Dice *dice, unsigned n)
{
        if (dice->left == 0)
                return 0;
        dice->left--;
        return *dice->bytes++ % n;
}

/* Zero, the plainest choice, is no. */
static bool one_in(Dice *dice, unsigned n)
{
        return roll(dice, n) == n - 1;
}

#define PICK(dice, words) (words)[roll(dice, ARRAY_SIZE(words))]

/* Few models, so that there are twins. */
typedef struct Model {
        const char *id, *class, *modules;
} Model;

static const Model models[] = {
        {"10de:26b1", "030000", "nouveau,nvidiafb"},
        {"10de:2330", "030200", "nouveau"},
        {"1002:744c", "030000", "amdgpu"},
        {"8086:56a0", "038000", "i915,xe"},
        {"10de:26b1", "030000", "nouveau,nvidiafb"},
        {"10de:2330", "030200", "nouveau"},
        {"10de:22a3", "068000", ""},
        {"1002:744c", "030000", "amdgpu"},
        {"8086:56a0", "030000", "i915,xe"},
        {"8086:4680", "038000", "i915"},
        {"10de:26b1", "038000", "nouveau,nvidiafb"},
        {"144d:a80a", "010802", "nvme"},
        {"8086:1533", "020000", "igb"},
        {"8086:7aa0", "060400", ""},
};

static const Model companions[] = {
        {"10de:22ba", "040300", "snd_hda_intel"},
        {"10de:1ada", "0c0330", "xhci_pci"},
        {"10de:1adb", "0c8000", ""},
        {"10de:22ba", "040300", "snd_hda_intel"},
        {"10de:1ada", "0c0330", "xhci_pci"},
        {"10de:1adb", "0c8000", ""},
        {"1022:15e2", "048000", ""},
        {"1022:1649", "108000", "ccp"},
        {"1022:7901", "010601", "ahci"},
};

/* What may have a function before anybody did anything. */
static const char *const drivers[] = {
        " driver=nouveau",
        " driver=snd_hda_intel",
        " driver=vfio-pci vfio=vfio3",
        " driver=vfio-pci",
        " driver=x_vfio_pci vfio=vfio4",
        " driver=vfio-pci-core",
};

static void add_function(
        Dice *dice, Text *text, const Model *model, unsigned bus, unsigned function, unsigned group)
{
        text_add(text, "0000:%02x:00.%u %s %s", bus, function, model->id, model->class);
        if (group)
                text_add(text, " group=%u", group);
        if (one_in(dice, 5))
                text_add(text, "%s", PICK(dice, drivers));
        if (*model->modules)
                text_add(text, " modules=%s", model->modules);
        if (one_in(dice, 48))
                text_add(text, " unreadable=gone");
        if (one_in(dice, 48))
                text_add(text, " silent=dead");
        if (one_in(dice, 48))
                text_add(text, " stuck=412");
        if (one_in(dice, 48))
                text_add(text, " in_use=Xorg");
        if (one_in(dice, 48))
                text_add(text, " released");
        if (one_in(dice, 8))
                text_add(text, " variants=x_vfio_pci%s", one_in(dice, 2) ? ":missing" : "");
        if (one_in(dice, 4))
                text_add(text, " reset_method=flr,bus d3cold=%u", roll(dice, 2));
        if (one_in(dice, 24))
                text_add(text, " boot_vga=1");
        if (one_in(dice, 12))
                text_add(text, " framebuffer");
        if (one_in(dice, 8))
                text_add(text, " serial=%s", one_in(dice, 2) ? "none" : "0123456789abcde7");
        if (one_in(dice, 40))
                text_add(text, " bridge");
        if (one_in(dice, 40))
                text_add(text, " numvfs=2");
        text_add(text, "\n");
}

/* What stands in each slot, so that entries may mean it. */
typedef struct Slots {
        const Model *models[SLOTS_MAX];
        unsigned n;
} Slots;

/* A slot with a group of its own, with that of the slot before it, or with none. */
static unsigned add_slot(Dice *dice, Text *text, Slots *slots, unsigned group_before)
{
        const Model *model = &PICK(dice, models);
        unsigned bus = slots->n + 1;
        unsigned how = roll(dice, 12);
        unsigned group = how == 11 ? 0 : how == 10 && group_before ? group_before : bus;

        slots->models[slots->n++] = model;
        add_function(dice, text, model, bus, 0, group);
        for (unsigned n = roll(dice, 4), i = 1; i <= n; i++)
                add_function(dice, text, &PICK(dice, companions), bus, i,
                        one_in(dice, 16) ? bus + 100 : group);
        return group;
}

static const char *const properties[] = {
        "",
        "",
        "",
        "",
        "vfio missing\n",
        "vfio present\n",
        "vfio built-in\n",
        "backend missing\n",
        "backend present\n",
        "vfio present\nbackend present\n",
        "vfio present\nparameter disable_vga=Y\n",
        "stage initrd\n",
        "framebuffer efi-framebuffer.0 efi-framebuffer\n",
        "framebuffer efi-framebuffer.0 efi-framebuffer\nvfio present\n",
        "install vfio_pci /bin/true\n",
        "crash\n",
};

static const char *make_machine(Dice *dice, Arena *arena, Slots *slots)
{
        Text text = TEXT_IN(arena);
        unsigned group = 0;

        for (unsigned n = 1 + roll(dice, SLOTS_MAX), i = 0; i < n; i++)
                group = add_slot(dice, &text, slots, group);
        text_add(&text, "%s", PICK(dice, properties));
        return text.string;
}

/* The model of some slot; now and then of none. */
static const Model *pick_model(Dice *dice, const Slots *slots)
{
        return one_in(dice, 16) ? &PICK(dice, models) : slots->models[roll(dice, slots->n)];
}

static void add_selectors(Dice *dice, Text *text, const Slots *slots)
{
        unsigned bus = roll(dice, slots->n), which = roll(dice, 12) % 8;
        const Model *model = slots->models[bus];

        if (which < 4)
                text_add(text, " address = '%02x:00';", 1 + (one_in(dice, 16) ? bus + 1 : bus));
        if (which == 3)
                text_add(text, " id = '%s';", model->id);
        if (which == 4 || which == 5)
                text_add(text, " id = '%s';", pick_model(dice, slots)->id);
        if (which == 6)
                text_add(text, " vendor = '%.4s';", pick_model(dice, slots)->id);
        if (which == 7)
                text_add(text, " serial = '0123456789abcde7';");
}

static void add_entry(Dice *dice, Text *text, const Slots *slots)
{
        static const char *const drivers_wanted[] = {"vfio-pci", "x_vfio_pci", "auto"};
        static const char *const rest[] = {
                "",
                "",
                " optional = true;",
                " allow_boot_display = true;",
                " force_unbind = true;",
                " force_unbind = true; allow_boot_display = true;",
                " functions = [ 0 ];",
                " functions = [ 0, 2 ];",
                " functions = [ 0, 1 ];",
                " d3cold = false; reset_method = [ 'bus' ];",
                " d3cold = true; reset_method = [ 'flr', 'bus' ]; allow_boot_display = true;",
        };

        text_add(text, "{");
        add_selectors(dice, text, slots);
        if (one_in(dice, 4))
                text_add(text, " count = %s;", one_in(dice, 2) ? "2" : "'all'");
        if (one_in(dice, 8))
                text_add(text, " allow_group_members = [ '%02x:00.0' ];", 1 + roll(dice, slots->n));
        if (one_in(dice, 8))
                text_add(text, " driver = '%s';", PICK(dice, drivers_wanted));
        text_add(text, "%s }", PICK(dice, rest));
}

static const char *make_config(Dice *dice, Arena *arena, const Slots *slots)
{
        static const char *const rest[] = {
                "",
                "",
                " blacklist = [ ];",
                " blacklist = [ 'nouveau' ];",
                " vfio_pci = { disable_vga = true; };",
                " vfio_pci = { enable_sriov = true; disable_idle_d3 = false; }; timeout = 1;",
        };
        Text text = TEXT_IN(arena);

        text_add(&text, "gpus = (");
        for (unsigned n = 1 + roll(dice, ENTRIES_MAX) * roll(dice, 2), i = 0; i < n; i++) {
                text_add(&text, i ? ", " : " ");
                add_entry(dice, &text, slots);
        }
        text_add(&text, " );%s", PICK(dice, rest));
        return text.string;
}

RandomScene random_scene(const uint8_t *bytes, size_t size, Arena *arena)
{
        static const char *const cmdlines[] = {
                "", "", "", "", "", "", "", "vfio_gpu.skip=gpu1", "vfio_gpu=0", "rd.vfio_gpu=0"};
        Dice dice = {bytes, size};
        RandomScene scene = {.cmdline = PICK(&dice, cmdlines)};

        Slots slots = {0};

        scene.machine = make_machine(&dice, arena, &slots);
        scene.config = make_config(&dice, arena, &slots);
        return scene;
}
