/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/match.h"

#include <string.h>

/* Whoever names none of these means displays: a switch carries other GPUs' traffic, too. */
#define SELECT_NVSWITCH (SELECT_ONE_CARD | SELECT_ID)

static bool counts(const Entry *entry, const Function *f)
{
        bool kind = function_is_display(f) ||
                    (function_is_nvswitch(f) && entry->selectors & SELECT_NVSWITCH);

        return kind && !f->virtual_function;
}

const Function *match_gpu(const Host *host, const Entry *entry, const Function *f)
{
        for_each_in_slot (other, host, f->address)
                if (counts(entry, other))
                        return other;
        return NULL;
}

bool match_is_gpu(const Host *host, const Entry *entry, const Function *f)
{
        return counts(entry, f) && match_gpu(host, entry, f) == f;
}

static unsigned failing_model(const Entry *entry, const Function *f)
{
        unsigned failing = 0;

        if (!pci_id_equal(entry->id, f->id))
                failing |= SELECT_ID;
        if (!pci_id_equal(entry->subsystem, f->subsystem))
                failing |= SELECT_SUBSYSTEM;
        if (entry->vendor != f->id.vendor)
                failing |= SELECT_VENDOR;
        return failing & entry->selectors;
}

bool match_model(const Entry *entry, const Function *f)
{
        return failing_model(entry, f) == 0;
}

static bool is_at_path(const Host *host, const PciPath *wanted, const Function *f)
{
        PciPath path = {0};

        return host_path(host, f, &path) && pci_path_same_slot(&path, wanted);
}

static bool slot_holds(const Slot *slot, const Function *f)
{
        PciAddress address = f->address;

        if (slot->whole_bus)
                address.device = slot->address.device;
        return pci_address_same_slot(slot->address, address);
}

static bool is_in_slot(const Host *host, const char *name, const Function *f)
{
        for (size_t i = 0; i < host->n_slots; i++)
                if (strcmp(host->slots[i].name, name) == 0 && slot_holds(&host->slots[i], f))
                        return true;
        return false;
}

const Slot *match_slot(const Host *host, const Function *f)
{
        for (size_t i = 0; i < host->n_slots; i++)
                if (slot_holds(&host->slots[i], f))
                        return &host->slots[i];
        return NULL;
}

static bool is_at(const Host *host, const Entry *entry, Selector place, const Function *f)
{
        if (place == SELECT_ADDRESS)
                return pci_address_same_slot(entry->address, f->address);
        if (place == SELECT_PATH)
                return is_at_path(host, &entry->path, f);
        return is_in_slot(host, entry->slot, f);
}

static unsigned failing_place(const Host *host, const Entry *entry, const Function *f)
{
        static const Selector places[] = {SELECT_ADDRESS, SELECT_PATH, SELECT_SLOT};
        unsigned failing = 0;

        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                if (entry->selectors & places[i] && !is_at(host, entry, places[i], f))
                        failing |= places[i];
        return failing;
}

static bool has_serial(const Function *f, uint64_t serial)
{
        return f->serial.state == SERIAL_KNOWN && f->serial.number == serial;
}

static unsigned count_bits(unsigned bits)
{
        unsigned n = 0;

        for (; bits; bits &= bits - 1)
                n++;
        return n;
}

unsigned match_failing(const Host *host, const Entry *entry, const Function *f)
{
        unsigned model = entry->selectors & SELECT_MODEL, serial = entry->selectors & SELECT_SERIAL;

        if (f->virtual_function || !match_gpu(host, entry, f))
                return failing_place(host, entry, f) | failing_model(entry, f) | serial;
        for_each_in_slot (other, host, f->address) {
                unsigned failing = 0;

                if (!counts(entry, other))
                        continue;
                failing = failing_model(entry, other);
                if (count_bits(failing) < count_bits(model))
                        model = failing;
                if (has_serial(other, entry->serial))
                        serial = 0;
        }
        return failing_place(host, entry, f) | model | serial;
}

/* That function and no other of its slot. */
static bool names(const Entry *entry, Selector place, const Function *f)
{
        if (place == SELECT_ADDRESS)
                return entry->address_function && entry->address.function == f->address.function;
        return place == SELECT_PATH && pci_path_function(&entry->path) == f->address.function;
}

const Function *match_at(const Host *host, const Entry *entry, Selector place)
{
        const Function *first = NULL;

        for (size_t i = 0; i < host->n_functions && entry->selectors & place; i++) {
                const Function *f = &host->functions[i];

                if (!is_at(host, entry, place, f))
                        continue;
                if (names(entry, place, f))
                        return f;
                if (!first)
                        first = f;
        }
        return first;
}

/* A VF may lie in the slot of its PF, which the user did not mean. */
static bool names_virtual_function(const Host *host, const Entry *entry)
{
        const Function *at = match_at(host, entry, SELECT_ADDRESS);
        const Function *behind = match_at(host, entry, SELECT_PATH);

        return (at && at->virtual_function) || (behind && behind->virtual_function);
}

bool match_picks(const Host *host, const Entry *entry, const Function *gpu)
{
        return match_failing(host, entry, gpu) == 0 && !names_virtual_function(host, entry);
}

/* Whether a serial number is the right one is told by no other selector. */
static bool may_pick(const Host *host, const Entry *entry, const Function *f)
{
        return counts(entry, f) && (match_failing(host, entry, f) & ~SELECT_SERIAL) == 0 &&
               !names_virtual_function(host, entry);
}

/* An entry that has one of the selectors. */
static bool any_may_pick(
        const Config *config, unsigned selectors, const Host *host, const Function *f)
{
        for (size_t i = 0; i < config->n_entries; i++)
                if (config->entries[i].selectors & selectors &&
                        may_pick(host, &config->entries[i], f))
                        return true;
        return false;
}

bool match_wants_answer(const Config *config, const Host *host, const Function *f)
{
        return !f->binding.driver && any_may_pick(config, ~0u, host, f);
}

bool match_wants_serial(const Config *config, const Host *host, const Function *f)
{
        return any_may_pick(config, SELECT_SERIAL, host, f);
}

const Function *match_by_serial(const Host *host, const Entry *entry)
{
        for (size_t i = 0; i < host->n_functions && entry->selectors & SELECT_SERIAL; i++) {
                const Function *f = &host->functions[i];

                if (match_is_gpu(host, entry, f) &&
                        !(match_failing(host, entry, f) & SELECT_SERIAL))
                        return f;
        }
        return NULL;
}

bool match_may_have_moved(const Config *config, const Host *host, const Function *f)
{
        for (size_t i = 0; i < config->n_entries; i++) {
                const Entry *entry = &config->entries[i];

                if (entry->selectors & SELECT_SERIAL && counts(entry, f) &&
                        !match_by_serial(host, entry))
                        return true;
        }
        return false;
}
