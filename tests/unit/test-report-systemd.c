/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report-systemd.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/tree.h"

/* Who listens in place of systemd. */
typedef struct Listener {
        Tree *tree; /* where the socket is */
        int fd;
        char text[1024];
} Listener;

static void listener_open(Listener *listener)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        *listener = (Listener){.tree = tree_new()};
        _cleanup_free_ char *path = tree_path(listener->tree, "notify");
        cr_assert_lt(strlen(path), sizeof(address.sun_path));
        strcpy(address.sun_path, path);
        listener->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        cr_assert_geq(listener->fd, 0);
        cr_assert_eq(bind(listener->fd, (struct sockaddr *)&address, sizeof(address)), 0);
        cr_assert_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
}

static void listener_close(Listener *listener)
{
        closep(&listener->fd);
        tree_free(listener->tree);
}

/* What was said last, "" when nothing was. */
static const char *heard(Listener *listener)
{
        ssize_t n = recv(listener->fd, listener->text, sizeof(listener->text) - 1, 0);

        listener->text[n > 0 ? n : 0] = '\0';
        return listener->text;
}

Test(report_systemd, status_with_and_without_an_error)
{
        _cleanup_(listener_close) Listener listener = {.fd = -EBADF};

        listener_open(&listener);
        systemd_notify_status("1 of 1 GPU ready: rtx", 0);
        cr_expect_str_eq(heard(&listener), "STATUS=1 of 1 GPU ready: rtx");
        systemd_notify_status("0 of 1 GPU ready; rtx absent", ENODEV);
        cr_expect_str_eq(heard(&listener), "STATUS=0 of 1 GPU ready; rtx absent\nERRNO=19");
        cr_expect_str_empty(heard(&listener));
        unsetenv("NOTIFY_SOCKET");
        systemd_notify_status("nobody is there", 0);
        cr_expect_str_empty(heard(&listener));
}
