/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-nfd.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "lib/export-scene.h"

/*
 * What reads the file is written in Go. These are its rules, as published: the "Feature files" of
 * NFD's customization guide and source/local/local.go for the file, pkg/apis/nfd/validate/ for
 * the namespaces, and Kubernetes' own for names and values of labels (qualified names).
 */

#define FILE_MAX  65536
#define LABEL_MAX 63

static bool is_label_word(const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
                        return false;
        return n == 0 || (isalnum((unsigned char)text[0]) && isalnum((unsigned char)text[n - 1]));
}

static bool is_dns_word(const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) &&
                        text[i] != '-')
                        return false;
        return n > 0 && text[0] != '-' && text[n - 1] != '-';
}

static bool is_dns_subdomain(const char *text, size_t n)
{
        size_t word = 0;

        for (size_t i = 0; i <= n; i++)
                if (i == n || text[i] == '.') {
                        if (!is_dns_word(text + word, i - word))
                                return false;
                        word = i + 1;
                }
        return n <= 253;
}

static bool ends_in(const char *text, size_t n, const char *suffix)
{
        return n >= strlen(suffix) &&
               strncmp(text + n - strlen(suffix), suffix, strlen(suffix)) == 0;
}

static bool is_allowed_namespace(const char *text, size_t n)
{
        static const char *const own[] = {
                "feature.node.kubernetes.io", "profile.node.kubernetes.io"};

        if (!ends_in(text, n, "kubernetes.io") || (n > 13 && text[n - 14] != '.'))
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
                if (ends_in(text, n, own[i]) &&
                        (n == strlen(own[i]) || text[n - strlen(own[i]) - 1] == '.'))
                        return true;
        return false;
}

/* What is wrong with a line, or NULL. */
static const char *line_trouble(const char *line)
{
        const char *slash = strchr(line, '/'), *equals = strchr(line, '=');
        const char *value = equals ? equals + 1 : "true";
        size_t n = equals ? (size_t)(equals - line) : strlen(line);

        if (strncmp(line, "# +", 3) == 0)
                return "a directive that is none";
        if (*line == '#' || !*line)
                return NULL;
        if (!slash || slash >= line + n)
                return "no namespace";
        if (!is_dns_subdomain(line, (size_t)(slash - line)))
                return "the namespace is no DNS name";
        if (!is_allowed_namespace(line, (size_t)(slash - line)))
                return "the namespace is Kubernetes' own";
        n -= (size_t)(slash + 1 - line);
        if (n == 0 || n > LABEL_MAX || !is_label_word(slash + 1, n))
                return "the name is none";
        if (strlen(value) > LABEL_MAX || !is_label_word(value, strlen(value)))
                return "the value is none";
        return NULL;
}

static void expect_readable(const char *text)
{
        _cleanup_free_ char *copy = strdup(text);

        cr_expect_leq(strlen(text), FILE_MAX);
        for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
                const char *trouble = line_trouble(line), *again = NULL;
                _cleanup_free_ char *key = strndup(line, strcspn(line, "=") + 1);

                cr_expect_null(trouble, "%s: %s", trouble, line);
                again = *line == '#' || !*line ? NULL : strstr(strstr(text, line) + 1, key);
                cr_expect_null(again, "twice: %s", line);
        }
}

Test(export_nfd, the_rules_themselves)
{
        static const char *const wrong[] = {
                "# +unknown",
                "vfio-gpu.ready=true",
                "kubernetes.io/a=b",
                "gpu.kubernetes.io/a=b",
                "Feature.node.kubernetes.io/a=b",
                "feature..kubernetes.io/a=b",
                "feature-.node.kubernetes.io/a=b",
                "feature.-node.kubernetes.io/a=b",
                ".nvidia.com/a=b",
                "nvidia.com./a=b",
                "nvidia.com/gpu/a=b",
                "feature.node.kubernetes.io/a=@b",
                "feature.node.kubernetes.io/=b",
                "feature.node.kubernetes.io/a:b=c",
                "feature.node.kubernetes.io/a=0000:01:00.0",
                "feature.node.kubernetes.io/a=10de:26b1",
                "feature.node.kubernetes.io/a=b c",
                "feature.node.kubernetes.io/-a=b",
                "feature.node.kubernetes.io/a=b-",
                "feature.node.kubernetes.io/"
                "a123456789012345678901234567890123456789012345678901234567890123=b",
                "feature.node.kubernetes.io/a="
                "b123456789012345678901234567890123456789012345678901234567890123",
        };
        static const char *const right[] = {
                "",
                "# a comment",
                "#+no directive",
                "feature.node.kubernetes.io/a",
                "feature.node.kubernetes.io/a=",
                "sub.feature.node.kubernetes.io/a=b",
                "nvidia.com/gpu.deploy.operands=false",
                "notkubernetes.io/a=b",
        };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                cr_expect_not_null(line_trouble(wrong[i]), "%s", wrong[i]);
        for (size_t i = 0; i < ARRAY_SIZE(right); i++)
                cr_expect_null(line_trouble(right[i]), "%s: %s", right[i], line_trouble(right[i]));
}

static const char *nfd(Scene *scene, GpuOperator gpu_operator, Export *ret)
{
        const char *unknown = NULL;

        cr_assert_eq(export_of(scene, NULL, 0, ret, &unknown), 0);
        ret->gpu_operator = gpu_operator;
        export_nfd(ret);
        cr_assert_not(arena_failed(scene->arena));
        return ret->text.string;
}

/* Whatever the machine, and whatever the operator is to do there. */
Test(export_nfd, can_be_read)
{
        for (size_t i = 0; i < scene_n_samples; i++)
                for (int operator_ = 0; operator_ < _GPU_OPERATOR_MAX; operator_++) {
                        SCENE(scene, scene_samples[i].machine, scene_samples[i].config);
                        Export e;

                        expect_readable(nfd(&scene, (GpuOperator)operator_, &e));
                }
}

#define ADA  "0000:01:00.0 10de:26b1 030200 group=1\n"
#define TWIN "0000:02:00.0 10de:26b1 030200 group=2\n"
#define NAVI "0000:03:00.0 1002:73bf 030000 group=3\n0000:03:00.1 1002:ab28 040300 group=3\n"
#define HOST "0000:00:02.0 8086:4680 030000 group=9\n"
#define F    "feature.node.kubernetes.io/vfio-gpu."

Test(export_nfd, features)
{
        static const struct {
                const char *machine, *config, *cmdline, *features;
        } rows[] = {
                {ADA HOST, "{ name = 'rtx'; address = '01:00'; }", NULL,
                        F "result=ok\n" F "ready=true\n" F "count=1\n" F "rtx.ready=1\n" F
                          "10de-26b1.count=1\n"},
                {ADA TWIN NAVI HOST,
                        "{ name = 'pool'; id = '10de:26b1'; count = 'all'; }, { name = '_a.'; "
                        "vendor = 'amd'; }",
                        NULL,
                        F "result=ok\n" F "ready=true\n" F "count=3\n" F "pool.ready=2\n" F
                          "_a..ready=1\n" F "10de-26b1.count=2\n" F "1002-73bf.count=1\n"},
                {ADA HOST,
                        "{ name = 'rtx'; address = '01:00'; }, { name = 'b'; address = '07:00'; "
                        "optional = true; }",
                        NULL,
                        F "result=degraded\n" F "ready=true\n" F "count=1\n" F "rtx.ready=1\n" F
                          "b.ready=0\n" F "10de-26b1.count=1\n"},
                {ADA HOST, "{ name = 'b'; address = '07:00'; }", NULL,
                        F "result=failed\n" F "ready=false\n" F "count=0\n" F "b.ready=0\n"},
                {ADA HOST, "{ name = 'rtx'; address = '01:00'; }", "vfio_gpu=0",
                        F "result=disabled\n" F "ready=false\n" F "count=0\n"},
                {ADA HOST, "{ name = 'rtx'; address = '01:00'; }", "vfio_gpu.skip=rtx",
                        F "result=ok\n" F "ready=true\n" F "count=0\n" F "rtx.ready=0\n"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(scene_done) Scene scene = {0};
                Export e;

                scene_set(&scene, rows[i].machine, rows[i].config, rows[i].cmdline);
                const char *text = nfd(&scene, GPU_OPERATOR_OFF, &e);
                const char *features = strchr(text, '\n') + 1;
                size_t n = strcspn(features, "#");
                const char *end = strstr(features, "nvidia.com");
                cr_expect_eq(strncmp(features, rows[i].features, strlen(rows[i].features)), 0,
                        "%zu: %s", i, text);
                cr_expect_eq(n, strlen(rows[i].features), "%zu: %s", i, text);
                cr_expect_eq(end != NULL, strstr(features, "10de") != NULL, "%zu: %s", i, text);
                expect_readable(text);
        }
}

Test(export_nfd, what_finds_no_room)
{
        Export e;
        SCENE(scene, ADA HOST,
                "{ name = 'n23456789012345678901234567890123456789012345678'; address = '01:00'; "
                "}, { name = 'n234567890123456789012345678901234567890123456789'; address = "
                "'07:00'; optional = true; }");
        const char *text = nfd(&scene, GPU_OPERATOR_UNSAID, &e);

        expect_readable(text);
        cr_expect_not_null(
                strstr(text, F "n23456789012345678901234567890123456789012345678.ready=1\n"));
        cr_expect_null(strstr(text, "n234567890123456789012345678901234567890123456789"));
        cr_assert_eq(e.n_warnings, 1);
        cr_expect_not_null(strstr(e.warnings[0], "too long for one, 49 letters where there is room "
                                                 "for 48"),
                "%s", e.warnings[0]);
        cr_expect(e.incomplete);
}

Test(export_nfd, a_file_that_would_be_too_large)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Text config = TEXT_IN(arena);
        Export e;

        for (int i = 0; i < 1000; i++)
                text_add(&config,
                        "%s{ name = 'an-entry-of-a-rather-long-name-%04d'; slot = '%d'; optional = "
                        "true; }",
                        i ? ", " : "", i, i);
        SCENE(scene, ADA HOST, config.string);
        const char *text = nfd(&scene, GPU_OPERATOR_UNSAID, &e);
        cr_expect_leq(strlen(text), FILE_MAX);
        cr_expect_gt(strlen(text), FILE_MAX / 2);
        cr_expect(e.incomplete);
        cr_expect_not_null(strstr(e.warnings[e.n_warnings - 1], "larger than NFD reads"));
}

/*
 * What the GPU Operator makes of a node's labels (controllers/state_manager.go of gpu-operator:
 * hasOperandsDisabled, getWorkloadConfig, addGPUStateLabels, removeGPUStateLabels): with operands
 * disabled nothing of it runs; else those operands of the node's workload whose label is "true" or
 * not there; a label that is not of this workload is deleted. True when `operand` runs.
 */
static bool runs(const char *labels, bool sandbox, const char *operand)
{
        static const char *const container[] = {"driver", "container-toolkit", "device-plugin",
                "gpu-feature-discovery", "dcgm", "operator-validator", NULL};
        static const char *const passthrough[] = {
                "sandbox-device-plugin", "sandbox-validator", "vfio-manager", NULL};
        const char *const *set = container;
        char off[64];

        if (strstr(labels, "\nnvidia.com/gpu.deploy.operands=false\n"))
                return false;
        if (sandbox && strstr(labels, "\nnvidia.com/gpu.workload.config=vm-passthrough\n"))
                set = passthrough;
        snprintf(off, sizeof(off), "\nnvidia.com/gpu.deploy.%s=false\n", operand);
        for (; *set; set++)
                if (strcmp(*set, operand) == 0)
                        return !strstr(labels, off);
        return false;
}

#define ALL "{ name = 'a'; id = '10de:26b1'; count = 'all'; }"
#define ONE "{ name = 'a'; address = '01:00'; }"

Test(export_nfd, labels_that_the_gpu_operator_leaves)
{
        static const struct {
                GpuOperator gpu_operator;
                const char *machine, *config;
                bool sandbox, undone; /* the operator takes the card away again */
                const char *other;    /* that runs */
        } rows[] = {
                /* the controls: this is what happens without labels */
                {GPU_OPERATOR_UNSAID, ADA HOST, ONE, false, true, "device-plugin"},
                {GPU_OPERATOR_UNSAID, ADA HOST, ONE, true, true, "device-plugin"},
                {GPU_OPERATOR_OFF, ADA HOST, ONE, false, false, NULL},
                {GPU_OPERATOR_OFF, ADA TWIN HOST, ONE, true, false, NULL},
                {GPU_OPERATOR_NODE, ADA TWIN HOST, ALL, true, false, "sandbox-device-plugin"},
                /* which is warned of */
                {GPU_OPERATOR_NODE, ADA TWIN HOST, ALL, false, true, "device-plugin"},
                {GPU_OPERATOR_MIXED, ADA TWIN HOST, ONE, false, false, "device-plugin"},
                {GPU_OPERATOR_MIXED, ADA TWIN HOST, ONE, true, false, "device-plugin"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                SCENE(scene, rows[i].machine, rows[i].config);
                Export e;
                const char *labels = nfd(&scene, rows[i].gpu_operator, &e);

                cr_expect_eq(runs(labels, rows[i].sandbox, "driver") ||
                                     runs(labels, rows[i].sandbox, "vfio-manager"),
                        rows[i].undone, "%zu: %s", i, labels);
                cr_expect_eq(runs(labels, rows[i].sandbox, "device-plugin") ||
                                     runs(labels, rows[i].sandbox, "sandbox-device-plugin"),
                        rows[i].other != NULL, "%zu: %s", i, labels);
                cr_expect(!rows[i].other || runs(labels, rows[i].sandbox, rows[i].other), "%zu", i);
                cr_expect_eq(e.n_warnings, rows[i].gpu_operator >= GPU_OPERATOR_NODE, "%zu", i);
                cr_expect_not(e.incomplete);
        }
}

/* Labels that would not do what they are for are not written at all. */
Test(export_nfd, labels_that_are_left_out)
{
        static const struct {
                GpuOperator gpu_operator;
                const char *machine, *config, *warning;
        } rows[] = {
                {GPU_OPERATOR_NODE, ADA TWIN HOST, ONE, "0000:02:00.0 is NVIDIA's and stays"},
                {GPU_OPERATOR_NODE, ADA HOST,
                        "{ name = 'a'; address = '01:00'; driver = 'other-vfio-pci'; }", NULL},
                {GPU_OPERATOR_NODE,
                        "0000:01:00.0 10de:26b1 030200 group=1 variants=other_vfio_pci\n" HOST, ONE,
                        "0000:01:00.0 is to be on other_vfio_pci, which"},
                {GPU_OPERATOR_NODE, NAVI HOST, "{ name = 'a'; address = '03:00'; }",
                        "no NVIDIA GPU"},
                {GPU_OPERATOR_OFF, NAVI HOST, "{ name = 'a'; address = '03:00'; }",
                        "no NVIDIA GPU"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                SCENE(scene, rows[i].machine, rows[i].config);
                Export e;
                const char *labels = nfd(&scene, rows[i].gpu_operator, &e);

                cr_expect_null(strstr(labels, "\nnvidia.com/"), "%zu: %s", i, labels);
                cr_expect(e.incomplete);
                cr_expect(!rows[i].warning || strstr(e.warnings[e.n_warnings - 1], rows[i].warning),
                        "%zu: %s", i, e.warnings[e.n_warnings - 1]);
        }
}

Test(export_nfd, words_for_the_operator)
{
        GpuOperator gpu_operator = GPU_OPERATOR_UNSAID;

        cr_expect_eq(gpu_operator_parse("off", &gpu_operator), 0);
        cr_expect_eq(gpu_operator, GPU_OPERATOR_OFF);
        cr_expect_eq(gpu_operator_parse("node", &gpu_operator), 0);
        cr_expect_eq(gpu_operator, GPU_OPERATOR_NODE);
        cr_expect_eq(gpu_operator_parse("mixed", &gpu_operator), 0);
        cr_expect_eq(gpu_operator, GPU_OPERATOR_MIXED);
        cr_expect_eq(gpu_operator_parse("", &gpu_operator), -EINVAL);
        cr_expect_eq(gpu_operator_parse("Node", &gpu_operator), -EINVAL);
        cr_expect_eq(gpu_operator, GPU_OPERATOR_MIXED);
}
