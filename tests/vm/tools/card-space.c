/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "card.h"

/* The capabilities stand where NVIDIA boards have them; card-spec.c puts them there. */
enum {
        PM_CONTROL = 0x60 + PCI_PM_CTRL,
        EXP_CONTROL_HIGH = 0x78 + PCI_EXP_DEVCTL + 1,
        EXP_FLR_BIT = PCI_EXP_DEVCTL_BCR_FLR >> 8,
        LOGGED_ACCESSES = 16, /* enough to recognise a driver by; the total counts them all */
};

void card_log(struct card *card, const char *format, ...)
{
        struct timespec t;
        va_list ap;

        clock_gettime(CLOCK_MONOTONIC, &t);
        fprintf(card->log, "%lld.%03ld ", (long long)t.tv_sec, t.tv_nsec / 1000000);
        va_start(ap, format);
        vfprintf(card->log, format, ap);
        va_end(ap);
        fputc('\n', card->log);
        fflush(card->log);
}

void card_log_total(struct card *card)
{
        card_log(card, "total bar-reads=%lu bar-writes=%lu", card->bar_reads, card->bar_writes);
}

uint64_t card_region_size(const struct card *card, uint32_t region)
{
        if (region == VFIO_PCI_CONFIG_REGION_INDEX)
                return CARD_CONFIG_SIZE;
        return region < CARD_BARS ? card->bar_size[region] : 0;
}

static bool in_region(const struct card *card, uint32_t region, uint64_t offset, uint32_t size)
{
        uint64_t limit = card_region_size(card, region);

        return size <= CARD_MAX_TRANSFER && offset <= limit && size <= limit - offset;
}

static void read_bar(
        struct card *card, uint32_t region, uint64_t offset, uint32_t size, uint8_t *ret_data)
{
        memset(ret_data, 0, size);
        if (region == 0 && offset == 0)
                memcpy(ret_data, &card->boot0,
                        size < sizeof card->boot0 ? size : sizeof card->boot0);
        if (++card->bar_reads <= LOGGED_ACCESSES)
                card_log(card, "bar-read bar=%u offset=0x%llx size=%u", region,
                        (unsigned long long)offset, size);
}

/* Linux reads this register alone once for each device, when it has found all of them and before it
 * gives any to a driver (pci_apply_final_quirks() in drivers/pci/quirks.c); no firmware here does.
 */
static void die_when_found(struct card *card, uint64_t offset, uint32_t size)
{
        if (!card->dies || card->dead || offset != PCI_CACHE_LINE_SIZE || size != 1)
                return;
        card->dead = true;
        card_log(card, "dead");
}

int card_read(struct card *card, uint32_t region, uint64_t offset, uint32_t size, uint8_t *ret_data)
{
        if (!in_region(card, region, offset, size))
                return -EINVAL;
        if (region == VFIO_PCI_CONFIG_REGION_INDEX)
                memcpy(ret_data, card->config + offset, size);
        else
                read_bar(card, region, offset, size, ret_data);
        if (card->dead)
                memset(ret_data, 0xff, size);
        if (region == VFIO_PCI_CONFIG_REGION_INDEX)
                die_when_found(card, offset, size);
        return 0;
}

void card_reset(struct card *card, const char *how)
{
        memset(card->config + PCI_COMMAND, 0, 2);
        card->config[PM_CONTROL] &= (uint8_t)~PCI_PM_CTRL_STATE_MASK;
        card_log(card, "reset %s", how);
}

static void log_command(struct card *card, uint8_t old, uint8_t new)
{
        if ((old ^ new) & (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER))
                card_log(card, "command memory=%d busmaster=%d", !!(new &PCI_COMMAND_MEMORY),
                        !!(new &PCI_COMMAND_MASTER));
}

static void log_power(struct card *card, uint8_t old, uint8_t new)
{
        if ((old ^ new) & PCI_PM_CTRL_STATE_MASK)
                card_log(card, "power D%d", new &PCI_PM_CTRL_STATE_MASK);
}

static void write_config_byte(struct card *card, size_t at, uint8_t value)
{
        uint8_t mask = card->writable[at];
        uint8_t old = card->config[at];
        uint8_t new = (uint8_t)((old & ~mask) | (value & mask));

        if (at == EXP_CONTROL_HIGH && value & mask & EXP_FLR_BIT) {
                card_reset(card, "flr");
                new &= (uint8_t)~EXP_FLR_BIT; /* always reads as zero */
        }
        card->config[at] = new;
        if (at == PCI_COMMAND)
                log_command(card, old, new);
        if (at == PM_CONTROL)
                log_power(card, old, new);
}

int card_write(
        struct card *card, uint32_t region, uint64_t offset, uint32_t size, const uint8_t *data)
{
        if (!in_region(card, region, offset, size))
                return -EINVAL;
        if (region == VFIO_PCI_CONFIG_REGION_INDEX) {
                for (uint32_t i = 0; i < size && !card->dead; i++)
                        write_config_byte(card, offset + i, data[i]);
                return 0;
        }
        if (++card->bar_writes <= LOGGED_ACCESSES)
                card_log(card, "bar-write bar=%u offset=0x%llx size=%u", region,
                        (unsigned long long)offset, size);
        return 0;
}
