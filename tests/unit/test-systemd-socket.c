/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/systemd-socket.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/tree.h"

#define LONG ((size_t)4 * 1024 * 1024)

/* Who listens in place of journald, and what came last: a message, or a file. */
typedef struct Listener {
        Tree *tree;
        char *path;
        int fd;
        int file;
        char text[1024];
        size_t size;
} Listener;

static void listener_open(Listener *listener)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        *listener = (Listener){.tree = tree_new(), .file = -EBADF};
        listener->path = tree_path(listener->tree, "socket");
        strcpy(address.sun_path, listener->path);
        listener->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        cr_assert_geq(listener->fd, 0);
        cr_assert_eq(bind(listener->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void listener_close(Listener *listener)
{
        closep(&listener->fd);
        closep(&listener->file);
        free(listener->path);
        tree_free(listener->tree);
}

static void hear(Listener *listener)
{
        char control[CMSG_SPACE(sizeof(int))] = {0};
        struct iovec part = {.iov_base = listener->text, .iov_len = sizeof(listener->text)};
        struct msghdr message = {.msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = control,
                .msg_controllen = sizeof(control)};
        ssize_t n = recvmsg(listener->fd, &message, MSG_CMSG_CLOEXEC);

        cr_assert_geq(n, 0);
        listener->size = (size_t)n;
        if (CMSG_FIRSTHDR(&message))
                memcpy(&listener->file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
}

/* `text` with the name of this program behind it. */
static void expect_record(const Listener *listener, const char *text, size_t size)
{
        char wanted[1024];

        memcpy(wanted, text, size);
        size += (size_t)snprintf(wanted + size, sizeof(wanted) - size, "SYSLOG_IDENTIFIER=%s\n",
                program_invocation_short_name);
        cr_expect_eq(listener->size, size);
        cr_expect_arr_eq(listener->text, wanted, size);
}

Test(systemd_socket, record)
{
        static const JournalField fields[] = {
                {"MESSAGE", "one line"},
                {"EMPTY", ""},
                {"SEVERAL", "a\nb"},
        };
        static const char text[] = "MESSAGE=one line\nEMPTY=\nSEVERAL\n\3\0\0\0\0\0\0\0a\nb\n";
        _cleanup_(listener_close) Listener listener = {.fd = -EBADF, .file = -EBADF};

        listener_open(&listener);
        cr_expect_eq(systemd_socket_record(listener.path, fields, ARRAY_SIZE(fields)), 0);
        hear(&listener);
        expect_record(&listener, text, sizeof(text) - 1);
        cr_expect_lt(listener.file, 0);
}

Test(systemd_socket, a_long_record_comes_as_a_sealed_file)
{
        _cleanup_free_ char *value = malloc(LONG + 1), *text = malloc(LONG);
        const JournalField field = {"MESSAGE", value};
        const int sealed = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
        _cleanup_(listener_close) Listener listener = {.fd = -EBADF, .file = -EBADF};
        struct stat st = {0};

        memset(value, 'x', LONG);
        value[LONG] = '\0';
        listener_open(&listener);
        cr_expect_eq(systemd_socket_record(listener.path, &field, 1), 0);
        hear(&listener);
        cr_expect_eq(listener.size, 0);
        cr_assert_geq(listener.file, 0);
        cr_expect_eq(fstat(listener.file, &st), 0);
        cr_expect_gt(st.st_size, (off_t)LONG);
        cr_expect_eq(pread(listener.file, text, 9, 0), 9);
        cr_expect_arr_eq(text, "MESSAGE=x", 9);
        cr_expect_eq(fcntl(listener.file, F_GET_SEALS) & sealed, sealed);
}

Test(systemd_socket, nobody_listens)
{
        const JournalField field = {"MESSAGE", "to nobody"};

        cr_expect_eq(systemd_socket_record("/nonexistent/socket", &field, 1), 0);
        cr_expect_eq(systemd_socket_record("relative", &field, 1), -EAFNOSUPPORT);
        cr_expect_eq(systemd_socket_record("", &field, 1), -EAFNOSUPPORT);
        unsetenv("NOTIFY_SOCKET");
        cr_expect_eq(systemd_socket_notify("STATUS=to nobody"), 0);
}

Test(systemd_socket, notify_by_a_name_outside_of_file_systems)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t length = sizeof(address);
        char name[sizeof(address.sun_path) + 1] = "@", text[32] = "";
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
        cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        length -= (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1;
        memcpy(name + 1, address.sun_path + 1, length);
        cr_assert_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
        cr_expect_eq(systemd_socket_notify("STATUS=heard"), 0);
        cr_expect_eq(recv(fd, text, sizeof(text) - 1, 0), 12);
        cr_expect_str_eq(text, "STATUS=heard");
}
