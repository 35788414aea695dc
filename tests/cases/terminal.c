/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* terminal COLUMNS COMMAND...: runs it on a terminal of that width, prints what it shows there, and
 * ends as it did. Escape characters are printed as \e. */

#include <err.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

static void print(const char *text, ssize_t n)
{
        for (ssize_t i = 0; i < n; i++) {
                if (text[i] == '\033')
                        fputs("\\e", stdout);
                else if (text[i] != '\r') /* the terminal's own end of a line */
                        putchar(text[i]);
        }
}

/* Prints what has come within `ms`; false when that was nothing. */
static bool pass_on(int terminal, int ms)
{
        struct pollfd poll_fd = {.fd = terminal, .events = POLLIN};
        char text[4096];
        ssize_t n = poll(&poll_fd, 1, ms) > 0 ? read(terminal, text, sizeof(text)) : 0;

        print(text, n);
        return n > 0;
}

int main(int argc, char **argv)
{
        struct winsize size = {.ws_row = 24};
        int terminal = -1, other = -1, status = 0;

        if (argc < 3)
                errx(125, "usage: terminal COLUMNS COMMAND...");
        size.ws_col = (unsigned short)atoi(argv[1]);
        if (openpty(&terminal, &other, NULL, NULL, &size) < 0)
                err(125, "no terminal");

        pid_t pid = fork();
        if (pid < 0)
                err(125, "no process");
        if (pid == 0) {
                close(terminal);
                if (login_tty(other) == 0)
                        execvp(argv[2], argv + 2);
                err(127, "%s", argv[2]);
        }
        /* The other side stays open here: the kernel may end a terminal that nobody has any more
         * before what was written last has come through. */
        while (waitpid(pid, &status, WNOHANG) != pid)
                (void)pass_on(terminal, 20);
        while (pass_on(terminal, 100))
                ;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
