/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * told [--journal] COMMAND...: runs it, prints what it tells systemd by sd_notify(3), with
 * --journal also what it tells the journal, a line a field, and ends as it did.
 */

#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int listen_at(const struct sockaddr_un *address, socklen_t length)
{
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || bind(fd, (const struct sockaddr *)address, length) < 0)
                err(125, "no socket");
        return fd;
}

/* The kernel picks a name outside of any file system: the machine's need not be written to. */
static int listen_as(char *name, size_t size)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t length = sizeof(address);
        int fd = listen_at(&address, sizeof(sa_family_t));

        if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
                err(125, "no name");
        length -= (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1;
        snprintf(name, size, "@%.*s", (int)length, address.sun_path + 1);
        return fd;
}

/* Where sd_journal_send(3) has it. */
static int listen_as_journal(void)
{
        static const struct sockaddr_un address = {
                .sun_family = AF_UNIX,
                .sun_path = "/run/systemd/journal/socket",
        };

        (void)mkdir("/run/systemd", 0755);
        (void)mkdir("/run/systemd/journal", 0755);
        (void)unlink(address.sun_path);
        return listen_at(&address, sizeof(address));
}

/* Few datagrams fit into a socket, and whoever sends one more waits. */
static void collect(int fd, const char *title, FILE *to)
{
        char text[8192];
        ssize_t n = 0;

        while (fd >= 0 && (n = recv(fd, text, sizeof(text), 0)) >= 0) {
                if (n > 0 && text[n - 1] == '\n')
                        n--;
                fprintf(to, "%s: %.*s\n", title, (int)n, text);
        }
}

int main(int argc, char **argv)
{
        bool journal = argc > 1 && strcmp(argv[1], "--journal") == 0;
        char **command = argv + 1 + journal, name[128], *heard = NULL;
        struct pollfd fds[] = {{.events = POLLIN}, {.fd = -1, .events = POLLIN}};
        size_t size = 0;
        FILE *to = open_memstream(&heard, &size);
        int status = 0;

        fds[0].fd = listen_as(name, sizeof(name));
        if (journal)
                fds[1].fd = listen_as_journal();
        if (!*command || !to || setenv("NOTIFY_SOCKET", name, 1) < 0)
                errx(125, "usage: told [--journal] COMMAND...");

        pid_t pid = fork();
        if (pid < 0)
                err(125, "%s", *command);
        if (pid == 0) {
                execv(*command, command);
                err(127, "%s", *command);
        }
        for (pid_t ended = 0; ended == 0;) {
                ended = waitpid(pid, &status, WNOHANG);
                if (ended == 0)
                        (void)poll(fds, 2, 10);
                collect(fds[1].fd, "journal", to);
                collect(fds[0].fd, "told", to);
        }
        fclose(to);
        fwrite(heard, 1, size, stdout);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
