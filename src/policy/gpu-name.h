/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A word for a GPU, as `name` of the config takes it. Pure. */

#include "host/host.h"

/*
 * What people call the card, out of pci.ids: "tesla-t4"; where that lists several products under
 * one id, the chip; without a name there the vendor and the device: "nvidia-1eb8";
 * "nvswitch". Two cards of a
 * model get the same word. NULL when memory is out.
 */
const char *gpu_name(const Function *gpu, Arena *arena);
