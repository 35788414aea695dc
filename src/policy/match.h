/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Whether a GPU is one that an entry means, and which of its selectors say no. Pure. */

#include "config/config.h"
#include "host/host.h"

/*
 * What an entry counts as GPUs: slots with a display function, and NVSwitches where it names a
 * model or a place. Each is counted by its first such function; VFs are none. match_gpu() returns
 * the one in whose slot `f` lies, or NULL.
 */
const Function *match_gpu(const Host *host, const Entry *entry, const Function *f);
bool match_is_gpu(const Host *host, const Entry *entry, const Function *f);

/*
 * The selectors of `entry` that the GPU of `f` does not match, or `f` itself where it belongs to
 * none; 0 when all do. All that speak of a model must match on one function. A serial number that
 * nobody has read does not match.
 */
unsigned match_failing(const Host *host, const Entry *entry, const Function *f);

/* True when the entry picks that GPU: all match, and it names no VF. */
bool match_picks(const Host *host, const Entry *entry, const Function *gpu);

/* True when all selectors of the function itself match: id, subsystem, vendor. */
bool match_model(const Entry *entry, const Function *f);

/* The function that a selector of SELECT_PLACE names, else the first of the slot that it names;
 * NULL when nothing is there. */
const Function *match_at(const Host *host, const Entry *entry, Selector place);

/* The physical slot of `f`, or NULL. */
const Slot *match_slot(const Host *host, const Function *f);

/* True when an entry may pick `f`, a GPU that no driver has: it must be asked whether it answers. A
 * driver may have put its card to sleep, and the question would wake it
 * (pci_config_pm_runtime_get() in drivers/pci/pci.c). The ids of a VF are ones by the standard. */
bool match_wants_answer(const Config *config, const Host *host, const Function *f);

/* True when an entry can only be told by the serial number of `f`, which must be read for it. */
bool match_wants_serial(const Config *config, const Host *host, const Function *f);

/* The first GPU whose serial number is that of the entry, wherever it is; NULL: none that is known,
 * or the entry has no serial number. */
const Function *match_by_serial(const Host *host, const Entry *entry);

/* True when `f` is a GPU that may have the serial number of an entry whose own GPUs have not. */
bool match_may_have_moved(const Config *config, const Host *host, const Function *f);
