/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-card.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "host/worker.h"

/* PCI Express Base Specification, extended capabilities: they begin behind the 256 bytes of
 * conventional PCI. A header says what it is, and in its upper 12 bits where the next one stands;
 * that of the serial number is followed by the lower and the upper half. */
#define HEADER_SIZE        64
#define EXTENDED_START     256
#define EXTENDED_MAX       ((4096 - EXTENDED_START) / 8) /* capabilities, all of the smallest size */
#define CAPABILITY_SERIAL  0x0003
#define CAPABILITY_ID(x)   ((x)&0xffff)
#define CAPABILITY_NEXT(x) ((x) >> 20 & 0xffc)

static int read_register(int fd, unsigned at, uint32_t *ret)
{
        uint32_t value = 0;
        ssize_t n = pread(fd, &value, sizeof(value), at);

        if (n < 0)
                return -errno;
        if (n != sizeof(value))
                return n == 0 ? -ENODATA : -EBADMSG;
        *ret = le32toh(value);
        return 0;
}

static int read_number(int fd, unsigned at, uint64_t *ret)
{
        uint32_t low = 0, high = 0;
        int r = read_register(fd, at + 4, &low);

        if (r == 0)
                r = read_register(fd, at + 8, &high);
        if (r < 0)
                return r;
        *ret = (uint64_t)high << 32 | low;
        return 0;
}

/* A card that is gone, or does not wake up, reads as all ones. A list may go round in circles. */
static int walk_capabilities(int fd, uint64_t *ret)
{
        unsigned at = EXTENDED_START;

        for (unsigned i = 0; i < EXTENDED_MAX; i++) {
                uint32_t header = 0;
                int r = read_register(fd, at, &header);

                if (r < 0)
                        return r;
                if (header == UINT32_MAX)
                        return -EIO;
                if (CAPABILITY_ID(header) == CAPABILITY_SERIAL)
                        return read_number(fd, at, ret);
                at = CAPABILITY_NEXT(header);
                if (at < EXTENDED_START) {
                        *ret = 0;
                        return 0;
                }
        }
        return -EBADMSG;
}

/* Whoever opens the file without CAP_SYS_ADMIN sees the header and no more
 * (drivers/pci/pci-sysfs.c, pci_read_config()); a card without extended capabilities, the
 * conventional part. */
static int read_config(int fd, uint64_t *ret)
{
        uint32_t unused = 0;
        int r = read_register(fd, EXTENDED_START, &unused);

        if (r == 0)
                return walk_capabilities(fd, ret);
        if (r != -ENODATA)
                return r;
        if (read_register(fd, HEADER_SIZE, &unused) < 0)
                return -EACCES;
        *ret = 0;
        return 0;
}

/* Kernel 6.19 and later (Documentation/ABI/testing/sysfs-bus-pci): it neither takes a capability
 * nor wakes the card, and so may know nothing. */
static bool read_attribute(const Root *root, const char *device, uint64_t *ret)
{
        _cleanup_free_ char *text = NULL;
        char path[128];

        snprintf(path, sizeof(path), "%s/serial_number", device);
        return root_read(root, path, 64, &text) == 0 && pci_serial_parse(text, ret) == 0;
}

/* In the order in which a worker asks: what does not answer has no serial number to tell. */
enum {
        ASK_ANSWER,
        ASK_SERIAL,
        _ASK_MAX,
};

/* Of the question about function `i`: the step of a worker, and where its outcome stands. */
#define STEP_OF(i, question) ((i)*_ASK_MAX + (question))

typedef struct Reader {
        const Root *root;
        const Function *functions;
        uint64_t *numbers; /* one for each function, shared with the workers; 0: none */
} Reader;

#define DEVICE_SIZE (sizeof("sys/bus/pci/devices/") + PCI_ADDRESS_SIZE)

static int open_config(const Root *root, const char *device)
{
        char path[DEVICE_SIZE + sizeof("/config")];

        snprintf(path, sizeof(path), "%s/config", device);
        return root_open_file(root, path, O_RDONLY | O_NOCTTY);
}

/*
 * All that is read of a card which has lost its power or its firmware is ones; the kernel shows
 * what it once found, and binds it to anything. A file that cannot be read says nothing about the
 * card. Returns 0 or -ENODEV, which nothing else here does.
 */
static int ask_answer(const Root *root, const char *device)
{
        _cleanup_close_ int fd = open_config(root, device);
        uint32_t ids = 0;

        if (fd >= 0 && read_register(fd, 0, &ids) == 0 && ids == UINT32_MAX)
                return -ENODEV;
        return 0;
}

static int ask_serial(const Root *root, const char *device, uint64_t *ret)
{
        _cleanup_close_ int fd = -EBADF;

        if (read_attribute(root, device, ret))
                return 0;
        fd = open_config(root, device);
        return fd < 0 ? fd : read_config(fd, ret);
}

/* In a worker. */
static int ask(void *context, size_t step)
{
        const Reader *reader = context;
        const size_t i = step / _ASK_MAX;
        char device[DEVICE_SIZE];

        snprintf(device, sizeof(device), "sys/bus/pci/devices/%s",
                PCI_ADDRESS(reader->functions[i].address));
        if (step == STEP_OF(i, ASK_ANSWER))
                return ask_answer(reader->root, device);
        return ask_serial(reader->root, device, &reader->numbers[i]);
}

static const char *trouble_text(const StepOutcome *outcome)
{
        if (outcome->state == STEP_TIMED_OUT)
                return "the card did not answer in time";
        switch (outcome->error) {
        case EACCES:
        case EPERM:
                return "only root may read it";
        case EIO:
        case ENODEV:
                return "the card does not answer";
        case EBADMSG:
        case ENODATA:
                return "its list of capabilities is garbled";
        default:
                return strerror(outcome->error);
        }
}

/* No maker gives out all zeros or all ones; the kernel takes the former for none, too. */
static Serial make_serial(Arena *arena, const StepOutcome *outcome, uint64_t number)
{
        if (outcome->state != STEP_DONE)
                return (Serial){.state = SERIAL_UNKNOWN,
                        .trouble = arena_strdup(arena, trouble_text(outcome))};
        if (number == 0 || number == UINT64_MAX)
                return (Serial){.state = SERIAL_NONE};
        return (Serial){.state = SERIAL_KNOWN, .number = number};
}

/* A worker that could not run at all says nothing about the card. */
static const char *silence_text(const StepOutcome *outcome)
{
        if (outcome->state == STEP_TIMED_OUT)
                return "it does not answer in time";
        if (outcome->state == STEP_FAILED && outcome->error == ENODEV)
                return "it does not answer: its configuration space reads as ones";
        return NULL;
}

/* It stays what it is: an entry that means it must not be satisfied by the others. */
static void mark_silent(Host *host, Function *f, const char *why)
{
        f->silent = why;
        host_add_warning(host,
                arena_printf(host->arena, "%s is left alone: %s", PCI_ADDRESS(f->address), why));
}

static void conclude(Host *host, Function *f, unsigned wanted,
        const StepOutcome outcomes[static _ASK_MAX], uint64_t number)
{
        const StepOutcome *last = &outcomes[ASK_SERIAL];

        if (wanted & SCAN_CARD_ANSWER) {
                const char *silence = silence_text(&outcomes[ASK_ANSWER]);

                f->asked = true;
                if (silence)
                        mark_silent(host, f, silence);
                if (outcomes[ASK_ANSWER].state != STEP_DONE)
                        last = &outcomes[ASK_ANSWER];
        }
        if (wanted & SCAN_CARD_SERIAL)
                f->serial = make_serial(host->arena, last, number);
}

static WorkerTask make_task(size_t i, unsigned wanted, size_t steps[static _ASK_MAX])
{
        size_t n = 0;

        if (wanted & SCAN_CARD_ANSWER)
                steps[n++] = STEP_OF(i, ASK_ANSWER);
        if (wanted & SCAN_CARD_SERIAL)
                steps[n++] = STEP_OF(i, ASK_SERIAL);
        return (WorkerTask){.steps = steps,
                .n_steps = n,
                .capabilities = wanted & SCAN_CARD_SERIAL ? SCAN_CARD_CAPABILITIES : 0};
}

static int ask_all(Reader *reader, Host *host, const unsigned *wanted)
{
        const WorkerLimits limits = {.step_ms = SCAN_CARD_MS, .total_ms = SCAN_CARD_MS};
        const size_t n = host->n_functions;
        _cleanup_free_ size_t *steps = calloc(n * _ASK_MAX, sizeof(size_t));
        _cleanup_free_ WorkerTask *tasks = calloc(n, sizeof(WorkerTask));
        _cleanup_free_ StepOutcome *outcomes = calloc(n * _ASK_MAX, sizeof(StepOutcome));

        if (!steps || !tasks || !outcomes)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                tasks[i] = make_task(i, wanted[i], &steps[STEP_OF(i, 0)]);

        int r = worker_run_all(tasks, n, ask, reader, &limits, outcomes);
        for (size_t i = 0; r == 0 && i < n; i++)
                conclude(host, &host->functions[i], wanted[i], &outcomes[STEP_OF(i, 0)],
                        reader->numbers[i]);
        return r;
}

static bool any(const unsigned *wanted, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (wanted[i])
                        return true;
        return false;
}

int scan_cards(const Root *root, Host *host, const unsigned *wanted)
{
        const size_t size = host->n_functions * sizeof(uint64_t);

        if (!any(wanted, host->n_functions))
                return 0;

        uint64_t *numbers =
                mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (numbers == MAP_FAILED)
                return -ENOMEM;

        Reader reader = {.root = root, .functions = host->functions, .numbers = numbers};
        int r = ask_all(&reader, host, wanted);

        munmap(numbers, size);
        if (r < 0)
                return r;
        return arena_failed(host->arena) ? -ENOMEM : 0;
}

static void put(unsigned char *at, uint64_t value, unsigned bytes)
{
        for (unsigned i = 0; i < bytes; i++)
                at[i] = (unsigned char)(value >> (8 * i));
}

/* No capability at all, or that of the serial number alone; with the header alone, who asks for one
 * may not know. */
static size_t retold_size(const Function *f)
{
        switch (f->serial.state) {
        case SERIAL_KNOWN:
                return EXTENDED_START + sizeof(uint32_t) + sizeof(f->serial.number);
        case SERIAL_NONE:
                return EXTENDED_START + sizeof(uint32_t);
        default:
                return HEADER_SIZE;
        }
}

const void *scan_card_retell(const Function *f, Arena *arena, size_t *ret_size)
{
        const size_t size = retold_size(f);
        unsigned char *space = NULL;

        if (!f->silent && f->serial.state == SERIAL_UNREAD)
                return NULL;
        space = arena_alloc(arena, size);
        if (!space)
                return NULL;
        *ret_size = size;
        if (f->silent)
                return memset(space, 0xff, size);
        put(space, f->id.vendor, 2);
        put(space + 2, f->id.device, 2);
        if (size > EXTENDED_START + sizeof(uint32_t)) {
                put(space + EXTENDED_START, CAPABILITY_SERIAL | 1 << 16, 4);
                put(space + EXTENDED_START + 4, f->serial.number, 8);
        }
        return space;
}
