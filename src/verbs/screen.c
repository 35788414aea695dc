/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/screen.h"

#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>

#include "verbs/say.h"

#define WIDTH_DEFAULT 80 /* a serial line knows no size */
#define WIDTH_MIN     40

static unsigned width_of(int fd)
{
        struct winsize size = {0};
        const char *columns = getenv("COLUMNS");
        unsigned long width = 0;

        if (ioctl(fd, TIOCGWINSZ, &size) == 0)
                width = size.ws_col;
        if (width == 0 && columns)
                width = strtoul(columns, NULL, 10);
        if (width == 0 || width > 10000)
                width = WIDTH_DEFAULT;
        return width < WIDTH_MIN ? WIDTH_MIN : (unsigned)width;
}

/* https://no-color.org/: set to anything, they are not wanted. */
static bool wants_colours(void)
{
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

        return !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

void screen_open(Screen *ret)
{
        *ret = (Screen){.terminal = isatty(STDOUT_FILENO) == 1};
        if (!ret->terminal)
                return;
        /* not before: nothing that is read must depend on it */
        (void)setlocale(LC_CTYPE, "");
        ret->look.width = width_of(STDOUT_FILENO);
        ret->look.colours = wants_colours();
}

const Look *screen_look(Screen *screen, bool say_so)
{
        if (!screen->terminal)
                return NULL;
        if (screen->look.library)
                return &screen->look;
        if (table_library_load(&screen->library) < 0) {
                if (say_so)
                        say_error("there is no libsmartcols here, so this is no table: it comes in "
                                  "the package libsmartcols1 (Debian), libsmartcols (Fedora) or "
                                  "util-linux-libs (Arch)");
                return NULL;
        }
        screen->look.library = &screen->library;
        return &screen->look;
}
