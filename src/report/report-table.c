/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report-table.h"

#include <string.h>

#include "base/text.h"

/* Copies what was built out of its arena. */
static char *finish(const Text *text)
{
        return arena_failed(text->arena) ? NULL : strdup(text->string);
}

static const char *address(const Function *f, Arena *arena)
{
        return arena_strdup(arena, PCI_ADDRESS(f->address));
}

static const char *id(const Function *f, Arena *arena)
{
        return arena_printf(arena, "%04x:%04x", f->id.vendor, f->id.device);
}

/* What it is to people, by its class. */
static const char *kind(const Function *f, Arena *arena)
{
        static const struct {
                unsigned class;
                const char *word;
        } kinds[] = {
                {PCI_CLASS_VGA, "display"},
                {PCI_CLASS_3D, "3D controller"},
                {PCI_CLASS_DISPLAY_OTHER, "display"},
                {PCI_CLASS_AUDIO_HDA, "audio"},
                {PCI_CLASS_USB, "USB"},
                {PCI_CLASS_SERIAL_OTHER, "USB-C"},
                {PCI_CLASS_BRIDGE_OTHER, "switch"},
                {PCI_CLASS_BASE_STORAGE << 8, "storage"},
                {PCI_CLASS_SD_HOST, "storage"},
                {PCI_CLASS_BASE_NETWORK << 8, "network"},
                {PCI_CLASS_BASE_BRIDGE << 8, "bridge"},
        };

        if (f->unreadable)
                return "unreadable";
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (kinds[i].class == function_class(f) || kinds[i].class == function_base_class(f)
                                                                                     << 8)
                        return kinds[i].word;
        return arena_printf(arena, "class %04x", function_class(f));
}

/* pci.ids has the name of the chip first, and then in brackets those of the cards with it. */
static const char *card_name(const Function *display, Arena *arena)
{
        const char *name = display->name;
        const char *from = name ? strchr(name, '[') : NULL;
        size_t length = from ? strcspn(from + 1, "]") : 0;

        if (length > 0 && from[1 + length] && !from[2 + length])
                return arena_printf(arena, "%.*s (%.*s)", (int)length, from + 1,
                        (int)(from - name - (from > name)), name);
        return name ? name : kind(display, arena);
}

enum {
        LIST_GPU,
        LIST_CARD,
        LIST_ID,
        LIST_DRIVER,
        LIST_GROUP,
        LIST_DISPLAY,
        LIST_SLOT,
        LIST_PATH,
        LIST_ENTRY,
};

static const Column list_columns[] = {
        [LIST_GPU] = {.name = "GPU", .tree = true},
        [LIST_CARD] = {.name = "CARD", .from = 60, .cut = true},
        [LIST_ID] = {.name = "ID", .from = 100},
        [LIST_DRIVER] = {.name = "DRIVER"},
        [LIST_GROUP] = {.name = "IOMMU GROUP", .from = 60},
        [LIST_DISPLAY] = {.name = "DISPLAY", .from = 70},
        [LIST_SLOT] = {.name = "SLOT", .from = 120, .cut = true},
        [LIST_PATH] = {.name = "PATH", .from = 120, .cut = true},
        [LIST_ENTRY] = {.name = "ENTRY"},
};

static void fill_place(Cell *cells, const Function *f, const char *more, Arena *arena)
{
        const char *driver = f->binding.driver;

        cells[LIST_GPU].text = address(f, arena);
        cells[LIST_ID].text = id(f, arena);
        cells[LIST_DRIVER] = (Cell){
                .text = driver ? driver : "-",
                .tone = !driver                        ? TONE_FAINT
                        : binding_is_vfio(&f->binding) ? TONE_GOOD
                                                       : TONE_PLAIN,
        };
        cells[LIST_GROUP].text =
                f->iommu_group < 0 ? "none" : arena_printf(arena, "%d%s", f->iommu_group, more);
        if (f->iommu_group < 0)
                cells[LIST_GROUP].tone = TONE_BAD;
}

static Cell fate_cell(const Gpu *gpu, const Function *f, Arena *arena)
{
        static const struct {
                const char *words;
                Tone tone;
        } fates[] = {
                [FATE_GOES] = {"goes with it", TONE_PLAIN},
                [FATE_STAYS] = {"stays with the host", TONE_FAINT},
                [FATE_TIED] = {"would have to go, too", TONE_DOUBT},
                [FATE_BARS] = {"never goes", TONE_BAD},
        };
        const Claim *other = NULL;
        Fate fate = list_fate(gpu, f, &other);

        if (fate == FATE_OTHER)
                return (Cell){.text = arena_printf(arena, "%s, goes by entry %s", kind(f, arena),
                                      other->entry->name)};
        return (Cell){
                .text = arena_printf(arena, "%s, %s", kind(f, arena), fates[fate].words),
                .tone = fates[fate].tone,
        };
}

static void add_part(Table *table, int parent, const Gpu *gpu, const Function *f)
{
        Cell *cells = table_add(table, parent);

        if (!cells)
                return;
        fill_place(cells, f, "", table->arena);
        cells[LIST_CARD] = fate_cell(gpu, f, table->arena);
}

static void add_gpu(Table *table, const Gpu *gpu)
{
        const Function *d = gpu->display;
        bool alone = gpu->n_shares_with == 0;
        int index = (int)table->n_rows;
        Cell *cells = table_add(table, TABLE_NO_PARENT);

        if (!cells)
                return;
        fill_place(cells, d, alone ? ", alone" : ", shared", table->arena);
        if (list_advice(gpu, table->arena))
                cells[LIST_GROUP].tone = TONE_DOUBT;
        cells[LIST_CARD].text = card_name(d, table->arena);
        if (gpu->boot_display)
                cells[LIST_DISPLAY] = (Cell){.text = "boot", .tone = TONE_DOUBT};
        cells[LIST_SLOT].text = gpu->slot;
        cells[LIST_PATH].text = d->has_parent ? gpu->path : NULL;
        if (gpu->entry)
                cells[LIST_ENTRY] = (Cell){.text = gpu->entry, .tone = TONE_HEAD};
        for (size_t i = 0; i < gpu->n_functions; i++)
                if (gpu->functions[i] != d)
                        add_part(table, index, gpu, gpu->functions[i]);
        for (size_t i = 0; i < gpu->n_shares_with; i++)
                add_part(table, index, gpu, gpu->shares_with[i]);
}

/* What a row has no room for. */
static void add_notes(Text *text, const GpuList *list)
{
        for (size_t i = 0; i < list->n_items; i++) {
                const char *advice = list_advice(&list->items[i], text->arena);

                if (advice)
                        text_add(text, "\n%s is not alone in its IOMMU group: %s\n",
                                PCI_ADDRESS(list->items[i].display->address), advice);
        }
        if (list->no_iommu)
                text_add(text, "\nno IOMMU group, so no virtual machine can have it: %s\n",
                        list->no_iommu);
}

char *report_table_list(const GpuList *list, const Look *look)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return NULL;

        Text text = TEXT_IN(arena);
        Table table = {
                .columns = list_columns, .n_columns = ARRAY_SIZE(list_columns), .arena = arena};

        for (size_t i = 0; i < list->n_items; i++)
                add_gpu(&table, &list->items[i]);
        if (list->n_items == 0)
                text_add(&text, "no GPU on this host\n");
        else
                text_add(&text, "%s", table_format(&table, look));
        add_notes(&text, list);
        return finish(&text);
}
