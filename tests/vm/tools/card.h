/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A made-up PCI function: config space that behaves, BARs that hold nothing, and a log of what
 * drivers do to it. The log is what a boot test believes when it says that no driver touched the
 * card. */

enum {
        CARD_CONFIG_SIZE = 4096,
        CARD_BARS = 6,
        /* What one message may carry; said to the client, which keeps to it. */
        CARD_MAX_TRANSFER = 32768,
        CARD_MESSAGE_MAX = CARD_MAX_TRANSFER + 256,
};

struct card {
        char *socket_path;
        FILE *log;

        uint8_t config[CARD_CONFIG_SIZE];
        uint8_t writable[CARD_CONFIG_SIZE]; /* mask of the bits that a driver may change */
        uint64_t bar_size[CARD_BARS];
        bool has_pin;
        bool has_msi;
        bool dies;         /* falls off the bus once the kernel has found it */
        bool dead;         /* reads as ones, keeps nothing */
        uint32_t boot0;    /* first register of BAR 0: NVIDIA drivers read the chip's name there */
        unsigned delay_us; /* an access takes up to so long; 0: it takes no time */
        uint64_t delay_state; /* which decides how long the next one takes */

        unsigned long bar_reads;
        unsigned long bar_writes;

        int listener;
        int client; /* -1: nobody */
        uint8_t message[CARD_MESSAGE_MAX];
        size_t message_used;
};

/* card-spec.c: KEY=VALUE,KEY,... into a card; says on stderr what is wrong and returns -EINVAL */
int card_parse(const char *spec, struct card *card);

/* card-space.c: what a driver can reach */
uint64_t card_region_size(const struct card *card, uint32_t region);
int card_read(
        struct card *card, uint32_t region, uint64_t offset, uint32_t size, uint8_t *ret_data);
int card_write(
        struct card *card, uint32_t region, uint64_t offset, uint32_t size, const uint8_t *data);
void card_reset(struct card *card, const char *how);
void card_log(struct card *card, const char *format, ...) __attribute__((format(printf, 2, 3)));
void card_log_total(struct card *card);

/* card-protocol.c: vfio-user, one message at a time. Returns 0 while the client is there, a
 * negative errno when it is gone or talks nonsense. */
int card_receive(struct card *card);
