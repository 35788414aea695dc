/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"

enum {
        PM_AT = 0x60,
        MSI_AT = 0x68,
        EXP_AT = 0x78,
};

static void put16(struct card *card, size_t at, unsigned value)
{
        card->config[at] = (uint8_t)value;
        card->config[at + 1] = (uint8_t)(value >> 8);
}

static void put32(struct card *card, size_t at, uint32_t value)
{
        put16(card, at, value & 0xffff);
        put16(card, at + 2, value >> 16);
}

static bool parse_hex(const char *text, uint64_t max, uint64_t *ret)
{
        char *end;
        unsigned long long v;

        errno = 0;
        v = strtoull(text, &end, 16);
        if (errno || end == text || *end || v > max)
                return false;
        *ret = v;
        return true;
}

static bool parse_size(const char *text, uint64_t *ret)
{
        char *end;
        unsigned long long v = strtoull(text, &end, 10);
        unsigned shift = 0;

        if (end == text)
                return false;
        if (*end)
                switch (*end++) {
                case 'K':
                        shift = 10;
                        break;
                case 'M':
                        shift = 20;
                        break;
                case 'G':
                        shift = 30;
                        break;
                default:
                        return false;
                }
        v <<= shift;
        if (*end || v < 16 || v & (v - 1))
                return false;
        *ret = v;
        return true;
}

static const struct bar_kind {
        const char *name;
        uint32_t flags;
        int width; /* in BAR registers */
} bar_kinds[] = {
        {"io", PCI_BASE_ADDRESS_SPACE_IO, 1},
        {"32", 0, 1},
        {"32p", PCI_BASE_ADDRESS_MEM_PREFETCH, 1},
        {"64", PCI_BASE_ADDRESS_MEM_TYPE_64, 2},
        {"64p", PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH, 2},
};

static const struct bar_kind *find_kind(const char *name)
{
        for (size_t i = 0; i < sizeof bar_kinds / sizeof *bar_kinds; i++)
                if (strcmp(bar_kinds[i].name, name) == 0)
                        return &bar_kinds[i];
        return NULL;
}

/* KIND:SIZE/KIND:SIZE..., for example 32:16M/64p:256M */
static bool parse_bars(struct card *card, char *text)
{
        char *save = NULL;
        int n = 0;

        for (char *bar = strtok_r(text, "/", &save); bar; bar = strtok_r(NULL, "/", &save)) {
                char *size = strchr(bar, ':');
                const struct bar_kind *kind;

                if (!size)
                        return false;
                *size++ = '\0';
                kind = find_kind(bar);
                if (!kind || n + kind->width > CARD_BARS || !parse_size(size, &card->bar_size[n]))
                        return false;
                put32(card, PCI_BASE_ADDRESS_0 + (size_t)n * 4, kind->flags);
                n += kind->width;
        }
        return true;
}

static bool parse_subsystem(struct card *card, char *text)
{
        char *board = strchr(text, ':');
        uint64_t vendor, device;

        if (!board)
                return false;
        *board++ = '\0';
        if (!parse_hex(text, 0xffff, &vendor) || !parse_hex(board, 0xffff, &device))
                return false;
        put16(card, PCI_SUBSYSTEM_VENDOR_ID, (unsigned)vendor);
        put16(card, PCI_SUBSYSTEM_ID, (unsigned)device);
        return true;
}

static bool parse_serial(struct card *card, const char *text)
{
        uint64_t serial;

        if (!parse_hex(text, UINT64_MAX, &serial))
                return false;
        put32(card, PCI_CFG_SPACE_SIZE, 1 << 16 | PCI_EXT_CAP_ID_DSN);
        put32(card, PCI_CFG_SPACE_SIZE + 4, (uint32_t)serial);
        put32(card, PCI_CFG_SPACE_SIZE + 8, (uint32_t)(serial >> 32));
        return true;
}

/* MICROSECONDS:SEED, decimal: the same seed gives the same delays. */
static bool parse_delay(struct card *card, const char *text)
{
        unsigned max;
        unsigned long seed;
        char rest;

        if (sscanf(text, "%u:%lu%c", &max, &seed, &rest) != 2 || max > 1000000)
                return false;
        card->delay_us = max;
        card->delay_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        return true;
}

static bool parse_number(struct card *card, const char *key, const char *text)
{
        uint64_t v;

        if (!parse_hex(text, UINT32_MAX, &v))
                return false;
        if (strcmp(key, "vendor") == 0)
                put16(card, PCI_VENDOR_ID, (unsigned)v);
        else if (strcmp(key, "device") == 0)
                put16(card, PCI_DEVICE_ID, (unsigned)v);
        else if (strcmp(key, "class") == 0)
                put32(card, PCI_CLASS_REVISION, (uint32_t)v << 8 | card->config[PCI_REVISION_ID]);
        else if (strcmp(key, "revision") == 0)
                card->config[PCI_REVISION_ID] = (uint8_t)v;
        else if (strcmp(key, "boot0") == 0)
                card->boot0 = (uint32_t)v;
        else
                return false;
        return true;
}

static bool parse_word(struct card *card, const char *key)
{
        if (strcmp(key, "pin") == 0)
                card->has_pin = true;
        else if (strcmp(key, "msi") == 0)
                card->has_msi = true;
        else if (strcmp(key, "flr") == 0)
                card->writable[EXP_AT + PCI_EXP_DEVCTL + 1] = PCI_EXP_DEVCTL_BCR_FLR >> 8;
        else if (strcmp(key, "multifunction") == 0)
                card->config[PCI_HEADER_TYPE] = 0x80;
        else if (strcmp(key, "dies") == 0)
                card->dies = true;
        else
                return false;
        return true;
}

static bool parse_pair(struct card *card, const char *key, char *value)
{
        if (strcmp(key, "socket") == 0)
                return (card->socket_path = strdup(value)) != NULL;
        if (strcmp(key, "log") == 0)
                return (card->log = fopen(value, "ae")) != NULL;
        if (strcmp(key, "bars") == 0)
                return parse_bars(card, value);
        if (strcmp(key, "subsystem") == 0)
                return parse_subsystem(card, value);
        if (strcmp(key, "dsn") == 0)
                return parse_serial(card, value);
        if (strcmp(key, "delay") == 0)
                return parse_delay(card, value);
        return parse_number(card, key, value);
}

static void add_header(struct card *card)
{
        put16(card, PCI_STATUS, PCI_STATUS_CAP_LIST);
        card->config[PCI_CAPABILITY_LIST] = PM_AT;
        card->config[PCI_INTERRUPT_PIN] = card->has_pin;
        put16(card, PCI_COMMAND, 0);
        card->writable[PCI_COMMAND] = 0xff;
        card->writable[PCI_COMMAND + 1] = 0x07;
        card->writable[PCI_CACHE_LINE_SIZE] = 0xff;
        card->writable[PCI_INTERRUPT_LINE] = 0xff;
}

static void add_power_management(struct card *card)
{
        card->config[PM_AT] = PCI_CAP_ID_PM;
        card->config[PM_AT + 1] = card->has_msi ? MSI_AT : EXP_AT;
        put16(card, PM_AT + PCI_PM_PMC, 3);
        put16(card, PM_AT + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
        card->writable[PM_AT + PCI_PM_CTRL] = PCI_PM_CTRL_STATE_MASK;
}

static void add_msi(struct card *card)
{
        if (!card->has_msi)
                return;
        card->config[MSI_AT] = PCI_CAP_ID_MSI;
        card->config[MSI_AT + 1] = EXP_AT;
        put16(card, MSI_AT + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT);
        card->writable[MSI_AT + PCI_MSI_FLAGS] = PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE;
        memset(card->writable + MSI_AT + PCI_MSI_ADDRESS_LO, 0xff, 10);
}

static void add_express(struct card *card)
{
        bool flr = card->writable[EXP_AT + PCI_EXP_DEVCTL + 1] != 0;

        card->config[EXP_AT] = PCI_CAP_ID_EXP;
        put16(card, EXP_AT + PCI_EXP_FLAGS, 2); /* version 2, endpoint */
        put32(card, EXP_AT + PCI_EXP_DEVCAP,
                PCI_EXP_DEVCAP_RBER | 1 | (flr ? PCI_EXP_DEVCAP_FLR : 0));
        card->writable[EXP_AT + PCI_EXP_DEVCTL] = 0xff;
        card->writable[EXP_AT + PCI_EXP_DEVCTL + 1] |= 0x7f;
        put32(card, EXP_AT + PCI_EXP_LNKCAP, 0x00010103);
        put16(card, EXP_AT + PCI_EXP_LNKSTA, 0x1103);
        memset(card->writable + EXP_AT + PCI_EXP_LNKCTL, 0xff, 2);
}

int card_parse(const char *spec, struct card *card)
{
        char *copy = strdup(spec), *save = NULL;
        bool good = copy != NULL;

        for (char *item = good ? strtok_r(copy, ",", &save) : NULL; item && good;
                item = strtok_r(NULL, ",", &save)) {
                char *value = strchr(item, '=');

                if (value)
                        *value++ = '\0';
                good = value ? parse_pair(card, item, value) : parse_word(card, item);
                if (!good)
                        fprintf(stderr, "card-server: %s%s%s: not understood\n", item,
                                value ? "=" : "", value ? value : "");
        }
        free(copy);
        if (good && (!card->socket_path || !card->log)) {
                fprintf(stderr, "card-server: %s: socket= and log= are needed\n", spec);
                good = false;
        }
        if (!good)
                return -EINVAL;
        add_header(card);
        add_power_management(card);
        add_msi(card);
        add_express(card);
        return 0;
}
