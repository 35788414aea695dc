/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/stuck-line.h"

#include <string.h>

static const char *const stages[] = {
        [STAGE_INITRD] = "initrd",
        [STAGE_SYSTEM] = "system",
};

const char *stuck_line_stage(Stage stage)
{
        return stages[stage];
}

bool stuck_line_parse(const char *line, StuckLine *ret)
{
        StuckLine parsed = {0};
        char address[PCI_ADDRESS_SIZE] = "", stage[8] = "";

        if (sscanf(line, "%16s %d %7s %15[^\n]", address, &parsed.process, stage, parsed.name) <
                        3 ||
                pci_address_parse(address, &parsed.address, NULL) < 0)
                return false;
        for (int i = STAGE_INITRD; i <= STAGE_SYSTEM; i++)
                if (strcmp(stage, stages[i]) == 0)
                        parsed.stage = stages[i];
        if (!parsed.stage)
                return false;
        *ret = parsed;
        return true;
}

void stuck_line_mark(Host *host, PciAddress address, const char *who)
{
        for (size_t i = 0; i < host->n_functions; i++)
                if (pci_address_compare(host->functions[i].address, address) == 0)
                        host->functions[i].stuck = who;
}
