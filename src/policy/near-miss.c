/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/near-miss.h"

#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "policy/match.h"

typedef struct Miss {
        const Host *host;
        const Entry *entry;
        Arena *arena;
        Text text;
        const Function *told[3]; /* who was spoken of: one at most for each place */
        size_t n_told;
} Miss;

static const char *path_text(const Miss *miss, const Function *f)
{
        PciPath path = {0};

        if (!host_path(miss->host, f, &path))
                return "unknown";

        const char *text = pci_path_format(&path, miss->arena);
        return text ? text : "";
}

static void differ_id(const Miss *miss, Text *text, const Function *f)
{
        const PciId *wanted = &miss->entry->id;

        text_add(text, "is %04x:%04x, not %04x:%04x", f->id.vendor, f->id.device, wanted->vendor,
                wanted->device);
}

static void differ_vendor(const Miss *miss, Text *text, const Function *f)
{
        text_add(text, "is %04x:%04x, not of vendor %04x", f->id.vendor, f->id.device,
                miss->entry->vendor);
}

static void differ_subsystem(const Miss *miss, Text *text, const Function *f)
{
        const PciId *wanted = &miss->entry->subsystem;

        text_add(text, "is of subsystem %04x:%04x, not %04x:%04x", f->subsystem.vendor,
                f->subsystem.device, wanted->vendor, wanted->device);
}

static void differ_path(const Miss *miss, Text *text, const Function *f)
{
        const char *wanted = pci_path_format(&miss->entry->path, miss->arena);

        text_add(text, "has path %s, not %s", path_text(miss, f), wanted ? wanted : "");
}

static void differ_slot(const Miss *miss, Text *text, const Function *f)
{
        const Slot *slot = match_slot(miss->host, f);

        text_add(text, "is in %s%s, not in slot %s", slot ? "slot " : "no slot that is known",
                slot ? quote(slot->name) : "", quote(miss->entry->slot));
}

static void differ_serial(const Miss *miss, Text *text, const Function *f)
{
        /* of one that nobody has read more differs, or somebody would have */
        if (f->serial.state == SERIAL_NONE)
                text_add(text, "has no serial number");
        else if (f->serial.state == SERIAL_KNOWN)
                text_add(text, "has serial %s, not %s", PCI_SERIAL(f->serial.number),
                        PCI_SERIAL(miss->entry->serial));
        else if (f->serial.state == SERIAL_UNKNOWN)
                text_add(text, "has a serial number that could not be read: %s", f->serial.trouble);
}

/* What each selector looks at, and how a function differs in it; an address needs no words. */
static const struct {
        Selector selector;
        const char *key;
        void (*differ)(const Miss *miss, Text *text, const Function *f);
} selectors[] = {
        {SELECT_ID, "id", differ_id},
        {SELECT_VENDOR, "vendor", differ_vendor},
        {SELECT_SUBSYSTEM, "subsystem", differ_subsystem},
        {SELECT_ADDRESS, "address", NULL},
        {SELECT_PATH, "path", differ_path},
        {SELECT_SLOT, "slot", differ_slot},
        {SELECT_SERIAL, "serial", differ_serial},
};

/* "is 144d:a80a, not 10de:26b1, and has path ..., not ...", or "" */
static const char *differences(const Miss *miss, const Function *f, unsigned failing)
{
        Text text = TEXT_IN(miss->arena);

        if (failing & SELECT_ID)
                failing &= ~SELECT_VENDOR;
        if (!function_is_gpu(f))
                failing &= ~SELECT_SUBSYSTEM;
        for (size_t i = 0; i < ARRAY_SIZE(selectors); i++) {
                Text one = TEXT_IN(miss->arena);

                if (failing & selectors[i].selector && selectors[i].differ)
                        selectors[i].differ(miss, &one, f);
                if (text_is_empty(&one))
                        continue;
                text_separate(&text, ", and ");
                text_add(&text, "%s", one.string);
        }
        return text.string;
}

static void add_serial(Text *text, const Serial *serial)
{
        if (serial->state == SERIAL_KNOWN)
                text_add(text, ", serial %s", PCI_SERIAL(serial->number));
        else if (serial->state == SERIAL_NONE)
                text_add(text, ", no serial number");
        else if (serial->state == SERIAL_UNKNOWN)
                text_add(text, ", serial number not read: %s", serial->trouble);
}

/* "0000:01:00.0 (10de:26b1)", and what those selectors look at, as far as there is something. */
static void add_gpu(const Miss *miss, Text *text, const Function *f, unsigned details)
{
        const Slot *slot = details & SELECT_SLOT ? match_slot(miss->host, f) : NULL;

        text_separate(text, ", ");
        text_add(text, "%s (%04x:%04x", PCI_ADDRESS(f->address), f->id.vendor, f->id.device);
        if (details & SELECT_SUBSYSTEM)
                text_add(text, ", subsystem %04x:%04x", f->subsystem.vendor, f->subsystem.device);
        if (details & SELECT_PATH && f->has_parent)
                text_add(text, ", path %s", path_text(miss, f));
        if (slot)
                text_add(text, ", slot %s", quote(slot->name));
        if (details & SELECT_SERIAL)
                add_serial(text, &f->serial);
        text_add(text, ")");
}

/* The next GPU after `f` (NULL: the first) on whom no more than `failing` fails, and all of that.
 */
static const Function *next_failing(const Miss *miss, const Function *f, unsigned failing)
{
        const Host *host = miss->host;

        for (f = f ? f + 1 : host->functions; f < host->functions + host->n_functions; f++)
                if (match_is_gpu(host, miss->entry, f) &&
                        match_failing(host, miss->entry, f) == failing)
                        return f;
        return NULL;
}

static bool was_told(const Miss *miss, const Function *f)
{
        for (size_t i = 0; i < miss->n_told; i++)
                if (miss->told[i] == f)
                        return true;
        return false;
}

/* Which GPUs are the wanted ones but for this. */
static void add_all_but(Miss *miss, Selector selector, const char *key)
{
        Text gpus = TEXT_IN(miss->arena);

        for (const Function *f = NULL; (f = next_failing(miss, f, selector));)
                if (!was_told(miss, f))
                        add_gpu(miss, &gpus, f, selector);
        if (text_is_empty(&gpus))
                return;
        text_separate(&miss->text, "; ");
        text_add(&miss->text, "what matches but for the %s: %s", key, gpus.string);
}

static void add_near(Miss *miss, unsigned which)
{
        unsigned asked = miss->entry->selectors;

        /* but for the only one is everything */
        for (size_t i = 0; i < ARRAY_SIZE(selectors) && asked & (asked - 1); i++)
                if (asked & which & selectors[i].selector)
                        add_all_but(miss, selectors[i].selector, selectors[i].key);
}

/* Where nothing is at the end of the path: it may have been written without its beginning. */
static void add_no_path(Miss *miss)
{
        const PciPath *wanted = &miss->entry->path;
        const Function *first = host_find(miss->host, wanted->first);
        const char *text = pci_path_format(wanted, miss->arena);

        text_add(&miss->text, "path %s leads to no device", text ? text : "");
        if (first && first->has_parent)
                text_add(&miss->text, " (a path starts at a root port, and %s has path %s itself)",
                        PCI_ADDRESS(first->address), path_text(miss, first));
}

static void add_no_slot(Miss *miss)
{
        Text names = TEXT_IN(miss->arena);

        for (size_t i = 0; i < miss->host->n_slots; i++) {
                const Slot *slot = &miss->host->slots[i];

                if (strcmp(slot->name, miss->entry->slot) == 0) {
                        text_add(&miss->text, "slot %s is empty", quote(slot->name));
                        return;
                }
                text_separate(&names, ", ");
                text_add(&names, "%s", quote(slot->name));
        }
        text_add(&miss->text, "there is no slot %s; slots here: %s", quote(miss->entry->slot),
                text_is_empty(&names) ? "none" : names.string);
}

static void add_nothing_at(Miss *miss, Selector place)
{
        text_separate(&miss->text, "; ");
        if (place == SELECT_ADDRESS)
                text_add(
                        &miss->text, "there is no device at %s", PCI_ADDRESS(miss->entry->address));
        else if (place == SELECT_PATH)
                add_no_path(miss);
        else
                add_no_slot(miss);
}

/* How the sentence about what is at a place begins. */
static const char *place_text(const Miss *miss, Selector place, const Function *f)
{
        const char *address = PCI_ADDRESS(f->address);

        if (place == SELECT_PATH)
                return arena_printf(miss->arena, "path %s leads to %s, which",
                        pci_path_format(&miss->entry->path, miss->arena), address);
        if (place == SELECT_SLOT)
                return arena_printf(
                        miss->arena, "slot %s holds %s, which", quote(miss->entry->slot), address);
        return arena_printf(miss->arena, "%s", address);
}

static void add_what_is_at(Miss *miss, Selector place, const Function *f)
{
        const Function *gpu = f->virtual_function ? NULL : match_gpu(miss->host, miss->entry, f);
        const Function *subject = gpu ? gpu : f;
        unsigned failing = match_failing(miss->host, miss->entry, subject);
        const char *words = differences(miss, subject, failing);
        const char *begin = place_text(miss, place, subject);

        if (was_told(miss, subject))
                return;
        miss->told[miss->n_told++] = subject;
        text_separate(&miss->text, "; ");
        text_add(&miss->text, "%s ", begin ? begin : "");
        if (subject->unreadable)
                text_add(&miss->text, "could not be read: %s", subject->unreadable);
        else if (*words)
                text_add(&miss->text, "%s", words);
        else if (gpu)
                text_add(&miss->text, "is not at %s", PCI_ADDRESS(miss->entry->address));
        else
                text_add(&miss->text, "is %04x:%04x of class %04x, no GPU", subject->id.vendor,
                        subject->id.device, function_class(subject));
}

static void add_places(Miss *miss)
{
        static const Selector places[] = {SELECT_ADDRESS, SELECT_PATH, SELECT_SLOT};

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                const Function *f = match_at(miss->host, miss->entry, places[i]);

                if (f)
                        add_what_is_at(miss, places[i], f);
                else if (miss->entry->selectors & places[i])
                        add_nothing_at(miss, places[i]);
        }
}

/* "id 10de:26b1, serial 00-11-22-33-44-55-66-77" */
static const char *wanted(const Miss *miss)
{
        const Entry *entry = miss->entry;
        Text text = TEXT_IN(miss->arena);

        if (entry->selectors & SELECT_ID)
                text_add(&text, "id %04x:%04x", entry->id.vendor, entry->id.device);
        if (entry->selectors & SELECT_SUBSYSTEM) {
                text_separate(&text, ", ");
                text_add(&text, "subsystem %04x:%04x", entry->subsystem.vendor,
                        entry->subsystem.device);
        }
        if (entry->selectors & SELECT_VENDOR) {
                text_separate(&text, ", ");
                text_add(&text, "vendor %04x", entry->vendor);
        }
        if (entry->selectors & SELECT_SERIAL) {
                text_separate(&text, ", ");
                text_add(&text, "serial %s", PCI_SERIAL(entry->serial));
        }
        return text.string;
}

static void add_all(Miss *miss)
{
        const Host *host = miss->host;
        Text gpus = TEXT_IN(miss->arena);

        for (size_t i = 0; i < host->n_functions; i++)
                if (match_is_gpu(host, miss->entry, &host->functions[i]))
                        add_gpu(miss, &gpus, &host->functions[i], miss->entry->selectors);
        text_add(&miss->text, "no GPU here has %s; GPUs here: %s", wanted(miss),
                text_is_empty(&gpus) ? "none" : gpus.string);
}

/* The card itself, where more about it is another than the place, or there is no place. */
static void add_serial_elsewhere(Miss *miss)
{
        const Function *f = match_by_serial(miss->host, miss->entry);
        unsigned failing = f ? match_failing(miss->host, miss->entry, f) : 0;
        bool single = !(failing & (failing - 1));

        /* add_near() has it */
        if (!f || was_told(miss, f) || (single && !(failing & ~SELECT_ONE_CARD)))
                return;
        text_add(&miss->text, "; serial %s is that of %s, which %s",
                PCI_SERIAL(miss->entry->serial), PCI_ADDRESS(f->address),
                differences(miss, f, failing));
}

const char *near_miss_none(const Host *host, const Entry *entry, Arena *arena)
{
        Miss miss = {.host = host, .entry = entry, .arena = arena, .text = TEXT_IN(arena)};

        if (!(entry->selectors & SELECT_PLACE)) {
                add_all(&miss);
        } else {
                add_places(&miss);
                add_near(&miss, SELECT_ONE_CARD);
        }
        add_serial_elsewhere(&miss);
        return arena_failed(arena) ? NULL : miss.text.string;
}

static bool boards_differ(const Miss *miss)
{
        const Function *first = next_failing(miss, NULL, 0);

        for (const Function *f = first; f; f = next_failing(miss, f, 0))
                if (f->subsystem.vendor != first->subsystem.vendor ||
                        f->subsystem.device != first->subsystem.device)
                        return true;
        return false;
}

const char *near_miss_count(const Host *host, const Entry *entry, size_t n, Arena *arena)
{
        Miss miss = {.host = host, .entry = entry, .arena = arena, .text = TEXT_IN(arena)};
        Text gpus = TEXT_IN(arena);
        unsigned details = SELECT_ONE_CARD | (boards_differ(&miss) ? SELECT_SUBSYSTEM : 0);

        for (const Function *f = NULL; (f = next_failing(&miss, f, 0));)
                add_gpu(&miss, &gpus, f, details);
        text_add(&miss.text, "%zu GPU%s where the entry wants %u: %s", n,
                n == 1 ? " matches" : "s match", entry->count, gpus.string);
        if (n < entry->count)
                add_near(&miss, ~0u);
        return arena_failed(arena) ? NULL : miss.text.string;
}
