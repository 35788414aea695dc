/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-ids.h"

#include <string.h>

#include "base/driver-name.h"
#include "policy/driver.h"

#define MODPROBE_FILE "/etc/modprobe.d/vfio-pci.conf"
#define DRACUT_FILE   "/etc/dracut.conf.d/vfio-pci.conf"

/* Words that are told once, in the order in which they came. */
typedef struct Words {
        Arena *arena;
        const char **items;
        size_t n_items;
} Words;

static void words_add(Words *words, const char *word)
{
        const char **item;

        for (size_t i = 0; word && i < words->n_items; i++)
                if (strcmp(words->items[i], word) == 0)
                        return;
        item = word ? arena_push(words->arena, &words->items, &words->n_items) : NULL;
        if (item)
                *item = word;
}

/* vfio-pci is to have it: for what is exported, or for another entry. */
static bool is_meant(const Export *e, const Function *f)
{
        for (size_t i = 0; i < e->all->n_items; i++) {
                const Claim *claim = &e->all->items[i];

                for (size_t k = 0; k < claim->n_functions; k++)
                        if (claim->functions[k] == f &&
                                (claim_is_kept(claim) || export_holds(e, claim)))
                                return driver_name_equal(claim->drivers[k], DRIVER_VFIO_PCI);
        }
        return false;
}

/* Only of GPUs it is known which board they are on. */
static bool has_board(const Function *f)
{
        return function_is_gpu(f) && f->subsystem.vendor;
}

/* A device of the same model that vfio-pci is not to have; of the same board, too, when asked. */
static const Function *find_other(const Export *e, const Function *f, bool same_board)
{
        for (size_t i = 0; i < e->host->n_functions; i++) {
                const Function *other = &e->host->functions[i];

                if (!other->unreadable && pci_id_equal(other->id, f->id) &&
                        (!same_board || !has_board(other) ||
                                pci_id_equal(other->subsystem, f->subsystem)) &&
                        !is_meant(e, other))
                        return other;
        }
        return NULL;
}

/* The function in the words of vfio-pci's ids=, with its board where the model alone would be too
 * much; NULL: no id means this function and nothing else. */
static const char *id_of(const Export *e, const Function *f)
{
        if (!find_other(e, f, false))
                return arena_printf(e->arena, "%04x:%04x", f->id.vendor, f->id.device);
        if (!has_board(f) || find_other(e, f, true))
                return NULL;
        return arena_printf(e->arena, "%04x:%04x:%04x:%04x", f->id.vendor, f->id.device,
                f->subsystem.vendor, f->subsystem.device);
}

/* Why no id can hand the card over, or NULL. A card that is taken in part is of use to nobody. */
static const char *obstacle(const Export *e, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i], *other = NULL;

                if (!driver_name_equal(claim->drivers[i], DRIVER_VFIO_PCI))
                        return arena_printf(e->arena, "%s gets %s, which goes by no ids",
                                PCI_ADDRESS(f->address), claim->drivers[i]);
                if (id_of(e, f))
                        continue;
                other = find_other(e, f, has_board(f));
                return arena_printf(e->arena,
                        "%s is of the same model (%04x:%04x) as %s, which vfio-pci is not to have, "
                        "and no id tells them apart",
                        PCI_ADDRESS(f->address), f->id.vendor, f->id.device,
                        other ? PCI_ADDRESS(other->address) : "another");
        }
        return NULL;
}

static void warn_of_usb(Export *e, const Function *f)
{
        if (function_class(f) == PCI_CLASS_USB)
                export_warn(e,
                        "%s is a USB controller: where xhci-pci is built into the kernel it is "
                        "first, and no id changes that",
                        PCI_ADDRESS(f->address));
}

static void warn_of_wishes(Export *e, const Claim *claim)
{
        if (claim->entry->reset_method || claim->entry->d3cold >= 0)
                export_warn(
                        e, "reset_method and d3cold of %s have no place here", claim->entry->name);
}

static void add_claim(Export *e, const Claim *claim, Words *ids, Words *drivers)
{
        const char *why = obstacle(e, claim);

        if (why) {
                export_leave_out(e, "%s (%s) is left out: %s", claim->entry->name,
                        PCI_ADDRESS(claim->display->address), why);
                return;
        }
        warn_of_wishes(e, claim);
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                words_add(ids, id_of(e, f));
                warn_of_usb(e, f);
                for (size_t k = 0; k < f->n_modules; k++)
                        words_add(drivers, f->modules[k]);
        }
}

static void warn_of_unreadable(Export *e)
{
        for (size_t i = 0; i < e->host->n_functions; i++)
                if (e->host->functions[i].unreadable)
                        export_warn(e,
                                "%s could not be read: should it be of one of these models, "
                                "it is taken as well",
                                PCI_ADDRESS(e->host->functions[i].address));
}

/* What there is to say, and the modules that would take the cards. False: nothing. */
static bool collect(Export *e, Words *ids, Words *drivers)
{
        *ids = (Words){.arena = e->arena};
        *drivers = (Words){.arena = e->arena};
        for (size_t i = 0; i < e->n_claims; i++)
                add_claim(e, e->claims[i], ids, drivers);
        if (ids->n_items > 0)
                warn_of_unreadable(e);
        return ids->n_items > 0;
}

static void add_ids(Text *text, const Words *ids)
{
        for (size_t i = 0; i < ids->n_items; i++)
                text_add(text, "%s%s", i ? "," : "", ids->items[i]);
}

static void add_options(Export *e, const char *before)
{
        for (int option = 0; option < _VFIO_OPTION_MAX; option++)
                if (e->config->vfio_options[option] >= 0)
                        text_add(&e->text, " %s%s=%d", before,
                                config_vfio_option_name((VfioOption)option),
                                e->config->vfio_options[option]);
}

void export_ids_cmdline(Export *e)
{
        Words ids, drivers;

        if (!collect(e, &ids, &drivers))
                return;
        if (!e->host->vfio_pci_built_in)
                text_add(&e->text, "rd.driver.pre=vfio-pci ");
        text_add(&e->text, "vfio-pci.ids=");
        add_ids(&e->text, &ids);
        add_options(e, "vfio-pci.");
        text_add(&e->text, "\n");
}

/* What is in the kernel has no use for files. */
static bool is_built_in(Export *e)
{
        if (e->host->vfio_pci_built_in)
                export_leave_out(e, "vfio-pci is built into the kernel, which reads no file: "
                                    "`vfio-gpu export cmdline` says it on the command line");
        return e->host->vfio_pci_built_in;
}

void export_ids_dracut(Export *e)
{
        Words ids, drivers;

        if (is_built_in(e) || !collect(e, &ids, &drivers))
                return;
        text_add(&e->text,
                "# " DRACUT_FILE ": vfio-pci is loaded before other drivers.\n"
                "# Which cards it takes says " MODPROBE_FILE " (`vfio-gpu export modprobe`).\n"
                "force_drivers+=\" vfio-pci \"\n"
                "install_items+=\" " MODPROBE_FILE " \"\n");
}

void export_ids_modprobe(Export *e)
{
        Words ids, drivers;

        if (is_built_in(e) || !collect(e, &ids, &drivers))
                return;
        text_add(&e->text, "# " MODPROBE_FILE "\noptions vfio-pci ids=");
        add_ids(&e->text, &ids);
        add_options(e, "");
        text_add(&e->text, "\n");
        for (size_t i = 0; i < drivers.n_items; i++)
                text_add(&e->text, "softdep %s pre: vfio-pci\n", drivers.items[i]);
}
