/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* card-server CARD...: shows made-up PCI functions to QEMU's vfio-user-pci, a UNIX socket each.
 *
 * CARD is
 * socket=PATH,log=PATH,vendor=10de,device=1eb8,class=030200[,subsystem=10de:12a2][,revision=a1]
 * [,bars=32:16M/64p:256M][,flr][,msi][,pin][,dsn=HEX][,boot0=HEX][,multifunction][,dies]
 * [,delay=US:SEED]. Says "ready" when QEMU can connect, and ends by SIGTERM. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "card.h"

enum { MAX_CARDS = 32 };

static volatile sig_atomic_t stopped;

static void on_signal(int signo)
{
        (void)signo;
        stopped = 1;
}

static int listen_at(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd;

        if (strlen(path) >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        unlink(path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0) {
                int r = -errno;

                close(fd);
                return r;
        }
        return fd;
}

static struct card *card_new(const char *spec)
{
        struct card *card = calloc(1, sizeof *card);

        if (!card || card_parse(spec, card) < 0)
                return NULL;
        card->client = -1;
        card->listener = listen_at(card->socket_path);
        if (card->listener < 0) {
                fprintf(stderr, "card-server: %s: %s\n", card->socket_path,
                        strerror(-card->listener));
                return NULL;
        }
        return card;
}

static void drop_client(struct card *card)
{
        if (card->client < 0)
                return;
        close(card->client);
        card->client = -1;
        card->message_used = 0;
        card_log_total(card);
}

/* A card serves one machine after another: its counters tell of all of them. */
static void serve(struct card *card)
{
        if (card->client < 0) {
                card->client = accept4(card->listener, NULL, NULL, SOCK_CLOEXEC);
                if (card->client >= 0)
                        card_log(card, "client");
        } else if (card_receive(card) < 0)
                drop_client(card);
}

static void loop(struct card **cards, nfds_t n)
{
        struct pollfd fds[MAX_CARDS];

        while (!stopped) {
                for (nfds_t i = 0; i < n; i++)
                        fds[i] = (struct pollfd){
                                .fd = cards[i]->client < 0 ? cards[i]->listener : cards[i]->client,
                                .events = POLLIN,
                        };
                if (poll(fds, n, -1) < 0)
                        continue;
                for (nfds_t i = 0; i < n; i++)
                        if (fds[i].revents)
                                serve(cards[i]);
        }
}

int main(int argc, char **argv)
{
        /* No SA_RESTART: the signal has to end poll(). */
        struct sigaction stop = {.sa_handler = on_signal};
        struct card *cards[MAX_CARDS];
        nfds_t n = 0;

        if (argc < 2 || argc - 1 > MAX_CARDS) {
                fprintf(stderr, "usage: card-server CARD... (1 to %d)\n", MAX_CARDS);
                return 2;
        }
        sigaction(SIGTERM, &stop, NULL);
        sigaction(SIGINT, &stop, NULL);
        for (int i = 1; i < argc; i++)
                if (!(cards[n++] = card_new(argv[i])))
                        return 1;
        puts("ready");
        fflush(stdout);
        loop(cards, n);
        for (nfds_t i = 0; i < n; i++)
                drop_client(cards[i]);
        return 0;
}
