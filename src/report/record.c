/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/record.h"

#include <json-c/json.h>
#include <string.h>

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

/* The array `key` of `object`, and how long it is; 0 for anything else. */
static size_t members(struct json_object *object, const char *key, struct json_object **ret)
{
        if (!json_object_object_get_ex(object, key, ret) ||
                !json_object_is_type(*ret, json_type_array))
                return 0;
        return json_object_array_length(*ret);
}

const char *record_status(const Record *record)
{
        return member(record->root, "status");
}

static bool find_driver_before(struct json_object *gpu, const char *address, const char **ret)
{
        struct json_object *functions = NULL;
        size_t n = members(gpu, "functions", &functions);

        for (size_t i = 0; i < n; i++) {
                struct json_object *f = json_object_array_get_idx(functions, i);
                const char *candidate = member(f, "address");

                if (!candidate || strcmp(candidate, address) != 0)
                        continue;
                *ret = member(f, "driver_before");
                return true;
        }
        return false;
}

bool record_driver_before(const Record *record, PciAddress address, const char **ret)
{
        struct json_object *gpus = NULL;
        size_t n = members(record->root, "gpus", &gpus);

        for (size_t i = 0; i < n; i++)
                if (find_driver_before(
                            json_object_array_get_idx(gpus, i), PCI_ADDRESS(address), ret))
                        return true;
        return false;
}

bool record_had_ready(const Record *record, PciAddress address)
{
        struct json_object *gpus = NULL;
        size_t n = members(record->root, "gpus", &gpus);

        for (size_t i = 0; i < n; i++) {
                struct json_object *gpu = json_object_array_get_idx(gpus, i);
                const char *candidate = member(gpu, "address"), *result = member(gpu, "result");

                if (candidate && result && strcmp(candidate, PCI_ADDRESS(address)) == 0)
                        return strcmp(result, "ready") == 0;
        }
        return false;
}
