/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One value of the config file to its C form: what each key of config-schema.c takes. */

#include <libconfig.h>

#include "config/config-problems.h"
#include "config/config.h"

#define COUNT_MAX 4096 /* GPUs that one entry may ask for */
#define ROW_MAX                                                                                    \
        1024 /* entries of `gpus`, or names in `blacklist`: more is no config but an attack */

#define RESET_METHODS_MAX 16 /* Linux knows seven */

typedef struct Reading Reading;

/* One key of a group. */
typedef struct SchemaKey {
        const char *name;
        const char *expected; /* its values, in words */
        /* stores a value of that kind in `target`, or says value_reject() */
        void (*read)(const Reading *reading, const config_setting_t *setting, void *target);
        size_t offset;     /* of `target` in the struct of the group */
        unsigned selector; /* Selector bit that its presence sets, if any */
} SchemaKey;

/* The key that is being read, and where what comes out of it goes. */
struct Reading {
        const SchemaKey *key;
        unsigned line;
        Arena *arena; /* of the Config */
        ConfigProblems *problems;
};

/* Adds a problem: `found`, the setting or an item of it, is not what the key expects. */
void value_reject(const Reading *reading, const config_setting_t *found);

/* True for an array or a list. */
bool value_is_row(const config_setting_t *setting);

/* True, after a mistake was added, when a list or array has more than ROW_MAX items. */
bool value_is_too_long(const Reading *reading, const config_setting_t *row);

/* Readers: each knows the type behind its `target`. */
void value_read_bool(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_option(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_name(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_address(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_path(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_slot(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_serial(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_id(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_vendor(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_count(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_functions(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_members(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_reset_method(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_timeout(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_driver(const Reading *reading, const config_setting_t *setting, void *target);
void value_read_blacklist(const Reading *reading, const config_setting_t *setting, void *target);

/* A word, where it stands, and its place among its like. */
typedef struct Word {
        const char *text;
        size_t place;
        unsigned line;
} Word;

/* Sorts words by text, then by place: what is there twice stands side by side. */
void words_sort(Word *words, size_t n);

/* The first index from `i` on (sorted) whose word is that of its predecessor; `n` when none is. */
size_t words_next_duplicate(const Word *words, size_t n, size_t i);
