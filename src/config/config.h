/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The config as data, and the one function that makes it from text. Nothing here does I/O. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/pci-address.h"
#include "base/pci-path.h"

typedef enum Selector {
        SELECT_ADDRESS = 1 << 0,
        SELECT_ID = 1 << 1,
        SELECT_SUBSYSTEM = 1 << 2,
        SELECT_VENDOR = 1 << 3,
        SELECT_PATH = 1 << 4,
        SELECT_SLOT = 1 << 5,
        SELECT_SERIAL = 1 << 6,
} Selector;

/* Those that name a model, those that name a place, and all that mean this card and not its like.
 */
#define SELECT_MODEL    (SELECT_ID | SELECT_SUBSYSTEM | SELECT_VENDOR)
#define SELECT_PLACE    (SELECT_ADDRESS | SELECT_PATH | SELECT_SLOT)
#define SELECT_ONE_CARD (SELECT_PLACE | SELECT_SERIAL)

/* One step on one card; 20 s still leave a whole run below the unit's own limit (verb-apply.c). */
#define CONFIG_TIMEOUT_MIN     1u
#define CONFIG_TIMEOUT_DEFAULT 5u
#define CONFIG_TIMEOUT_MAX     20u

#define ENTRY_COUNT_ALL     0u
#define ENTRY_FUNCTIONS_ALL 0u

/* A slot, or one function of it. */
typedef struct Place {
        PciAddress address;
        bool function;
} Place;

/* One group of `gpus`: which GPUs, and what to do with them. */
typedef struct Entry {
        const char *name;      /* unique; "gpu" and its place where the file gives none */
        unsigned line;         /* where its group begins */
        unsigned selectors;    /* Selector bits: which of the following the GPU must match, all */
        PciAddress address;    /* names a slot, */
        bool address_function; /* or one function of it */
        PciPath path;          /* names a slot, whatever its function */
        const char *slot;      /* as in /sys/bus/pci/slots */
        uint64_t serial;       /* PCIe Device Serial Number */
        PciId id;              /* of the display function */
        PciId subsystem;
        uint16_t vendor;
        unsigned count;     /* how many GPUs must match, or ENTRY_COUNT_ALL */
        unsigned functions; /* bit n: function n; ENTRY_FUNCTIONS_ALL: display and companions */
        bool optional;
        bool allow_boot_display;
        Place *members; /* foreigners of the IOMMU group that may be claimed too */
        size_t n_members;
        const char *reset_method; /* names in their order, with blanks between; NULL: the kernel's
                                   */
        int d3cold;               /* -1 the kernel's, 0 false, 1 true */
        const char *driver;       /* "vfio-pci" or the name of a variant; NULL: the best */
        bool force_unbind;        /* take the display from a driver that has it */
} Entry;

/* Parameters of the vfio-pci module that the config can set; names in config_vfio_option_name(). */
typedef enum VfioOption {
        VFIO_DISABLE_VGA,
        VFIO_DISABLE_IDLE_D3,
        VFIO_NOINTXMASK,
        VFIO_ENABLE_SRIOV,
        VFIO_DISABLE_DENYLIST,
        _VFIO_OPTION_MAX,
} VfioOption;

typedef struct Config {
        Arena *arena;
        const char *path; /* as the user knows the file */
        Entry *entries;
        size_t n_entries;
        bool blacklist_auto;
        const char **blacklist; /* when not auto: the names in the file, `-` as `_` */
        size_t n_blacklist;
        int vfio_options[_VFIO_OPTION_MAX]; /* -1 not given, 0 false, 1 true */
        unsigned timeout;                   /* seconds for one step on one card */
} Config;

/* One mistake of the user: where, which key (or NULL), and what was found and expected. */
typedef struct ConfigProblem {
        unsigned line; /* 0: the file as a whole */
        const char *key;
        const char *text;
} ConfigProblem;

typedef struct ConfigProblems {
        Arena *arena;
        ConfigProblem *items; /* in the order of their lines; of more than a thousand, the
                                 first that were found */
        size_t n_items;
} ConfigProblems;

/*
 * Parses `size` bytes of `text`, found in the file `path`. On success 0 and `*ret`, to be freed
 * with config_free(). -EINVAL: the text is wrong, and `*reterr_problems` (config_problems_free())
 * holds every mistake in it, at least one. -ENOMEM. Each output is set in its own case only.
 */
int config_parse(const char *path, const char *text, size_t size, Config **ret,
        ConfigProblems **reterr_problems) _must_check_;

void config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free);

void config_problems_free(ConfigProblems *problems);
DEFINE_CLEANUP(ConfigProblems *, config_problems_free);

/* The entry of that name, or NULL. */
const Entry *config_find_entry(const Config *config, const char *name);

/* "disable_vga" and so on: both the key in the config and the name of the module's parameter. */
const char *config_vfio_option_name(VfioOption option);
