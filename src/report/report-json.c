/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report-json.h"

#include <json-c/json.h>
#include <string.h>

typedef struct json_object Json;

static void json_putp(Json **object)
{
        json_object_put(*object); /* NULL is allowed */
}

/* Takes over `value`; NULL is a value that could not be made. */
static bool add(Json *object, const char *key, Json *value)
{
        if (value && json_object_object_add(object, key, value) == 0)
                return true;
        json_object_put(value);
        return false;
}

static bool add_null(Json *object, const char *key)
{
        return json_object_object_add(object, key, NULL) == 0;
}

static bool add_string(Json *object, const char *key, const char *value)
{
        return value ? add(object, key, json_object_new_string(value)) : add_null(object, key);
}

static bool add_address(Json *object, const char *key, const Function *f)
{
        return f ? add_string(object, key, PCI_ADDRESS(f->address)) : add_null(object, key);
}

static bool add_group(Json *object, const Function *f)
{
        return f && f->iommu_group >= 0
                       ? add(object, "iommu_group", json_object_new_int(f->iommu_group))
                       : add_null(object, "iommu_group");
}

/* Takes over `item`. */
static bool append(Json *array, Json *item)
{
        if (item && json_object_array_add(array, item) == 0)
                return true;
        json_object_put(item);
        return false;
}

static Json *function_json(const Function *f, const Binding *now, const char *driver_before)
{
        _cleanup_(json_putp) Json *object = json_object_new_object();
        char text[sizeof("ffff:ffff")];

        if (!object || !add_address(object, "address", f))
                return NULL;
        snprintf(text, sizeof(text), "%04x:%04x", f->id.vendor, f->id.device);
        if (!add_string(object, "id", text))
                return NULL;
        snprintf(text, sizeof(text), "%06x", f->class & 0xffffff);
        if (!add_string(object, "class", text) || !add_string(object, "driver", now->driver) ||
                !add_string(object, "driver_before", driver_before))
                return NULL;
        return TAKE_PTR(object);
}

static Json *claim_functions(const Claim *claim, const Verdict *verdict)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (!append(array,
                            function_json(f, &verdict->bindings[i], verdict->drivers_before[i])))
                        return NULL;
        }
        return TAKE_PTR(array);
}

/* The device nodes of a GPU that is ready: its group's, and its own where the kernel makes one. */
static bool add_nodes(Json *object, const Claim *claim, const Verdict *verdict)
{
        char group[sizeof("/dev/vfio/") + 11], own[sizeof("/dev/vfio/devices/") + 255];
        const Binding *display = NULL;

        for (size_t i = 0; i < claim->n_functions && verdict->result == RESULT_READY; i++)
                if (claim->functions[i] == claim->display)
                        display = &verdict->bindings[i];
        if (!display)
                return add_null(object, "vfio") && add_null(object, "iommufd");
        snprintf(group, sizeof(group), "/dev/vfio/%d", claim->display->iommu_group);
        snprintf(own, sizeof(own), "/dev/vfio/devices/%s", display->vfio_device);
        return add_string(object, "vfio", group) &&
               add_string(object, "iommufd", display->vfio_cdev ? own : NULL);
}

static Json *gpu_json(const Claim *claim, const Verdict *verdict)
{
        _cleanup_(json_putp) Json *object = json_object_new_object();

        if (!object || !add_string(object, "name", claim->entry->name) ||
                !add_address(object, "address", claim->display) ||
                !add_string(object, "result", result_word(verdict->result)) ||
                !add_string(object, "reason", reason_word(verdict->reason)) ||
                !add_string(object, "message", verdict->message) ||
                !add_group(object, claim->display) || !add_nodes(object, claim, verdict) ||
                !add(object, "functions", claim_functions(claim, verdict)))
                return NULL;
        return TAKE_PTR(object);
}

static Json *gpus_json(const Report *report)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < report->plan->claims.n_items; i++)
                if (!append(array, gpu_json(&report->plan->claims.items[i], &report->verdicts[i])))
                        return NULL;
        return TAKE_PTR(array);
}

static Json *config_json(const Report *report)
{
        _cleanup_(json_putp) Json *object = json_object_new_object();

        if (!object || !add_string(object, "path", report->config_path) ||
                !add(object, "stale_initrd", json_object_new_boolean(report->image != IMAGE_FITS)))
                return NULL;
        return TAKE_PTR(object);
}

static Json *step_json(const Step *step)
{
        _cleanup_(json_putp) Json *object = json_object_new_object();
        bool common = step->claim < 0;

        if (!object || !add_string(object, "step", step_type_name(step->type)) ||
                !add_string(object, "address", common ? NULL : PCI_ADDRESS(step->address)) ||
                !add_string(object, "target", step->target) ||
                !add_string(object, "text", step->text))
                return NULL;
        return TAKE_PTR(object);
}

static Json *steps_json(const Plan *plan)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < plan->n_steps; i++)
                if (!append(array, step_json(&plan->steps[i])))
                        return NULL;
        return TAKE_PTR(array);
}

static Json *strings_json(const char *const *strings, size_t n)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < n; i++)
                if (!append(array, json_object_new_string(strings[i])))
                        return NULL;
        return TAKE_PTR(array);
}

static Json *next_json(const NextSteps *next)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < next->n_items; i++) {
                Json *object = json_object_new_object();

                if (!append(array, object) ||
                        !add_string(object, "command", next->items[i].command) ||
                        !add_string(object, "text", next->items[i].text))
                        return NULL;
        }
        return TAKE_PTR(array);
}

/* Of a whole document, so that it ends as a line does. */
static char *to_text(Json *object)
{
        const char *text = json_object_to_json_string_ext(object,
                JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
        char *line = NULL;

        return text && asprintf(&line, "%s\n", text) >= 0 ? line : NULL;
}

static Json *report_object(const Report *report)
{
        _cleanup_(json_putp) Json *object = json_object_new_object();

        if (!object || !add_string(object, "version", VERSION) ||
                !add_string(object, "stage", stage_word(report->stage)) ||
                !add_string(object, "result", overall_word(report->overall)) ||
                !add_string(object, "status", report->status) ||
                !add(object, "config", config_json(report)) ||
                !add(object, "gpus", gpus_json(report)) ||
                !add(object, "warnings", strings_json(report->warnings, report->n_warnings)))
                return NULL;
        return TAKE_PTR(object);
}

char *report_json(const Report *report, bool steps)
{
        _cleanup_(json_putp) Json *object = report_object(report);

        if (!object || (report->next && !add(object, "next", next_json(report->next))) ||
                (steps && !add(object, "steps", steps_json(report->plan))))
                return NULL;
        return to_text(object);
}

static bool add_record(Json *object, const char *key, const Record *record)
{
        _cleanup_(json_putp) Json *run = record ? json_object_new_object() : NULL;

        if (!record)
                return add_null(object, key);
        return run && add_string(run, "result", record_result(record)) &&
               add_string(run, "status", record_status(record)) && add(object, key, TAKE_PTR(run));
}

static Json *stages_json(const Record *const stages[static 2])
{
        _cleanup_(json_putp) Json *object = json_object_new_object();

        for (Stage stage = STAGE_INITRD; object && stage <= STAGE_SYSTEM; stage++)
                if (!add_record(object, stage_word(stage), stages[stage]))
                        return NULL;
        return TAKE_PTR(object);
}

static Json *difference_json(const Difference *d)
{
        _cleanup_(json_putp) Json *object = json_object_new_object();

        if (!object ||
                !add_string(object, "address", d->past ? PCI_ADDRESS(d->past->address) : NULL) ||
                !add_string(object, "was", d->past ? d->past->driver : NULL) ||
                !add_string(object, "now", d->now) || !add_string(object, "message", d->message))
                return NULL;
        return TAKE_PTR(object);
}

static Json *since_json(const Since *since)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < since->n_items; i++)
                if (!append(array, difference_json(&since->items[i])))
                        return NULL;
        return TAKE_PTR(array);
}

char *report_json_status(const Report *report, const Record *const stages[static 2],
        const Record *last, const Since *since)
{
        _cleanup_(json_putp) Json *object = report_object(report);

        if (!object || !add(object, "stages", stages_json(stages)) ||
                !add_record(object, "last_run", last) || !add(object, "changes", since_json(since)))
                return NULL;
        return to_text(object);
}

static Json *addresses_json(const Function *const *functions, size_t n)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < n; i++)
                if (!append(array, json_object_new_string(PCI_ADDRESS(functions[i]->address))))
                        return NULL;
        return TAKE_PTR(array);
}

static Json *slot_functions(const Gpu *gpu)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < gpu->n_functions; i++) {
                const Function *f = gpu->functions[i];

                if (!append(array, function_json(f, &f->binding, NULL)))
                        return NULL;
        }
        return TAKE_PTR(array);
}

static Json *list_item(const Gpu *gpu)
{
        _cleanup_(json_putp) Json *object = json_object_new_object();

        if (!object || !add_address(object, "address", gpu->display) ||
                !add_string(object, "name", gpu->display->name) ||
                !add_group(object, gpu->display) ||
                !add(object, "shares_with", addresses_json(gpu->shares_with, gpu->n_shares_with)) ||
                !add(object, "boot_display", json_object_new_boolean(gpu->boot_display)) ||
                !add_string(object, "entry", gpu->entry) ||
                !add_string(object, "path", gpu->path) || !add_string(object, "slot", gpu->slot) ||
                !add(object, "functions", slot_functions(gpu)))
                return NULL;
        return TAKE_PTR(object);
}

char *report_json_list(const GpuList *list)
{
        _cleanup_(json_putp) Json *array = json_object_new_array();

        for (size_t i = 0; array && i < list->n_items; i++)
                if (!append(array, list_item(&list->items[i])))
                        return NULL;
        return array ? to_text(array) : NULL;
}
