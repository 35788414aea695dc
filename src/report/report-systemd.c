/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report-systemd.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syslog.h>

#include "report/message-ids.h"
#include "report/systemd-socket.h"

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
#define ABOUT_THE_UNIT                                                                             \
        {                                                                                          \
                "OBJECT_SYSTEMD_UNIT", "vfio-gpu.service"                                          \
        }

/* A number, as a field has it. */
#define NUMBER(n)   number((char[NUMBER_SIZE]){0}, (n))
#define NUMBER_SIZE sizeof("-2147483648")

static const char *number(char buffer[static NUMBER_SIZE], int n)
{
        snprintf(buffer, NUMBER_SIZE, "%d", n);
        return buffer;
}

/* Without a journal they are lost: the text output is the fallback. */
#define SEND(...)                                                                                  \
        do {                                                                                       \
                const JournalField fields[] = {__VA_ARGS__};                                       \
                                                                                                   \
                (void)systemd_socket_record(SYSTEMD_JOURNAL, fields, ARRAY_SIZE(fields));          \
        } while (0)

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
        char group[NUMBER_SIZE];
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

static void send_gpu(const Report *report, size_t index, const char *sentence)
{
        const Claim *claim = &report->plan->claims.items[index];
        const Verdict *verdict = &report->verdicts[index];
        const CardFields card = card_fields(claim, verdict);
        const char *word = reason_word(verdict->reason), *cause = reason_cause(verdict->reason);
        /* clang-format off */
        SEND({"MESSAGE", sentence},
                {"MESSAGE_ID", message_id(claim, verdict->result)},
                {"PRIORITY", NUMBER(priority(claim, verdict->result))},
                {"VFIO_GPU_NAME", claim->entry->name},
                {"VFIO_GPU_RESULT", result_word(verdict->result)},
                {"VFIO_GPU_REASON", word ? word : ""},
                {"VFIO_GPU_CAUSE", cause ? cause : ""},
                {"VFIO_GPU_REMEDY", verdict->remedy ? verdict->remedy : ""},
                {"VFIO_GPU_STAGE", stage_word(report->stage)},
                {"PCI_SLOT_NAME", card.address},
                {"PCI_ID", card.id},
                {"DRIVER", card.driver},
                {"DRIVER_BEFORE", card.driver_before},
                {"IOMMU_GROUP", card.group},
                {"ERRNO", NUMBER(verdict->error)},
                ABOUT_THE_UNIT);
        /* clang-format on */
}

static void send_summary(const Report *report, const char *id, int error)
{
        int level = report->overall == OVERALL_FAILED ? LOG_ERR
                    : report->overall == OVERALL_OK   ? LOG_INFO
                                                      : LOG_WARNING;

        /* clang-format off */
        SEND({"MESSAGE", report->status},
                {"MESSAGE_ID", id},
                {"PRIORITY", NUMBER(level)},
                {"VFIO_GPU_RESULT", overall_word(report->overall)},
                {"VFIO_GPU_STAGE", stage_word(report->stage)},
                {"ERRNO", NUMBER(error)},
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
                SEND({"MESSAGE", report->warnings[i]},
                        {"MESSAGE_ID", MESSAGE_ID_WARNING},
                        {"PRIORITY", NUMBER(LOG_WARNING)},
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
        SEND({"MESSAGE", sentence},
                {"MESSAGE_ID", MESSAGE_ID_CONFIG},
                {"PRIORITY", NUMBER(LOG_ERR)},
                {"CONFIG_FILE", path},
                {"CONFIG_LINE", NUMBER(line)},
                ABOUT_THE_UNIT);
        /* clang-format on */
}

void systemd_notify_status(const char *status, int error)
{
        _cleanup_free_ char *lines = NULL;
        int n = error ? asprintf(&lines, "STATUS=%s\nERRNO=%d", status, error)
                      : asprintf(&lines, "STATUS=%s", status);

        if (n < 0)
                lines = NULL;
        if (lines)
                (void)systemd_socket_notify(lines);
}
