/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vfio-options.h"

#include <string.h>

#include "base/text.h"
#include "policy/image.h"

/* What differs, as lists of options. */
typedef struct Differences {
        Text in_force; /* "disable_vga=0, ..." */
        Text wanted;
        Text unknown; /* to this vfio-pci: "disable_denylist, ..." */
        Text words;   /* for the kernel command line */
} Differences;

static const ModuleParameter *find(const Host *host, const char *name)
{
        for (size_t i = 0; i < host->n_vfio_parameters; i++)
                if (strcmp(host->vfio_parameters[i].name, name) == 0)
                        return &host->vfio_parameters[i];
        return NULL;
}

/* Kernels show a bool as Y or N. */
static int value_of(const ModuleParameter *parameter)
{
        return *parameter->value == 'Y' || *parameter->value == '1';
}

static void add_option(Text *text, const char *separator, const char *name, int value)
{
        text_separate(text, separator);
        text_add(text, "%s=%d", name, value);
}

static void compare(const Host *host, const char *name, int wanted, Differences *d)
{
        const ModuleParameter *parameter = find(host, name);

        if (!parameter) {
                text_separate(&d->unknown, ", ");
                text_add(&d->unknown, "%s", name);
        } else if (value_of(parameter) != wanted) {
                add_option(&d->in_force, ", ", name, value_of(parameter));
                add_option(&d->wanted, ", ", name, wanted);
                text_separate(&d->words, " ");
                text_add(&d->words, "vfio_pci.%s=%d", name, wanted);
        }
}

static bool any_kept(const Plan *plan)
{
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (claim_is_kept(&plan->claims.items[i]))
                        return true;
        return false;
}

/* A write to /sys/module/vfio_pci/parameters is taken and has no effect: the driver copies them
 * when it is loaded (vfio_pci_init() of drivers/vfio/pci/vfio_pci.c). */
static const char *sentence(const Host *host, const Differences *d, Arena *arena)
{
        if (host->vfio_pci_built_in)
                return arena_printf(arena,
                        "vfio-pci is built into the kernel and runs with %s, the config wants %s: "
                        "boot with `%s` on the kernel command line",
                        d->in_force.string, d->wanted.string, d->words.string);
        return arena_printf(arena,
                "vfio-pci runs with %s, the config wants %s: it was loaded before this config "
                "could "
                "say so, and takes no change after that (nor by /sys/module); rebuild the "
                "initramfs "
                "with vfio-gpu in it (%s) and reboot; if that does not help, look in "
                "rd.driver.pre=, modules-load.d and modprobe.d for what loads it first",
                d->in_force.string, d->wanted.string, image_command(host->image_tool));
}

const char *vfio_options_warning(
        const Config *config, const Plan *plan, const Host *host, Arena *arena)
{
        Differences d = {TEXT_IN(arena), TEXT_IN(arena), TEXT_IN(arena), TEXT_IN(arena)};

        /* none at all: it is not loaded, or the tree does not tell */
        if (host->n_vfio_parameters == 0 || !any_kept(plan))
                return NULL;
        for (int option = 0; option < _VFIO_OPTION_MAX; option++)
                if (config->vfio_options[option] >= 0)
                        compare(host, config_vfio_option_name((VfioOption)option),
                                config->vfio_options[option], &d);
        if (!text_is_empty(&d.in_force))
                return sentence(host, &d, arena);
        if (!text_is_empty(&d.unknown))
                return arena_printf(arena,
                        "the vfio-pci of this kernel has no option %s, which the config sets",
                        d.unknown.string);
        return NULL;
}
