/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* told COMMAND...: runs it, prints what it tells systemd by sd_notify(3), and ends as it did. */

#include <err.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel picks a name outside of any file system: the machine's need not be written to. */
static int listen_as(struct sockaddr_un *address, char *name, size_t size)
{
        socklen_t length = sizeof(*address);
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        address->sun_family = AF_UNIX;
        if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)) < 0 ||
                getsockname(fd, (struct sockaddr *)address, &length) < 0)
                err(125, "no socket");
        length -= (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1;
        snprintf(name, size, "@%.*s", (int)length, address->sun_path + 1);
        return fd;
}

static int run(char **argv)
{
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
                execv(argv[0], argv);
                err(127, "%s", argv[0]);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
                err(125, "%s", argv[0]);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

int main(int argc, char **argv)
{
        struct sockaddr_un address = {0};
        char name[sizeof(address.sun_path) + 1], text[4096];
        int fd = listen_as(&address, name, sizeof(name));
        ssize_t n = 0;

        if (argc < 2 || setenv("NOTIFY_SOCKET", name, 1) < 0)
                errx(125, "usage: told COMMAND...");

        int status = run(argv + 1);

        while ((n = recv(fd, text, sizeof(text), 0)) >= 0)
                printf("told: %.*s\n", (int)n, text);
        return status;
}
