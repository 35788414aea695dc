/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* An Export of a scene, as on another machine's tree: judged by what the config would reach. */

#include "lib/scene.h"
#include "report/export.h"

int export_of(Scene *scene, const char *const *names, size_t n_names, Export *ret,
        const char **reterr_unknown);
