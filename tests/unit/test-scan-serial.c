/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-serial.h"

#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "test-scan.h"

#define NUMBER    0x0011223344556677
#define CONFIG    GPU "config"
#define ATTRIBUTE GPU "serial_number"

typedef struct Card {
        Tree *tree;
        Root root;
        Host *host;
} Card;

static Card new_card(const char *serial)
{
        Card card = {.tree = tree_new()};
        TreeFunction function = gpu;

        function.driver = "nouveau"; /* which may have put it to sleep */
        function.serial = serial;
        tree_add_function(card.tree, &function);
        card.root = tree_root(card.tree);
        card.host = scan(card.tree, 0);
        return card;
}

static void card_done(Card *card)
{
        host_free(card->host);
        root_done(&card->root);
        tree_free(card->tree);
}

#define CARD(name, serial) _cleanup_(card_done) Card name = new_card(serial)

static Serial serial_of(Card *card)
{
        const bool wanted[] = {true};

        cr_assert_eq(scan_serials(&card->root, card->host, wanted), 0);
        return card->host->functions[0].serial;
}

static void expect_number(Card *card, uint64_t number)
{
        Serial serial = serial_of(card);

        cr_assert_eq(serial.state, SERIAL_KNOWN, "%s", serial.trouble);
        cr_assert_eq(serial.number, number, "%lx", serial.number);
}

static void expect_trouble(Card *card, const char *trouble)
{
        Serial serial = serial_of(card);

        cr_assert_eq(serial.state, SERIAL_UNKNOWN);
        cr_assert_str_eq(serial.trouble, trouble);
}

Test(scan_serial, in_the_list_of_capabilities)
{
        CARD(card, "00-11-22-33-44-55-66-77");

        cr_assert_eq(card.host->functions[0].serial.state, SERIAL_UNREAD);
        expect_number(&card, NUMBER);
}

Test(scan_serial, none)
{
        CARD(card, "none");

        cr_assert_eq(serial_of(&card).state, SERIAL_NONE);
        tree_set_bytes(card.tree, CONFIG, (unsigned char[256]){0}, 256);
        cr_assert_eq(serial_of(&card).state, SERIAL_NONE, "conventional PCI");
}

Test(scan_serial, numbers_that_are_none)
{
        CARD(zeros, "0000000000000000");
        CARD(ones, "ffffffffffffffff");

        cr_assert_eq(serial_of(&zeros).state, SERIAL_NONE);
        cr_assert_eq(serial_of(&ones).state, SERIAL_NONE);
}

/* Who lacks the capability sees 64 bytes. */
Test(scan_serial, without_the_right)
{
        CARD(card, NULL);

        expect_trouble(&card, "only root may read it");
}

Test(scan_serial, without_the_file)
{
        CARD(card, "none");

        tree_remove(card.tree, CONFIG);
        expect_trouble(&card, "No such file or directory");
}

/* At 0x100 and on: a list that a broken card may show. */
Test(scan_serial, garbled_lists)
{
        static const struct {
                uint32_t headers[4]; /* at 0x100, 0x104, ... */
                size_t size;         /* of the file, when not all of it */
                const char *trouble; /* NULL: it is read as having none */
        } lists[] = {
                {{0xffffffff}, 0, "the card does not answer"},
                {{0x10010001, 0}, 0, "its list of capabilities is garbled"}, /* to itself */
                {{0x10410001, 0x10010001}, 0, "its list of capabilities is garbled"},
                {{0x10410001, 0xffffffff}, 0, "the card does not answer"},
                {{0x00010003}, 0x104, "its list of capabilities is garbled"},
                {{0x00010003}, 0x10a, "its list of capabilities is garbled"},
                {{0x20010001}, 0x180, "its list of capabilities is garbled"},
                {{0}, 0x102, "its list of capabilities is garbled"},
                {{0x0fc10001}, 0, NULL}, /* into the conventional part */
                {{0x00010001}, 0, NULL},
                {{0xffc10001}, 0, NULL},             /* to the last word, which says nothing */
                {{0x10710001, 0x00010003}, 0, NULL}, /* to the middle of a word: the lower bits are
                                                        reserved */
        };

        for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
                CARD(card, "none");
                unsigned char config[4096] = {0};

                memcpy(config + 0x100, lists[i].headers, sizeof(lists[i].headers));
                tree_set_bytes(
                        card.tree, CONFIG, config, lists[i].size ? lists[i].size : sizeof(config));
                if (lists[i].trouble)
                        expect_trouble(&card, lists[i].trouble);
                else
                        cr_assert_eq(serial_of(&card).state, SERIAL_NONE, "%zu", i);
        }
}

/* Kernels that have the attribute need no look at the card itself. */
Test(scan_serial, attribute_of_the_kernel_first)
{
        CARD(card, NULL);

        tree_set(card.tree, ATTRIBUTE, "00-11-22-33-44-55-66-77\n");
        expect_number(&card, NUMBER);
}

Test(scan_serial, attribute_that_says_nothing)
{
        static const char *const texts[] = {"", "\n", "00-11\n", "00-11-22-33-44-55-66-77-88\n"};

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                CARD(card, "fe-dc-ba-98-76-54-32-10");

                tree_set(card.tree, ATTRIBUTE, texts[i]);
                expect_number(&card, 0xfedcba9876543210);
        }
}

/* A FIFO without a writer stands for a card that does not wake up. */
Test(scan_serial, a_card_that_does_not_answer)
{
        CARD(card, "none");
        _cleanup_free_ char *path = tree_path(card.tree, CONFIG);
        const int64_t start = clock_ms();

        tree_remove(card.tree, CONFIG);
        cr_assert_eq(mkfifo(path, 0600), 0);
        expect_trouble(&card, "the card did not answer in time");
        cr_assert_lt(clock_ms() - start, SCAN_SERIAL_MS + 2000);
}

/* What nobody wants is not opened. */
Test(scan_serial, only_where_it_is_wanted)
{
        CARD(card, "00-11-22-33-44-55-66-77");
        _cleanup_free_ char *path = tree_path(card.tree, CONFIG);
        _cleanup_close_ int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        char event[4096];

        cr_assert_geq(inotify_add_watch(fd, path, IN_OPEN), 0);

        _cleanup_(host_freep) Host *host = scan(card.tree, SCAN_NAMES);
        cr_assert_eq(scan_serials(&card.root, card.host, (const bool[]){false}), 0);
        cr_assert_eq(card.host->functions[0].serial.state, SERIAL_UNREAD);
        cr_assert_eq(read(fd, event, sizeof(event)), -1);
        cr_assert_eq(errno, EAGAIN);
        expect_number(&card, NUMBER);
        cr_assert_gt(read(fd, event, sizeof(event)), 0, "otherwise this proves nothing");
}

Test(scan_serial, nothing_wanted_of_nothing)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(scan_serials(&root, host, NULL), 0);
}

Test(scan_serial, each_its_own)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        TreeFunction card = gpu;
        char address[] = "0000:00:00.0", serial[] = "00-00-00-00-00-00-00-00";
        bool wanted[8];

        card.address = address;
        card.serial = serial;
        for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++) {
                address[6] = serial[22] = (char)('1' + i);
                wanted[i] = i != 3;
                tree_add_function(tree, &card);
        }

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(scan_serials(&root, host, wanted), 0);
        for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++) {
                Serial found = host->functions[i].serial;

                cr_assert_eq(found.state, i != 3 ? SERIAL_KNOWN : SERIAL_UNREAD, "%u", i);
                cr_assert_eq(found.number, i != 3 ? i + 1 : 0);
        }
}
