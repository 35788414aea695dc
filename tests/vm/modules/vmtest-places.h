/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GPL, unlike the rest of the project: the kernel exports what these test modules use to no other.
 */
#ifndef VMTEST_PLACES_H
#define VMTEST_PLACES_H

#include <linux/delay.h>
#include <linux/pci.h>
#include <linux/string.h>

/* Whether a parameter names the device: "all", or addresses with commas between them. */
static inline bool vmtest_names(const char *places, const struct pci_dev *pdev)
{
        const char *name = pci_name(pdev), *at = places;
        size_t length = strlen(name);

        if (!places)
                return false;
        if (strcmp(places, "all") == 0)
                return true;
        while ((at = strstr(at, name))) {
                if ((at == places || at[-1] == ',') && (at[length] == ',' || !at[length]))
                        return true;
                at += length;
        }
        return false;
}

/* As a driver that waits for hardware which does not answer: no signal ends it, the device lock
 * stays held. */
static inline void vmtest_never_return(struct pci_dev *pdev, const char *where)
{
        pci_info(pdev, "%s does not return\n", where);
        for (;;)
                msleep(1000);
}

#endif
