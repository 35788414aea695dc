/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report-systemd.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syslog.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "report/message-ids.h"

bool systemd_is_journal(int fd)
{
        const char *stream = getenv("JOURNAL_STREAM"); /* systemd.exec(5): device:inode */
        uintmax_t device = 0, inode = 0;
        struct stat st = {0};

        if (!stream || sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2)
                return false;
        return fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/*
 * Whoever runs the program, `journalctl -u vfio-gpu` shows what it says: that also shows what root
 * says about a unit in this field. Of the unit itself, too: journald learns a record's unit from
 * the sender's /proc when it gets to the record, and at boot this process has ended by then.
 */
#define ABOUT_THE_UNIT "OBJECT_SYSTEMD_UNIT=vfio-gpu.service", NULL

static int priority(const Claim *claim, Result result)
{
        switch (result) {
        case RESULT_READY:
                return LOG_INFO;
        case RESULT_SKIPPED:
                return LOG_NOTICE;
        case RESULT_ABSENT:
        case RESULT_REFUSED:
        case RESULT_FAILED:
        case _RESULT_MAX:
                break;
        }
        return claim->entry->optional ? LOG_WARNING : LOG_ERR;
}

/* The display function speaks for the card; fields that do not apply are empty. */
typedef struct CardFields {
        char address[PCI_ADDRESS_SIZE];
        char id[sizeof("ffff:ffff")];
        char group[sizeof("-2147483648")];
        const char *driver;
        const char *driver_before;
} CardFields;

static CardFields card_fields(const Claim *claim, const Verdict *verdict)
{
        CardFields fields = {.driver = "", .driver_before = ""};
        const Function *d = claim->display;

        if (!d)
                return fields;
        pci_address_format(d->address, fields.address);
        snprintf(fields.id, sizeof(fields.id), "%04X:%04X", d->id.vendor, d->id.device);
        if (d->iommu_group >= 0)
                snprintf(fields.group, sizeof(fields.group), "%d", d->iommu_group);
        for (size_t i = 0; i < claim->n_functions; i++) {
                if (claim->functions[i] != d)
                        continue;
                if (verdict->bindings[i].driver)
                        fields.driver = verdict->bindings[i].driver;
                if (verdict->drivers_before[i])
                        fields.driver_before = verdict->drivers_before[i];
        }
        return fields;
}

static const char *message_id(const Claim *claim, Result result)
{
        switch (result) {
        case RESULT_READY:
                return MESSAGE_ID_READY;
        case RESULT_SKIPPED:
                return claim->released ? MESSAGE_ID_RELEASED : MESSAGE_ID_SKIPPED;
        case RESULT_ABSENT:
        case RESULT_REFUSED:
        case RESULT_FAILED:
        case _RESULT_MAX:
                break;
        }
        return MESSAGE_ID_NOT_READY;
}

/* sd_journal_send() fails only where there is nobody to tell: the text output is the fallback. */
static void send_gpu(const Report *report, size_t index, const char *sentence)
{
        const Claim *claim = &report->plan->claims.items[index];
        const Verdict *verdict = &report->verdicts[index];
        const CardFields card = card_fields(claim, verdict);
        const char *word = reason_word(verdict->reason), *cause = reason_cause(verdict->reason);
        /* clang-format off */
        (void)sd_journal_send("MESSAGE=%s", sentence,
                "MESSAGE_ID=%s", message_id(claim, verdict->result),
                "PRIORITY=%d", priority(claim, verdict->result),
                "VFIO_GPU_NAME=%s", claim->entry->name,
                "VFIO_GPU_RESULT=%s", result_word(verdict->result),
                "VFIO_GPU_REASON=%s", word ? word : "",
                "VFIO_GPU_CAUSE=%s", cause ? cause : "",
                "VFIO_GPU_REMEDY=%s", verdict->remedy ? verdict->remedy : "",
                "VFIO_GPU_STAGE=%s", stage_word(report->stage),
                "PCI_SLOT_NAME=%s", card.address,
                "PCI_ID=%s", card.id,
                "DRIVER=%s", card.driver,
                "DRIVER_BEFORE=%s", card.driver_before,
                "IOMMU_GROUP=%s", card.group,
                "ERRNO=%d", verdict->error,
                ABOUT_THE_UNIT);
        /* clang-format on */
}

static void send_summary(const Report *report, const char *id, int error)
{
        int level = report->overall == OVERALL_FAILED ? LOG_ERR
                    : report->overall == OVERALL_OK   ? LOG_INFO
                                                      : LOG_WARNING;

        /* clang-format off */
        (void)sd_journal_send("MESSAGE=%s", report->status,
                "MESSAGE_ID=%s", id,
                "PRIORITY=%d", level,
                "VFIO_GPU_RESULT=%s", overall_word(report->overall),
                "VFIO_GPU_STAGE=%s", stage_word(report->stage),
                "ERRNO=%d", error,
                ABOUT_THE_UNIT);
        /* clang-format on */
}

int systemd_journal_report(const Report *report)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return -ENOMEM;
        for (size_t i = 0; i < report->plan->claims.n_items; i++) {
                const char *sentence = report_sentence(report, i, arena);

                if (!sentence)
                        return -ENOMEM;
                if (!report_is_about(report, i))
                        continue;
                send_gpu(report, i, sentence);
        }
        for (size_t i = 0; i < report->n_warnings; i++) {
                /* clang-format off */
                (void)sd_journal_send("MESSAGE=%s", report->warnings[i],
                        "MESSAGE_ID=%s", MESSAGE_ID_WARNING,
                        "PRIORITY=%d", LOG_WARNING,
                        ABOUT_THE_UNIT);
                /* clang-format on */
        }
        send_summary(report,
                report->overall == OVERALL_DISABLED ? MESSAGE_ID_DISABLED : MESSAGE_ID_SUMMARY,
                report_error(report));
        return 0;
}

void systemd_journal_trouble(const Report *report, int error)
{
        send_summary(report, MESSAGE_ID_TROUBLE, error);
}

void systemd_journal_problem(const char *path, unsigned line, const char *sentence)
{
        /* clang-format off */
        (void)sd_journal_send("MESSAGE=%s", sentence,
                "MESSAGE_ID=%s", MESSAGE_ID_CONFIG,
                "PRIORITY=%d", LOG_ERR,
                "CONFIG_FILE=%s", path,
                "CONFIG_LINE=%u", line,
                ABOUT_THE_UNIT);
        /* clang-format on */
}

void systemd_notify_status(const char *status, int error)
{
        if (error)
                (void)sd_notifyf(0, "STATUS=%s\nERRNO=%d", status, error);
        else
                (void)sd_notifyf(0, "STATUS=%s", status);
}
