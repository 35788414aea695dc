/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-install-conf.h"

#include <string.h>

#include "host/text-lines.h"

/* Assignments as systemd parses them, or a shell where it is older. `uki` is as the last one says,
 * here or in what is read later. */
static void take_layout(const TextLine *line, void *context)
{
        bool *uki = context;
        char value[16] = "";
        int end = -1;

        (void)sscanf(line->text, "layout %n=", &end);
        if (end < 0 || line->text[end] != '=')
                return;
        (void)sscanf(line->text + end, "=%*[ \t\"']%15[a-z]", value);
        (void)sscanf(line->text + end, "=%15[a-z]", value);
        *uki = strcmp(value, "uki") == 0;
}

bool scan_install_conf_is_uki(const Root *root)
{
        /* systemd's order of precedence, as for all of its configs; its manual says so in each */
        static const char *const files[] = {
                "etc/kernel/install.conf",
                "run/kernel/install.conf",
                "usr/local/lib/kernel/install.conf",
                "usr/lib/kernel/install.conf",
        };
        static const char *const folders[] = {
                "etc/kernel/install.conf.d",
                "run/kernel/install.conf.d",
                "usr/local/lib/kernel/install.conf.d",
                "usr/lib/kernel/install.conf.d",
        };
        bool uki = false;

        /* of the files the first one counts, of the drop-ins all */
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                if (text_lines_of_file(root, files[i], false, take_layout, &uki) == 0)
                        break;
        text_lines_of_folders(
                root, folders, ARRAY_SIZE(folders), ".conf", false, take_layout, &uki);
        return uki;
}
