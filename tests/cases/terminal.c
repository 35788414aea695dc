/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* terminal COLUMNS COMMAND...: runs it on a terminal of that width, prints what it shows there, and
 * ends as it did. Escape characters are printed as \e. */

#include <err.h>
#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void print(const char *text, ssize_t n)
{
        for (ssize_t i = 0; i < n; i++) {
                if (text[i] == '\033')
                        fputs("\\e", stdout);
                else if (text[i] != '\r') /* the terminal's own end of a line */
                        putchar(text[i]);
        }
}

int main(int argc, char **argv)
{
        struct winsize size = {.ws_row = 24};
        int terminal = -1, status = 0;
        char text[4096];
        ssize_t n = 0;

        if (argc < 3)
                errx(125, "usage: terminal COLUMNS COMMAND...");
        size.ws_col = (unsigned short)atoi(argv[1]);

        pid_t pid = forkpty(&terminal, NULL, NULL, &size);
        if (pid < 0)
                err(125, "no terminal");
        if (pid == 0) {
                execvp(argv[2], argv + 2);
                err(127, "%s", argv[2]);
        }
        /* EIO: nobody has the other side any more */
        while ((n = read(terminal, text, sizeof(text))) > 0 || (n < 0 && errno == EINTR))
                print(text, n);
        if (waitpid(pid, &status, 0) != pid)
                err(125, "%s", argv[2]);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
