/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "card.h"

/* vfio-user, protocol 0.x: QEMU's docs/interop/vfio-user.rst. The client (QEMU) asks, this side
 * answers; it asks for nothing itself, since the cards make no DMA and raise no interrupts. */

enum command {
        VERSION = 1,
        DMA_MAP,
        DMA_UNMAP,
        GET_INFO,
        GET_REGION_INFO,
        GET_REGION_FDS,
        GET_IRQ_INFO,
        SET_IRQS,
        REGION_READ,
        REGION_WRITE,
        RESET = 13,
};

enum {
        FLAG_REPLY = 1 << 0,
        FLAG_NO_REPLY = 1 << 4,
        FLAG_ERROR = 1 << 5,
        MAX_FDS = 8,
};

struct header {
        uint16_t id;
        uint16_t command;
        uint32_t size;
        uint32_t flags;
        uint32_t error;
};

struct version {
        uint16_t major;
        uint16_t minor;
};

struct access {
        uint64_t offset;
        uint32_t region;
        uint32_t size;
};

struct reply {
        struct header header;
        uint8_t payload[CARD_MESSAGE_MAX - sizeof(struct header)];
        size_t size;
};

static int answer_version(const uint8_t *ask, size_t size, struct reply *ret)
{
        static const char capabilities[] =
                "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":32768}}";

        if (size < sizeof(struct version))
                return -EINVAL;
        memcpy(ret->payload, ask, sizeof(struct version));
        memcpy(ret->payload + sizeof(struct version), capabilities, sizeof capabilities);
        ret->size = sizeof(struct version) + sizeof capabilities;
        return 0;
}

static int answer_info(struct reply *ret)
{
        struct vfio_device_info info = {
                .argsz = 16,
                .flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
                .num_regions = VFIO_PCI_NUM_REGIONS,
                .num_irqs = VFIO_PCI_NUM_IRQS,
        };

        memcpy(ret->payload, &info, info.argsz);
        ret->size = info.argsz;
        return 0;
}

static int answer_region_info(
        const struct card *card, const uint8_t *ask, size_t size, struct reply *ret)
{
        struct vfio_region_info info;

        if (size < sizeof info)
                return -EINVAL;
        memcpy(&info, ask, sizeof info);
        info.argsz = sizeof info;
        info.cap_offset = 0;
        info.offset = 0;
        info.size = card_region_size(card, info.index);
        info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
        memcpy(ret->payload, &info, sizeof info);
        ret->size = sizeof info;
        return 0;
}

static int answer_irq_info(
        const struct card *card, const uint8_t *ask, size_t size, struct reply *ret)
{
        struct vfio_irq_info info;

        if (size < 16)
                return -EINVAL;
        memcpy(&info, ask, 16);
        info.argsz = 16;
        info.count = (info.index == VFIO_PCI_INTX_IRQ_INDEX && card->has_pin) ||
                     (info.index == VFIO_PCI_MSI_IRQ_INDEX && card->has_msi);
        info.flags = info.count ? VFIO_IRQ_INFO_EVENTFD : 0;
        memcpy(ret->payload, &info, 16);
        ret->size = 16;
        return 0;
}

static int answer_read(struct card *card, const uint8_t *ask, size_t size, struct reply *ret)
{
        struct access access;
        int r;

        if (size < sizeof access)
                return -EINVAL;
        memcpy(&access, ask, sizeof access);
        r = card_read(
                card, access.region, access.offset, access.size, ret->payload + sizeof access);
        if (r < 0)
                return r;
        memcpy(ret->payload, &access, sizeof access);
        ret->size = sizeof access + access.size;
        return 0;
}

static int answer_write(struct card *card, const uint8_t *ask, size_t size, struct reply *ret)
{
        struct access access;

        if (size < sizeof access)
                return -EINVAL;
        memcpy(&access, ask, sizeof access);
        if (access.size > size - sizeof access)
                return -EINVAL;
        memcpy(ret->payload, &access, sizeof access);
        ret->size = sizeof access;
        return card_write(card, access.region, access.offset, access.size, ask + sizeof access);
}

static int answer_echo(const uint8_t *ask, size_t size, struct reply *ret)
{
        memcpy(ret->payload, ask, size);
        ret->size = size;
        return 0;
}

/* As a card does that has other things to do; the same each time, for the same accesses
 * (xorshift64*). */
static void take_time(struct card *card)
{
        uint64_t *state = &card->delay_state, us;

        if (card->delay_us == 0)
                return;
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        us = (*state * UINT64_C(2685821657736338717) >> 32) % card->delay_us;
        (void)nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

static int answer(
        struct card *card, enum command command, const uint8_t *ask, size_t size, struct reply *ret)
{
        switch (command) {
        case VERSION:
                return answer_version(ask, size, ret);
        case DMA_MAP:
        case SET_IRQS:
                return 0;
        case DMA_UNMAP:
                return answer_echo(ask, size, ret);
        case GET_INFO:
                return answer_info(ret);
        case GET_REGION_INFO:
                return answer_region_info(card, ask, size, ret);
        case GET_IRQ_INFO:
                return answer_irq_info(card, ask, size, ret);
        case REGION_READ:
                take_time(card);
                return answer_read(card, ask, size, ret);
        case REGION_WRITE:
                take_time(card);
                return answer_write(card, ask, size, ret);
        case RESET:
                card_reset(card, "device");
                return 0;
        case GET_REGION_FDS:
                break;
        }
        return -EOPNOTSUPP;
}

static int send_all(int fd, const void *data, size_t size)
{
        const uint8_t *p = data;

        while (size > 0) {
                ssize_t n = send(fd, p, size, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                size -= (size_t)n;
        }
        return 0;
}

static int serve_message(struct card *card, const struct header *header)
{
        static struct reply reply; /* 32 KiB, used by one message at a time */
        int r;

        reply.size = 0;
        r = answer(card, header->command, card->message + sizeof *header,
                header->size - sizeof *header, &reply);
        if (r < 0) {
                card_log(card, "refused command=%u: %s", header->command, strerror(-r));
                reply.size = 0;
        }
        if (header->flags & FLAG_NO_REPLY)
                return 0;
        reply.header = (struct header){
                .id = header->id,
                .command = header->command,
                .size = (uint32_t)(sizeof reply.header + reply.size),
                .flags = FLAG_REPLY | (r < 0 ? FLAG_ERROR : 0),
                .error = (uint32_t)-r,
        };
        return send_all(card->client, &reply, reply.header.size);
}

/* Descriptors come with DMA_MAP (guest memory) and SET_IRQS (event descriptors): nothing here uses
 * them. */
static void close_descriptors(struct msghdr *msg)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
                        close(fd);
                }
        }
}

static int receive_some(struct card *card)
{
        union {
                struct cmsghdr align;
                char space[CMSG_SPACE(MAX_FDS * sizeof(int))];
        } control;
        struct iovec iov = {
                .iov_base = card->message + card->message_used,
                .iov_len = sizeof card->message - card->message_used,
        };
        struct msghdr msg = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof control,
        };
        ssize_t n = recvmsg(card->client, &msg, MSG_CMSG_CLOEXEC);

        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 0 : -errno;
        close_descriptors(&msg);
        if (n == 0)
                return -ECONNRESET;
        card->message_used += (size_t)n;
        return 0;
}

int card_receive(struct card *card)
{
        int r = receive_some(card);

        while (r == 0 && card->message_used >= sizeof(struct header)) {
                struct header header;

                memcpy(&header, card->message, sizeof header);
                if (header.size < sizeof header || header.size > sizeof card->message)
                        return -EPROTO;
                if (card->message_used < header.size)
                        break;
                r = serve_message(card, &header);
                card->message_used -= header.size;
                memmove(card->message, card->message + header.size, card->message_used);
        }
        return r;
}
