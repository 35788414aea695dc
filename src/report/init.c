/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/init.h"

#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "policy/match.h"

/* pci.ids and the firmware call things as they like: what they say must not end the comment. */
static void add_headline(Text *text, const Function *gpu)
{
        text_add(text, "# %s ", PCI_ADDRESS(gpu->address));
        if (gpu->name)
                text_add(text, "%s", quote(gpu->name));
        else
                text_add(text, function_is_nvswitch(gpu) ? "NVSwitch" : "display controller");
        text_add(text, " [%04x:%04x]\n", gpu->id.vendor, gpu->id.device);
}

static void add_companions(Text *text, const Claim *claim)
{
        const char *before = "#   takes along ";

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (f == claim->display)
                        continue;
                text_add(text, "%s%s (class %04x)", before, PCI_ADDRESS(f->address),
                        function_class(f));
                before = ",\n#     ";
        }
        if (claim->n_functions > 1)
                text_add(text, "\n");
}

/* What an entry may say instead of the address; a path of one hop is the address. */
static void add_place(Text *text, const Host *host, const Function *gpu)
{
        const Slot *slot = match_slot(host, gpu);
        PciPath path = {0};

        if (gpu->has_parent && host_path(host, gpu, &path))
                text_add(text, "#   path = \"%s\"\n", pci_path_format(&path, text->arena));
        if (slot)
                text_add(text, "#   slot = %s\n", quote(slot->name));
}

static void add_foreigners(
        Text *text, const Function *const *functions, size_t n, const char *what_of_it)
{
        if (n == 0)
                return;
        text_add(text, "#   shares its IOMMU group with what %s:\n", what_of_it);
        for (size_t i = 0; i < n; i++) {
                const Function *f = functions[i];

                if (f->unreadable)
                        text_add(text, "#     %s (unreadable)\n", PCI_ADDRESS(f->address));
                else
                        text_add(text, "#     %s [%04x:%04x] class %04x%s\n",
                                PCI_ADDRESS(f->address), f->id.vendor, f->id.device,
                                function_class(f), f->boot_vga ? ", shows the boot console" : "");
        }
}

static bool has_no_group(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (!claim->functions[i]->unreadable && claim->functions[i]->iommu_group < 0)
                        return true;
        return false;
}

static void add_obstacles(Text *text, const Proposal *proposal)
{
        const Claim *claim = proposal->claim;

        if (proposal->boot_display)
                text_add(text, "#   shows the boot console, and is handed over only with\n"
                               "#   `allow_boot_display = true;` in its line: the console then "
                               "goes dark\n");
        if (has_no_group(claim))
                text_add(text, "#   is in no IOMMU group: `vfio-gpu check` says how to switch the "
                               "IOMMU on\n");
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim->functions[i]->enabled_vfs > 0)
                        text_add(text,
                                "#   has %u virtual functions, and is handed over without any:\n"
                                "#   write 0 to /sys/bus/pci/devices/%s/sriov_numvfs\n",
                                claim->functions[i]->enabled_vfs,
                                PCI_ADDRESS(claim->functions[i]->address));
}

static void add_entry(Text *text, const Proposal *proposal)
{
        const Function *gpu = proposal->claim->display;

        text_add(text, "%s{ name = \"%s\"; address = \"%s\"; id = \"%04x:%04x\";",
                proposal->asked ? "" : "#", proposal->name, PCI_ADDRESS(gpu->address),
                gpu->id.vendor, gpu->id.device);
        for (size_t i = 0; i < proposal->n_members; i++)
                text_add(text, "%s\"%s\"", i > 0 ? ", " : " allow_group_members = [ ",
                        PCI_ADDRESS(proposal->members[i]->address));
        text_add(text, "%s },\n", proposal->n_members > 0 ? " ];" : "");
}

static void add_proposal(Text *text, const Host *host, const Proposal *proposal)
{
        text_add(text, "\n");
        add_headline(text, proposal->claim->display);
        add_companions(text, proposal->claim);
        add_place(text, host, proposal->claim->display);
        add_foreigners(
                text, proposal->members, proposal->n_members, "goes to the same virtual machine");
        add_foreigners(text, proposal->never, proposal->n_never,
                "is never handed over, so it needs another slot");
        add_obstacles(text, proposal);
        add_entry(text, proposal);
}

static void add_head(Text *text, const Proposals *proposals)
{
        text_add(text,
                "# /etc/vfio-gpu.conf: the GPUs of this host that are for virtual machines.\n"
                "#\n"
                "# Each GPU of this host has a line below, pinned by its place (address) and\n"
                "# its model (id). ");
        if (proposals->n_items == 0)
                text_add(text, "There is none yet: no GPU was found.\n");
        else if (proposals->n_asked == 0)
                text_add(text, "All are left to the host by the # in front: take it away\n"
                               "# from the lines of those that are to be handed over at the next "
                               "boot.\n");
        else
                text_add(text, "Those without a # in front are handed over at the next\n"
                               "# boot, all others are left to the host.\n");
        text_add(text, "#\n"
                       "# After each change `vfio-gpu check` says whether it would work, and what\n"
                       "# to do next. Keys that an entry may have, and those for all of them, are\n"
                       "# explained in vfio-gpu.conf(5).\n");
}

char *init_text(const Host *host, const Proposals *proposals)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return NULL;

        Text text = TEXT_IN(arena);
        add_head(&text, proposals);
        text_add(&text, "\ngpus = (\n");
        for (size_t i = 0; i < proposals->n_items; i++)
                add_proposal(&text, host, &proposals->items[i]);
        text_add(&text, "\n);\n");
        return arena_failed(arena) ? NULL : strdup(text.string);
}
