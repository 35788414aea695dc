/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "verbs/say.h"
#include "verbs/verbs.h"

/* Otherwise the next file that is opened becomes standard input or output. */
static int open_standard_files(void)
{
        int fd = open("/dev/null", O_RDWR);

        while (fd >= 0 && fd <= STDERR_FILENO)
                fd = open("/dev/null", O_RDWR);
        return fd < 0 ? -errno : close(fd);
}

int main(int argc, char **argv)
{
        /* what a shell leaves open is not for us to hold: it may be the device that is to let go */
        (void)close_range(STDERR_FILENO + 1, ~0u, 0);

        int r = open_standard_files();
        if (r < 0) {
                say_error("/dev/null cannot be opened: %s", strerror(-r));
                return EXIT_STATUS_MACHINE;
        }

        Options options = {0};
        r = options_parse(argc, argv, &options);
        ExitStatus status = r < 0 ? EXIT_STATUS_USAGE : EXIT_STATUS_OK;

        if (r > 0)
                status = verbs_run(&options);
        if (fflush(stdout) != 0 || ferror(stdout)) {
                say_error("the output could not be written");
                return status == EXIT_STATUS_CONFIG || status == EXIT_STATUS_USAGE
                               ? (int)status
                               : EXIT_STATUS_MACHINE;
        }
        return (int)status;
}
