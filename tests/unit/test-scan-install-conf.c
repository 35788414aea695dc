/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-install-conf.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/tree.h"

/* A folder for which another one steps in. */
#define ETC   "etc/kernel/install.conf"
#define RUN   "run/kernel/install.conf"
#define LOCAL "usr/local/lib/kernel/install.conf"
#define USR   "usr/lib/kernel/install.conf"

static const struct {
        const char *files[4]; /* "PATH=TEXT", or "PATH -> TARGET" */
        bool uki;
} trees[] = {
        {{NULL}, false},
        /* the file itself, in the first folder that has it */
        {{ETC "=layout=uki\n"}, true},
        {{RUN "=layout=uki\n"}, true},
        {{LOCAL "=layout=uki\n"}, true},
        {{USR "=layout=uki\n"}, true},
        {{ETC "=", USR "=layout=uki"}, false},
        {{ETC "=layout=bls", RUN "=layout=uki"}, false},
        {{RUN "=layout=bls", LOCAL "=layout=uki"}, false},
        {{LOCAL "=layout=bls", USR "=layout=uki"}, false},
        {{ETC " -> /dev/null", USR "=layout=uki"},
                true /* no /dev here: as if it were not there */},
        /* assignments */
        {{USR "=# layout=uki\nlayout=bls\n"}, false},
        {{ETC "=layout=bls\nlayout=\"uki\"\n"}, true},
        {{ETC "=layout='uki'"}, true},
        {{ETC "=layout=uki\nlayout=bls"}, false},
        {{ETC "=layout=uki\nlayout="}, false},
        {{ETC "= layout = uki"}, true},
        {{ETC "=layout=ukify"}, false},
        {{ETC "=layouts=uki"}, false},
        {{ETC "=layout uki"}, false},
        /* drop-ins: after the file, and whether there is one or not */
        {{ETC ".d/a.conf=layout=uki"}, true},
        {{RUN ".d/a.conf=layout=uki"}, true},
        {{LOCAL ".d/a.conf=layout=uki"}, true},
        {{USR ".d/a.conf=layout=uki"}, true},
        {{ETC "=layout=bls", USR ".d/a.conf=layout=uki"}, true},
        {{ETC "=layout=uki", USR ".d/a.conf=layout=bls"}, false},
        {{ETC "=layout=uki", USR ".d/a.conf=# nothing"}, true},
        {{ETC "=layout=uki", USR ".d/a.conf=layout="}, false},
        /* by name, wherever they are */
        {{ETC ".d/b.conf=layout=bls", USR ".d/a.conf=layout=uki"}, false},
        {{ETC ".d/a.conf=layout=bls", USR ".d/b.conf=layout=uki"}, true},
        {{USR ".d/c.conf=layout=uki", USR ".d/b.conf=layout=bls", USR ".d/a.conf=layout=bls"},
                true},
        /* one of the same name takes the place of those behind it, also where it says nothing */
        {{ETC ".d/a.conf=layout=bls", USR ".d/a.conf=layout=uki"}, false},
        {{ETC ".d/a.conf=", RUN ".d/a.conf=layout=uki"}, false},
        {{ETC ".d/a.conf -> /dev/null", USR ".d/a.conf=layout=uki"}, false},
        {{RUN ".d/a.conf=layout=uki", LOCAL ".d/a.conf=layout=bls"}, true},
        /* what is none */
        {{USR ".d/a.conf.bak=layout=uki", USR ".d/.a.conf=layout=uki", USR ".d/.conf=layout=uki"},
                false},
};

static void add_file(Tree *tree, const char *file)
{
        const char *arrow = strstr(file, " -> ");
        char path[128] = "";
        size_t n = arrow ? (size_t)(arrow - file) : strcspn(file, "=");

        snprintf(path, sizeof(path), "%.*s", (int)n, file);
        if (arrow)
                tree_link(tree, path, arrow + strlen(" -> "));
        else
                tree_set(tree, path, file + n + 1);
}

Test(scan_install_conf, precedence)
{
        for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                for (size_t k = 0; trees[i].files[k]; k++)
                        add_file(tree, trees[i].files[k]);
                _cleanup_(root_done) Root root = tree_root(tree);
                cr_expect_eq(scan_install_conf_is_uki(&root), trees[i].uki, "tree %zu: %s", i,
                        trees[i].files[0]);
        }
}

Test(scan_install_conf, what_is_too_long_says_nothing)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_free_ char *text = malloc(300 * 1000 + 1);

        memset(text, '\n', 300 * 1000);
        text[300 * 1000] = '\0';
        memcpy(text, "layout=uki", strlen("layout=uki"));
        tree_set(tree, ETC, text);
        _cleanup_(root_done) Root root = tree_root(tree);
        cr_expect_not(scan_install_conf_is_uki(&root));
}
