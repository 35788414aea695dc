/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Every key of the config file, what it takes, and what must hold between them. */

#include <libconfig.h>

#include "config/config.h"

/*
 * Reads the parsed file into `config`, which holds the defaults. All that is wrong is added to
 * `problems`. Memory that runs out is remembered by the two arenas.
 */
void config_schema_read(const config_setting_t *root, Config *config, ConfigProblems *problems);
