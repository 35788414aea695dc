/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What is exported of a scene, as on another machine's tree: judged by what the config would reach.
 */

#include "lib/scene.h"
#include "report/export.h"

/* export_select() with the names; plans anew. */
int export_of(Scene *scene, const char *const *names, size_t n_names, Export *ret,
        const char **reterr_unknown);

/* What must hold for the exports of every plan, said from the outside. NULL when all holds, or what
 * does not: in the scene's arena. */
const char *invariants_of_exports(Scene *scene);
