/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is said to systemd over its sockets, by two protocols that it promises to keep
 * (sd_notify(3), https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). libsystemd has them as well, and
 * would be more than two thirds of what the program adds to an initramfs.
 */

#include <stddef.h>

#include "base/macro.h"

typedef struct JournalField {
        const char *name;
        const char *value;
} JournalField;

/* Where journald listens. */
#define SYSTEMD_JOURNAL "/run/systemd/journal/socket"

/* Sends the record to `socket`, with the program's name in SYSLOG_IDENTIFIER=. Returns 0, also
 * where nobody listens there, or a negative errno. */
int systemd_socket_record(const char *socket, const JournalField *fields, size_t n);

/* Sends lines such as "STATUS=..." to who started us. Returns 0, also where nobody wants to know,
 * or a negative errno. */
int systemd_socket_notify(const char *lines);
