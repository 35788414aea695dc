/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/systemd-socket.h"

#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* Linux 6.3, linux/memfd.h */
#endif

/* A path, or "@NAME" for a name outside of all file systems. */
static int make_address(const char *name, struct sockaddr_un *ret, socklen_t *ret_length)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t length = strlen(name);

        if (length < 2 || length >= sizeof(address.sun_path) || !strchr("/@", *name))
                return -EAFNOSUPPORT;
        memcpy(address.sun_path, name, length);
        if (*name == '@')
                *address.sun_path = '\0';
        *ret = address;
        /* the name of the one kind is as long as it is said to be, that of the other ends with a 0
         */
        *ret_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*name == '/'));
        return 0;
}

static int send_message(const char *to, const struct msghdr *what)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct msghdr message = *what;
        struct sockaddr_un address;
        int r = make_address(to, &address, &message.msg_namelen);

        if (r < 0)
                return r;
        message.msg_name = &address;
        return fd < 0 || sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_text(const char *to, const char *text, size_t size)
{
        struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = size};

        return send_message(to, &(struct msghdr){.msg_iov = &part, .msg_iovlen = 1});
}

/* For what is too long for a message: journald takes it out of a file that nobody can change any
 * more. */
static int make_sealed(const char *text, size_t size)
{
        const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
        _cleanup_close_ int fd = memfd_create("journal-record", flags | MFD_NOEXEC_SEAL);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("journal-record", flags);
        if (fd < 0)
                return -errno;

        int r = file_write(fd, text, size);
        if (r == 0 && fcntl(fd, F_ADD_SEALS,
                              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                r = -errno;
        return r < 0 ? r : TAKE_FD(fd);
}

static int send_file(const char *to, const char *text, size_t size)
{
        _cleanup_close_ int file = make_sealed(text, size);
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                             .cmsg_level = SOL_SOCKET,
                             .cmsg_type = SCM_RIGHTS}};

        if (file < 0)
                return file;
        memcpy(CMSG_DATA(&control.header), &file, sizeof(file));
        return send_message(
                to, &(struct msghdr){.msg_control = &control, .msg_controllen = sizeof(control)});
}

/* A value of more than one line is told by its length. */
static void put_field(FILE *record, const char *name, const char *value)
{
        uint64_t length = htole64(strlen(value));

        fputs(name, record);
        if (strchr(value, '\n')) {
                fputc('\n', record);
                fwrite(&length, sizeof(length), 1, record);
        } else
                fputc('=', record);
        fputs(value, record);
        fputc('\n', record);
}

int systemd_socket_record(const char *socket, const JournalField *fields, size_t n)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *record = open_memstream(&text, &size);

        if (!record)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                put_field(record, fields[i].name, fields[i].value);
        put_field(record, "SYSLOG_IDENTIFIER", program_invocation_short_name);

        bool whole = !ferror(record);
        if (fclose(record) != 0 || !whole)
                return -ENOMEM;

        int r = send_text(socket, text, size);
        if (r == -EMSGSIZE || r == -ENOBUFS)
                r = send_file(socket, text, size);
        return r == -ENOENT ? 0 : r;
}

int systemd_socket_notify(const char *lines)
{
        const char *name = getenv("NOTIFY_SOCKET");

        return name ? send_text(name, lines, strlen(lines)) : 0;
}
