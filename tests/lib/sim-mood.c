/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sim-mood.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_parameter(SimMood *mood, const char *key, const char *value)
{
        if (strcmp(key, "slow_ms") == 0)
                mood->slow_ms = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(key, "fail_errno") == 0)
                mood->fail_errno = (int)strtol(value, NULL, 10);
        else if (strcmp(key, "async_probe") == 0)
                mood->async = *value == '1';
        else if (strcmp(key, "enable_sriov") == 0)
                mood->sriov = *value == '1';
        else if (strcmp(key, "fail") == 0)
                snprintf(mood->fail, sizeof(mood->fail), "%s", value);
        else if (strcmp(key, "hang") == 0 || strcmp(key, "stuck_probe") == 0)
                snprintf(mood->hang, sizeof(mood->hang), "%s", value);
        else if (strcmp(key, "stuck_remove") == 0)
                snprintf(mood->stuck, sizeof(mood->stuck), "%s", value);
}

SimMood sim_mood_read(const char *options)
{
        SimMood mood = {.fail_errno = EIO};
        char text[320] = "", *rest = text;

        snprintf(text, sizeof(text), "%s", options);
        for (char *word; (word = strsep(&rest, " "));) {
                char *value = strchr(word, '=');

                if (value) {
                        *value = '\0';
                        set_parameter(&mood, word, value + 1);
                }
        }
        return mood;
}
