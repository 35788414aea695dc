/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/record.h"

#include <json-c/json.h>

struct Record {
        struct json_object *root;
};

int record_parse(const char *text, Record **ret)
{
        _cleanup_(record_freep) Record *record = calloc(1, sizeof(Record));

        if (!record)
                return -ENOMEM;
        record->root = json_tokener_parse(text);
        if (!json_object_is_type(record->root, json_type_object))
                return -EINVAL;
        *ret = TAKE_PTR(record);
        return 0;
}

void record_free(Record *record)
{
        json_object_put(record->root);
        free(record);
}

static const char *member(struct json_object *object, const char *key)
{
        struct json_object *value = NULL;

        if (!json_object_object_get_ex(object, key, &value) ||
                !json_object_is_type(value, json_type_string))
                return NULL;
        return json_object_get_string(value);
}

const char *record_status(const Record *record)
{
        return member(record->root, "status");
}

const char *record_result(const Record *record)
{
        return member(record->root, "result");
}
