/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libkmod for a guest that has no modules. lspci asks it with -k alone; the distribution's needs
 * OpenSSL, which takes longer to be linked in a machine within the machine than a kernel to start.
 */

#include <stddef.h>

#define ANSWERS_NOTHING(function)                                                                  \
        void *function(void);                                                                      \
        void *function(void)                                                                       \
        {                                                                                          \
                return NULL;                                                                       \
        }

ANSWERS_NOTHING(kmod_list_next)
ANSWERS_NOTHING(kmod_load_resources)
ANSWERS_NOTHING(kmod_module_get_module)
ANSWERS_NOTHING(kmod_module_get_name)
ANSWERS_NOTHING(kmod_module_new_from_lookup)
ANSWERS_NOTHING(kmod_module_unref)
ANSWERS_NOTHING(kmod_module_unref_list)
ANSWERS_NOTHING(kmod_new)
ANSWERS_NOTHING(kmod_set_log_priority)
ANSWERS_NOTHING(kmod_unref)
