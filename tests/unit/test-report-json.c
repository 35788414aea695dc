/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report-json.h"

#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "base/text.h"
#include "lib/scene.h"

typedef struct json_object Json;

static void json_putp(Json **object)
{
        json_object_put(*object);
}

#define HOST "0000:00:02.0 8086:4680 030000 group=9\n"
#define CARD                                                                                       \
        "0000:01:00.0 10de:26b1 030000 group=13 driver=vfio-pci vfio=vfio0\n"                      \
        "0000:01:00.1 10de:22ba 040300 group=13 driver=snd_hda_intel\n"

/* The shape of a value: keys with types, in order; of an array its first item. */
static void add_shape(Text *text, Json *value)
{
        const char *separator = "";

        switch (json_object_get_type(value)) {
        case json_type_object: {
                text_add(text, "{");
                json_object_object_foreach(value, key, member)
                {
                        text_add(text, "%s%s:", separator, key);
                        add_shape(text, member);
                        separator = " ";
                }
                text_add(text, "}");
                break;
        }
        case json_type_array:
                text_add(text, "[");
                if (json_object_array_length(value))
                        add_shape(text, json_object_array_get_idx(value, 0));
                text_add(text, "]");
                break;
        case json_type_null:
        case json_type_boolean:
        case json_type_double:
        case json_type_int:
        case json_type_string:
                text_add(text, "%s", json_type_to_name(json_object_get_type(value)));
                break;
        }
}

static const char *shape(Scene *scene, Json *value)
{
        Text text = TEXT_IN(scene->arena);

        add_shape(&text, value);
        return text.string;
}

/* The value at `path` of the form "gpus.0.name"; it must be there. */
static Json *at(Json *value, const char *path)
{
        _cleanup_free_ char *copy = strdup(path);
        char *rest = copy;

        for (char *key; (key = strsep(&rest, "."));) {
                if (json_object_is_type(value, json_type_array))
                        value = json_object_array_get_idx(value, strtoul(key, NULL, 10));
                else
                        cr_assert(json_object_object_get_ex(value, key, &value), "no %s in %s", key,
                                path);
        }
        return value;
}

/* Compares what is there with `expected`, JSON too. */
static void expect_at(Json *whole, const char *path, const char *expected)
{
        const char *found = json_object_to_json_string_ext(
                at(whole, path), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

        cr_expect_str_eq(found, expected, "%s: %s, not %s", path, found, expected);
}

static Report build(Scene *scene, const Binding *now)
{
        const Plan *plan = scene_plan(scene);
        Verdict *verdicts = arena_array(scene->arena, plan->claims.n_items + 1, sizeof(Verdict));
        Report report = {0};

        for (size_t i = 0; i < plan->claims.n_items; i++)
                verdicts[i] = now ? verify_claim(plan, i, now, NULL, scene->arena)
                                  : verify_expected(&plan->claims.items[i], scene->arena);
        cr_assert_eq(report_build(&(ReportInput){.config_path = "/etc/vfio-gpu.conf",
                                          .image = IMAGE_OTHER_CONFIG,
                                          .host = scene->host,
                                          .plan = plan,
                                          .verdicts = verdicts,
                                          .outcomes = NULL},
                             scene->arena, &report),
                0);
        return report;
}

static Json *parsed(char *text)
{
        Json *json = json_tokener_parse(text);

        cr_assert(json, "%s", text);
        free(text);
        return json;
}

static Json *report_of(Scene *scene, const Binding *now, bool steps)
{
        const Report report = build(scene, now);

        return parsed(report_json(&report, steps));
}

#define FUNCTION_BOUND "{address:string id:string class:string driver:string driver_before:string}"
#define FUNCTION_FREE  "{address:string id:string class:string driver:null driver_before:null}"

#define HEAD                                                                                       \
        "{version:string stage:string result:string status:string "                                \
        "config:{path:string stale_initrd:boolean} gpus:["
#define STEP "{step:string address:null target:null text:string}"

/* Keys, their order and their types are a contract with programs. */
Test(report_json, shape)
{
        static const struct {
                const char *machine, *config;
                bool steps;
                const char *shape;
        } reports[] = {
                {CARD HOST, "{ address = '01:00'; }", false,
                        HEAD "{name:string address:string result:string reason:null message:string "
                             "iommu_group:int vfio:string iommufd:null functions:[" FUNCTION_BOUND
                             "]}] warnings:[string]}"},
                {"0000:01:00.0 10de:26b1 030000\n" HOST, "{ address = '01:00'; }", false,
                        HEAD "{name:string address:string result:string reason:string "
                             "message:string iommu_group:null vfio:null iommufd:null "
                             "functions:[" FUNCTION_FREE "]}] warnings:[string]}"},
                {HOST, "{ address = '01:00'; }", true,
                        HEAD "{name:string address:null result:string reason:string message:string "
                             "iommu_group:null vfio:null iommufd:null functions:[]}] "
                             "warnings:[string] steps:[]}"},
                {CARD HOST, "", false, HEAD "] warnings:[string]}"},
                {CARD HOST "policy blacklist nouveau\n", "", true,
                        HEAD "] warnings:[string] steps:[" STEP "]}"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
                SCENE(scene, reports[i].machine, reports[i].config);
                _cleanup_(json_putp) Json *json = report_of(&scene, NULL, reports[i].steps);
                const char *found = shape(&scene, json);

                cr_expect_str_eq(found, reports[i].shape, "%s\nnot\n%s", found, reports[i].shape);
        }
}

#define RUN "{result:string status:string}"

/* What `status` adds stands behind the rest. */
Test(report_json, shape_of_status)
{
        SCENE(scene, CARD HOST, "");
        const Report report = build(&scene, NULL);
        const Past past = {.driver = "vfio-pci"};
        Difference items[] = {{.past = &past, .now = NULL, .message = "it is gone"},
                {.past = NULL, .now = NULL, .message = "edited"}};
        const Since none = {0}, two = {.items = items, .n_items = ARRAY_SIZE(items)};
        _cleanup_(record_freep) Record *run = NULL;
        cr_assert_eq(record_parse("{ \"result\": \"ok\", \"status\": \"fine\" }", &run), 0);

        _cleanup_(json_putp) Json *bare =
                parsed(report_json_status(&report, (const Record *const[2]){0}, NULL, &none));
        cr_expect_str_eq(shape(&scene, bare),
                HEAD "] warnings:[string] stages:{initrd:null system:null} last_run:null "
                     "changes:[]}");

        _cleanup_(json_putp) Json *full =
                parsed(report_json_status(&report, (const Record *const[2]){run, run}, run, &two));
        cr_expect_str_eq(shape(&scene, full),
                HEAD "] warnings:[string] stages:{initrd:" RUN " system:" RUN "} last_run:" RUN
                     " changes:[{address:string was:string now:null message:string}]}");
        expect_at(full, "stages.system.status", "\"fine\"");
        expect_at(full, "changes.0.address", "\"0000:00:00.0\"");
        expect_at(full, "changes.1.address", "null");
}

Test(report_json, values_of_a_ready_card)
{
        SCENE(scene, CARD HOST, "{ name = 'rtx'; address = '01:00'; }");
        const Binding now[] = {{"vfio-pci", "vfio7", true}, {"vfio-pci", "vfio8", true}};
        _cleanup_(json_putp) Json *json = report_of(&scene, now, false);
        static const char *const values[][2] = {
                {"version", "\"" VERSION "\""},
                {"stage", "\"system\""},
                {"result", "\"ok\""},
                {"status", "\"1 of 1 GPU ready: rtx; the initramfs of this boot holds another "
                           "config (`dracut -f`, or what this host has in its place)\""},
                {"config.path", "\"/etc/vfio-gpu.conf\""},
                {"config.stale_initrd", "true"},
                {"gpus.0.name", "\"rtx\""},
                {"gpus.0.address", "\"0000:01:00.0\""},
                {"gpus.0.result", "\"ready\""},
                {"gpus.0.reason", "null"},
                {"gpus.0.iommu_group", "13"},
                {"gpus.0.vfio", "\"/dev/vfio/13\""},
                {"gpus.0.iommufd", "\"/dev/vfio/devices/vfio7\""},
                {"gpus.0.functions.0.id", "\"10de:26b1\""},
                {"gpus.0.functions.0.class", "\"030000\""},
                {"gpus.0.functions.1.address", "\"0000:01:00.1\""},
                {"gpus.0.functions.1.driver", "\"vfio-pci\""},
                {"gpus.0.functions.1.driver_before", "\"snd_hda_intel\""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                expect_at(json, values[i][0], values[i][1]);
}

/* A card that is not ready has no device nodes to hand on. */
Test(report_json, values_of_a_failed_card)
{
        SCENE(scene, CARD HOST, "{ name = 'rtx'; address = '01:00'; }");
        const Binding now[] = {{"vfio-pci", "vfio7", true}, {NULL, NULL, false}};
        _cleanup_(json_putp) Json *json = report_of(&scene, now, false);
        static const char *const values[][2] = {
                {"result", "\"failed\""},
                {"gpus.0.result", "\"failed\""},
                {"gpus.0.reason", "\"lost\""},
                {"gpus.0.vfio", "null"},
                {"gpus.0.iommufd", "null"},
                {"gpus.0.functions.1.driver", "null"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                expect_at(json, values[i][0], values[i][1]);
}

Test(report_json, one_item_a_gpu)
{
        SCENE(scene, CARD "0000:02:00.0 10de:26b1 030000 group=2\n" HOST,
                "{ name = 'pool'; id = '10de:26b1'; count = 2; }, { name = 'x'; vendor = '1111'; "
                "}");
        _cleanup_(json_putp) Json *json = report_of(&scene, NULL, false);

        cr_assert_eq(json_object_array_length(at(json, "gpus")), 3);
        expect_at(json, "gpus.0.name", "\"pool\"");
        expect_at(json, "gpus.1.name", "\"pool\"");
        expect_at(json, "gpus.1.address", "\"0000:02:00.0\"");
        expect_at(json, "gpus.2.address", "null");
        expect_at(json, "gpus.2.result", "\"absent\"");
        expect_at(json, "gpus.2.reason", "\"absent\"");
}

Test(report_json, steps_of_a_plan)
{
        SCENE(scene, "0000:02:00.0 10de:26b1 030000 group=2\n" HOST, "{ address = '02:00'; }");
        _cleanup_(json_putp) Json *json = report_of(&scene, NULL, true);
        static const char *const values[][2] = {
                {"steps.0.step", "\"policy\""},
                {"steps.1.step", "\"hold\""},
                {"steps.1.address", "\"0000:02:00.0\""},
                {"steps.1.target", "\"vfio-gpu-hold\""},
                {"steps.2.step", "\"load\""},
                {"steps.2.address", "null"},
                {"steps.2.target", "\"vfio_pci\""},
                {"steps.2.text", "\"ids=\""},
                {"steps.4.step", "\"override\""},
                {"steps.5.step", "\"bind\""},
                {"steps.5.target", "\"vfio-pci\""},
                {"steps.5.text", "null"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                expect_at(json, values[i][0], values[i][1]);
        cr_expect_eq(json_object_array_length(at(json, "steps")), 6);
}

Test(report_json, list)
{
        SCENE(scene,
                CARD "0000:03:00.0 8086:10d3 020000 group=13\n"
                     "0000:05:00.0 1002:744c 030000 boot_vga=1\n",
                "{ name = 'rtx'; address = '01:00'; }");
        GpuList list = {0};

        scene_function(&scene, "0000:01:00.0")->name = "AD102GL \"L40\"";
        cr_assert_eq(list_build(scene.host, scene_plan(&scene), scene.arena, &list), 0);
        _cleanup_free_ char *text = report_json_list(&list);
        _cleanup_(json_putp) Json *json = json_tokener_parse(text);
        static const char *const values[][2] = {
                {"0.address", "\"0000:01:00.0\""},
                {"0.name", "\"AD102GL \\\"L40\\\"\""},
                {"0.iommu_group", "13"},
                {"0.shares_with", "[\"0000:03:00.0\"]"},
                {"0.boot_display", "false"},
                {"0.entry", "\"rtx\""},
                {"0.functions.1.driver", "\"snd_hda_intel\""},
                {"1.name", "null"},
                {"1.iommu_group", "null"},
                {"1.boot_display", "true"},
                {"1.entry", "null"},
                {"1.shares_with", "[]"},
        };

        cr_assert(json, "%s", text);
        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                expect_at(json, values[i][0], values[i][1]);
        cr_expect_str_eq(shape(&scene, json),
                "[{address:string name:string iommu_group:int shares_with:[string] "
                "boot_display:boolean entry:string path:string slot:null "
                "functions:[{address:string id:string "
                "class:string driver:string driver_before:null}]}]");
}

Test(report_json, list_of_a_host_without_gpus)
{
        _cleanup_free_ char *text = report_json_list(&(GpuList){0});
        _cleanup_(json_putp) Json *json = json_tokener_parse(text);

        cr_expect(json_object_is_type(json, json_type_array));
        cr_expect_eq(json_object_array_length(json), 0);
}

/* Of a run that did not get as far as a plan: the same shape, so that programs need no other. */
Test(report_json, trouble)
{
        Report report = report_of_trouble(
                "/etc/vfio-gpu.conf", IMAGE_OTHER_CONFIG, STAGE_SYSTEM, "no PCI bus");
        _cleanup_free_ char *text = report_json(&report, false);
        _cleanup_(json_putp) Json *json = json_tokener_parse(text);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Scene scene = {.arena = arena};
        static const char *const values[][2] = {
                {"result", "\"failed\""},
                {"status", "\"no PCI bus\""},
                {"stage", "\"system\""},
                {"gpus", "[]"},
                {"warnings", "[]"},
                {"config.path", "\"/etc/vfio-gpu.conf\""},
                {"config.stale_initrd", "true"},
        };

        cr_assert(json, "%s", text);
        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                expect_at(json, values[i][0], values[i][1]);
        cr_expect_str_eq(shape(&scene, json), HEAD "] warnings:[]}");
}
