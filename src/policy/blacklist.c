/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/blacklist.h"

#include <string.h>

#include "base/driver-name.h"
#include "base/text.h"
#include "policy/driver.h"

/* Of displays: an initramfs may lack a module, and so its aliases, that the real root has. */
static const struct {
        uint16_t vendor;
        const char *module;
} known_modules[] = {
        {PCI_VENDOR_NVIDIA, "nouveau"},
        {PCI_VENDOR_NVIDIA, "nova_core"},
        {PCI_VENDOR_NVIDIA, "nova_drm"},
        {PCI_VENDOR_NVIDIA, "nvidiafb"},
};

static bool is_known(size_t i, const Function *gpu)
{
        return function_is_display(gpu) && known_modules[i].vendor == gpu->id.vendor;
}

static bool needs(const Function *gpu, const char *module)
{
        for (size_t i = 0; i < gpu->n_modules; i++)
                if (strcmp(gpu->modules[i], module) == 0)
                        return true;
        for (size_t i = 0; i < ARRAY_SIZE(known_modules); i++)
                if (is_known(i, gpu) && strcmp(known_modules[i].module, module) == 0)
                        return true;
        return false;
}

static bool needed_by_unclaimed(const Host *host, const Claims *claims, const char *module)
{
        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                /* a card that does not answer needs none: a probe of it is what may hang */
                if (!f->silent && needs(f, module) && !claims_find_kept(claims, f))
                        return true;
        }
        return false;
}

typedef struct Names {
        Arena *arena;
        const char **items;
        size_t n_items;
} Names;

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool names_have(const Names *names, const char *name)
{
        for (size_t i = 0; i < names->n_items; i++)
                if (strcmp(names->items[i], name) == 0)
                        return true;
        return false;
}

static int names_add(Names *names, const char *name)
{
        const char **item = arena_push(names->arena, &names->items, &names->n_items);
        if (!item)
                return -ENOMEM;
        *item = name;
        return 0;
}

/* What was added for one card of many is not looked for again. */
static int add_rival(const Host *host, const Claims *claims, const char *module, Names *names)
{
        if (names_have(names, module) || needed_by_unclaimed(host, claims, module))
                return 0;
        return names_add(names, module);
}

static int add_rivals(const Host *host, const Claims *claims, const Function *gpu, Names *names)
{
        int r = 0;

        for (size_t i = 0; i < gpu->n_modules && r == 0; i++)
                r = add_rival(host, claims, gpu->modules[i], names);
        for (size_t i = 0; i < ARRAY_SIZE(known_modules) && r == 0; i++)
                if (is_known(i, gpu))
                        r = add_rival(host, claims, known_modules[i].module, names);
        return r;
}

int blacklist_build(const Config *config, const Host *host, const Claims *claims, Arena *arena,
        const char ***ret, size_t *ret_n)
{
        Names names = {.arena = arena};
        int r = 0;

        for (size_t i = 0; i < config->n_blacklist && r == 0; i++)
                r = names_add(&names, config->blacklist[i]);
        for (size_t i = 0; i < host->n_functions && config->blacklist_auto && r == 0; i++) {
                const Function *f = &host->functions[i];

                if (function_is_gpu(f) && claims_find_kept(claims, f))
                        r = add_rivals(host, claims, f, &names);
        }
        if (r < 0)
                return r;
        if (names.n_items > 0)
                qsort(names.items, names.n_items, sizeof(*names.items), compare_names);
        *ret = names.items;
        *ret_n = names.n_items;
        return 0;
}

static bool is_model(const Entry *entry, const Function *f, const Function *model)
{
        bool same = pci_id_equal(f->id, model->id);

        /* vfio-pci matches the subsystem only where ids= names one; only GPUs tell us theirs */
        if (!(entry->selectors & SELECT_SUBSYSTEM) || !function_is_gpu(f))
                return same;
        return same && pci_id_equal(f->subsystem, model->subsystem);
}

/* What could not be read may be one more of them. */
static bool takes_every(
        const Host *host, const Claims *claims, const Entry *entry, const Function *model)
{
        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if ((f->unreadable || is_model(entry, f, model)) && !claims_find_kept(claims, f))
                        return false;
        }
        return true;
}

static const char *model_text(Arena *arena, const Entry *entry, const Function *f)
{
        if (entry->selectors & SELECT_SUBSYSTEM)
                return arena_printf(arena, "%04x:%04x:%04x:%04x", f->id.vendor, f->id.device,
                        f->subsystem.vendor, f->subsystem.device);
        return arena_printf(arena, "%04x:%04x", f->id.vendor, f->id.device);
}

static const char *ids(const Host *host, const Claims *claims, Arena *arena)
{
        Names names = {.arena = arena};
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < claims->n_items; i++) {
                const Claim *claim = &claims->items[i];
                const Entry *entry = claim->entry;

                if (!claim->display || entry->count != ENTRY_COUNT_ALL ||
                        (entry->selectors & SELECT_ONE_CARD) ||
                        !driver_name_equal(claim_display_driver(claim), DRIVER_VFIO_PCI))
                        continue;

                const char *model = model_text(arena, entry, claim->display);
                if (!model)
                        return NULL;
                if (names_have(&names, model) || !takes_every(host, claims, entry, claim->display))
                        continue;
                if (names_add(&names, model) < 0)
                        return NULL;
        }
        for (size_t i = 0; i < names.n_items; i++) {
                text_separate(&text, ",");
                text_add(&text, "%s", names.items[i]);
        }
        return text.string;
}

const char *blacklist_vfio_options(
        const Config *config, const Host *host, const Claims *claims, Arena *arena)
{
        Text text = TEXT_IN(arena);
        const char *models = ids(host, claims, arena);

        if (!models)
                return NULL;
        text_add(&text, "ids=%s", models);
        for (int option = 0; option < _VFIO_OPTION_MAX; option++)
                if (config->vfio_options[option] >= 0)
                        text_add(&text, " %s=%d", config_vfio_option_name((VfioOption)option),
                                config->vfio_options[option]);
        return text.string;
}

const char *blacklist_file(
        const char *const *modules, size_t n_modules, const char *options, Arena *arena)
{
        Text text = TEXT_IN(arena);

        text_add(&text, "# Made by vfio-gpu from /etc/vfio-gpu.conf; in force until shutdown.\n");
        for (size_t i = 0; i < n_modules; i++)
                text_add(&text, "blacklist %s\n", modules[i]);
        text_add(&text, "options vfio-pci %s\n", options);
        return text.string;
}
