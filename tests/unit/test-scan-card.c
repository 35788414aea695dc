/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-card.h"

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
        const unsigned wanted[] = {SCAN_CARD_SERIAL};

        cr_assert_eq(scan_cards(&card->root, card->host, wanted), 0);
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

Test(scan_card, in_the_list_of_capabilities)
{
        CARD(card, "00-11-22-33-44-55-66-77");

        cr_assert_eq(card.host->functions[0].serial.state, SERIAL_UNREAD);
        expect_number(&card, NUMBER);
}

Test(scan_card, none)
{
        CARD(card, "none");

        cr_assert_eq(serial_of(&card).state, SERIAL_NONE);
        tree_set_bytes(card.tree, CONFIG, (unsigned char[256]){0}, 256);
        cr_assert_eq(serial_of(&card).state, SERIAL_NONE, "conventional PCI");
}

Test(scan_card, numbers_that_are_none)
{
        CARD(zeros, "0000000000000000");
        CARD(ones, "ffffffffffffffff");

        cr_assert_eq(serial_of(&zeros).state, SERIAL_NONE);
        cr_assert_eq(serial_of(&ones).state, SERIAL_NONE);
}

/* Who lacks the capability sees 64 bytes. */
Test(scan_card, without_the_right)
{
        CARD(card, NULL);

        expect_trouble(&card, "only root may read it");
}

Test(scan_card, without_the_file)
{
        CARD(card, "none");

        tree_remove(card.tree, CONFIG);
        expect_trouble(&card, "No such file or directory");
}

/* At 0x100 and on: a list that a broken card may show. */
Test(scan_card, garbled_lists)
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
Test(scan_card, attribute_of_the_kernel_first)
{
        CARD(card, NULL);

        tree_set(card.tree, ATTRIBUTE, "00-11-22-33-44-55-66-77\n");
        expect_number(&card, NUMBER);
}

Test(scan_card, attribute_that_says_nothing)
{
        static const char *const texts[] = {"", "\n", "00-11\n", "00-11-22-33-44-55-66-77-88\n"};

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                CARD(card, "fe-dc-ba-98-76-54-32-10");

                tree_set(card.tree, ATTRIBUTE, texts[i]);
                expect_number(&card, 0xfedcba9876543210);
        }
}

/* A FIFO without a writer stands for a card that does not wake up. */
static void put_to_sleep(Tree *tree, const char *config)
{
        _cleanup_free_ char *path = tree_path(tree, config);

        tree_remove(tree, config);
        cr_assert_eq(mkfifo(path, 0600), 0);
}

Test(scan_card, a_serial_number_that_does_not_come)
{
        CARD(card, "none");
        const int64_t start = clock_ms();

        put_to_sleep(card.tree, CONFIG);
        expect_trouble(&card, "the card did not answer in time");
        cr_assert_lt(clock_ms() - start, SCAN_CARD_MS + 2000);
        cr_assert_null(card.host->functions[0].silent, "a driver has it");
}

/* What nobody wants is not opened: not by the scan, and not for the sake of another card. */
Test(scan_card, only_what_is_wanted)
{
        static const struct {
                unsigned wanted;
                bool opened;
        } rows[] = {{0, false}, {SCAN_CARD_ANSWER, true}, {SCAN_CARD_SERIAL, true}};

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_(root_done) Root root = tree_root(tree);
                _cleanup_close_ int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
                TreeFunction other = gpu;
                char event[4096];

                other.address = "0000:02:00.0";
                tree_add_function(tree, &gpu);
                tree_add_function(tree, &other);

                _cleanup_free_ char *path = tree_path(tree, CONFIG);
                cr_assert_geq(inotify_add_watch(fd, path, IN_OPEN), 0);

                _cleanup_(host_freep) Host *host = scan(tree, SCAN_NAMES);
                const unsigned wanted[] = {rows[i].wanted, SCAN_CARD_ANSWER | SCAN_CARD_SERIAL};

                cr_assert_eq(scan_cards(&root, host, wanted), 0);
                cr_expect_eq(read(fd, event, sizeof(event)) > 0, rows[i].opened, "%zu", i);
                cr_expect_eq(host->functions[0].asked, rows[i].wanted == SCAN_CARD_ANSWER);
                cr_expect_eq(host->functions[0].serial.state != SERIAL_UNREAD,
                        rows[i].wanted == SCAN_CARD_SERIAL);
                cr_expect(host->functions[1].asked);
        }
}

#define ONES "it does not answer: its configuration space reads as ones"

/* A card that fell off the bus, as the kernel shows it; and what must not be taken for one. */
Test(scan_card, whether_it_answers)
{
        static const unsigned char ones[64] = {[0 ... 63] = 0xff};
        static const unsigned char ids[64] = {0x4c, 0x10, 0xb1, 0x26, 0xff, 0xff, 0xff, 0xff};
        static const struct {
                const void *config;
                size_t size;
                const char *trouble;
        } rows[] = {{ones, 64, ONES}, {ones, 4, ONES}, {ones, 3, ""}, {ones, 0, ""}, {ids, 64, ""}};

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                CARD(card, "00-11-22-33-44-55-66-77");
                const unsigned wanted[] = {SCAN_CARD_ANSWER};

                tree_set_bytes(card.tree, CONFIG, rows[i].config, rows[i].size);
                const Function *f = &card.host->functions[0];

                cr_assert_null(f->silent, "the scan asks none");
                cr_assert_eq(scan_cards(&card.root, card.host, wanted), 0);
                cr_expect_str_eq(f->silent ? f->silent : "", rows[i].trouble, "%zu", i);
                cr_expect_null(f->unreadable, "%zu: what it is is known", i);
                cr_expect_eq(warned_of(card.host, "0000:01:00.0 is left alone: it does not answer"),
                        *rows[i].trouble != '\0', "%zu", i);
        }
}

Test(scan_card, without_a_file_it_is_no_worse)
{
        CARD(card, NULL);

        tree_remove(card.tree, CONFIG);
        cr_assert_eq(scan_cards(&card.root, card.host, (const unsigned[]){SCAN_CARD_ANSWER}), 0);
        cr_expect_null(card.host->functions[0].silent);
}

Test(scan_card, nothing_wanted_of_nothing)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(scan_cards(&root, host, NULL), 0);
}

/* At these places among eight equal cards. */
enum {
        UNWANTED = 3,
        DEAD = 4,
        ASLEEP = 5,
        ASLEEP_TOO = 6,
        N_CARDS = 8,
};

#define CARD_AT(i) DEVICES "0000:0" #i ":00.0/config"

static Tree *eight_cards(void)
{
        Tree *tree = tree_new();
        TreeFunction card = gpu;
        char address[] = "0000:00:00.0", serial[] = "00-00-00-00-00-00-00-00";

        card.address = address;
        card.serial = serial;
        for (unsigned i = 0; i < N_CARDS; i++) {
                address[6] = serial[22] = (char)('0' + i);
                serial[21] = '1';
                tree_add_function(tree, &card);
        }
        tree_set_bytes(tree, CARD_AT(4), "\xff\xff\xff\xff", 4);
        put_to_sleep(tree, CARD_AT(5));
        put_to_sleep(tree, CARD_AT(6));
        return tree;
}

static void expect_serial(const Serial *serial, unsigned i)
{
        static const SerialState states[N_CARDS] = {
                SERIAL_KNOWN,
                SERIAL_KNOWN,
                SERIAL_KNOWN,
                [UNWANTED] = SERIAL_UNREAD,
                [DEAD] = SERIAL_UNKNOWN,
                [ASLEEP] = SERIAL_UNKNOWN,
                [ASLEEP_TOO] = SERIAL_UNKNOWN,
                SERIAL_KNOWN,
        };

        cr_expect_eq(serial->state, states[i], "%u", i);
        cr_expect_eq(serial->number, states[i] == SERIAL_KNOWN ? 0x10 + i : 0, "%u", i);
}

/* Two that hang hold up none of the others, nor each other. */
Test(scan_card, side_by_side)
{
        static const char *const troubles[N_CARDS] = {
                [DEAD] = ONES,
                [ASLEEP] = "it does not answer in time",
                [ASLEEP_TOO] = "it does not answer in time",
        };
        _cleanup_(tree_freep) Tree *tree = eight_cards();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(host_freep) Host *host = scan(tree, 0);
        const int64_t start = clock_ms();
        unsigned wanted[N_CARDS];

        for (unsigned i = 0; i < N_CARDS; i++)
                wanted[i] = i == UNWANTED ? 0 : SCAN_CARD_ANSWER | SCAN_CARD_SERIAL;
        cr_assert_eq(scan_cards(&root, host, wanted), 0);
        cr_assert_lt(clock_ms() - start, 2 * SCAN_CARD_MS);
        for (unsigned i = 0; i < N_CARDS; i++) {
                const Function *f = &host->functions[i];

                cr_expect_str_eq(
                        f->silent ? f->silent : "", troubles[i] ? troubles[i] : "", "%u", i);
                expect_serial(&f->serial, i);
        }
        cr_expect_str_eq(host->functions[DEAD].serial.trouble, "the card does not answer");
        cr_expect(warned_of(host, "0000:05:00.0 is left alone: it does not answer in time"));
}
