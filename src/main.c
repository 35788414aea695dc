/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "verbs/say.h"
#include "verbs/verbs.h"

int main(int argc, char **argv)
{
        Options options = {0};
        int r = options_parse(argc, argv, &options);
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
