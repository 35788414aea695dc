/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written for somebody is written whole, or not at all. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "lib/report-scene.h"
#include "report/export-ids.h"
#include "report/export-kubevirt.h"
#include "report/export-libvirt.h"
#include "report/export-metrics.h"
#include "report/export-nfd.h"
#include "report/export-qemu.h"
#include "report/init.h"
#include "report/report-json.h"
#include "report/report-table.h"
#include "report/report-text.h"
#include "unit/no-memory.h"

typedef struct Subject {
        Scene *scene;
        const Report *report;
        const GpuList *list;
        const Proposals *proposals;
        void (*format)(Export *e);
} Subject;

static int taken(char *text)
{
        if (!text)
                return -ENOMEM;
        cr_expect_gt(strlen(text), 0);
        free(text);
        return 0;
}

static int whole_report(const void *context, Arena *arena)
{
        const Subject *s = context;
        Report report = {0};
        const ReportInput input = {.config_path = "/etc/vfio-gpu.conf",
                .image = IMAGE_OTHER_CONFIG,
                .config = s->scene->config,
                .host = s->scene->host,
                .plan = s->scene->plan,
                .expected = true,
                .verdicts = s->report->verdicts};

        return report_build(&input, arena, &report);
}

static int whole_list(const void *context, Arena *arena)
{
        const Subject *s = context;
        GpuList list = {0};

        return list_build(s->scene->host, s->scene->plan, arena, &list);
}

static int json(const void *context, _unused_ Arena *arena)
{
        return taken(report_json(((const Subject *)context)->report, true));
}

static int json_status(const void *context, _unused_ Arena *arena)
{
        return taken(report_json_status(((const Subject *)context)->report,
                (const Record *const[2]){0}, NULL, &(const Since){0}));
}

static int json_list(const void *context, _unused_ Arena *arena)
{
        return taken(report_json_list(((const Subject *)context)->list));
}

static int text(const void *context, _unused_ Arena *arena)
{
        return taken(report_text(((const Subject *)context)->report));
}

static int text_plan(const void *context, _unused_ Arena *arena)
{
        return taken(report_text_plan(((const Subject *)context)->scene->plan));
}

static int text_list(const void *context, _unused_ Arena *arena)
{
        return taken(report_text_list(((const Subject *)context)->list));
}

static int text_init(const void *context, _unused_ Arena *arena)
{
        const Subject *s = context;

        return taken(init_text(s->scene->host, s->proposals));
}

static int export(const void *context, Arena *arena)
{
        const Subject *s = context;
        const char *unknown = NULL;
        Export e = {0};
        int r = export_select(
                s->report, s->scene->config, s->scene->host, NULL, 0, arena, &e, &unknown);

        if (r < 0)
                return r;
        s->format(&e);
        return arena_failed(arena) ? -ENOMEM : 0;
}

Test(no_memory, nothing_is_written_in_part)
{
        static const NoMemoryCall calls[] = {whole_report, whole_list, json, json_status, json_list,
                text, text_plan, text_list, text_init};
        static void (*const formats[])(Export *) = {export_ids_cmdline, export_ids_dracut,
                export_ids_modprobe, export_kubevirt, export_libvirt, export_metrics, export_nfd,
                export_qemu};

        for (size_t i = 0; i < scene_n_samples; i++) {
                SCENE(scene, scene_samples[i].machine, scene_samples[i].config);
                const Report report = report_of_scene(&scene, true);
                const char *trouble = NULL;
                Subject subject = {.scene = &scene, .report = &report};
                Proposals proposals = {0};
                GpuList list = {0};

                cr_assert_eq(list_build(scene.host, scene.plan, scene.arena, &list), 0);
                cr_assert_eq(
                        proposals_build(scene.host, NULL, 0, scene.arena, &proposals, &trouble), 0);
                subject.list = &list;
                subject.proposals = &proposals;
                for (size_t k = 0; k < ARRAY_SIZE(calls); k++)
                        no_memory(calls[k], &subject);
                for (size_t k = 0; k < ARRAY_SIZE(formats); k++) {
                        subject.format = formats[k];
                        no_memory(export, &subject);
                }
        }
}

static int parse(const void *context, _unused_ Arena *arena)
{
        const char *text = context;
        Config *config = NULL;
        ConfigProblems *problems = NULL;
        int r = config_parse("test.conf", text, strlen(text), &config, &problems);

        cr_expect_eq(config != NULL, r == 0);
        cr_expect_eq(problems != NULL, r == -EINVAL);
        config_free(config);
        config_problems_free(problems);
        return r;
}

/* A config that was read in part would be another; of mistakes, none is kept back. */
Test(no_memory, no_config_is_read_in_part)
{
        static const char *const texts[] = {
                "gpus = ( );",
                "gpus = ( { name = \"a\"; address = \"01:00\"; id = \"10de:26b1\"; "
                "subsystem = \"1043:88a1\"; vendor = \"nvidia\"; count = \"all\"; "
                "functions = [ 0, 1 ]; allow_group_members = [ \"03:00\", \"04:00.1\" ]; "
                "driver = \"x_vfio_pci\"; reset_method = [ \"flr\", \"bus\" ]; d3cold = true; }, "
                "{ path = \"00:01.0/00.0\"; slot = \"2\"; serial = \"0000000000000022\"; } ); "
                "blacklist = [ \"nouveau\", \"nvidiafb\" ]; "
                "vfio_pci = { disable_vga = true; };",
                "gpus = (",
                "gpus = ( { name = 1; adress = \"x\"; functions = [ 9, \"y\" ]; "
                "allow_group_members = [ \"z\", \"03:00\", \"03:00\" ]; reset_method = [ \"\" ]; "
                "}, "
                "{ name = \"a\"; id = \"1\"; }, { name = \"a\"; vendor = \"amd\"; } ); "
                "blacklist = [ \"a\", \"a\", \"/\" ]; colour = 1;",
                "gpus = ( ); # \xc0",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                cr_expect_gt(no_memory(parse, texts[i]), 0);
}
