/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/json-hash.h"

#include <json-c/json.h>

void json_hash_plain(void)
{
        (void)json_global_set_string_hash(JSON_C_STR_HASH_PERLLIKE); /* fails for no known hash */
}
