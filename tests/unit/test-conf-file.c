/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be a config file, and what is said of everything else. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "config/config.h"
#include "host/conf-file.h"
#include "lib/tree.h"

#define OTHER_USER  12345
#define MAX_SECONDS 0.050

static char folder[] = "/tmp/vfio-gpu-conf-file-XXXXXX";
static char path[64];

static void set_up(void)
{
        cr_assert_not_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/vfio-gpu.conf", folder);
}

static void tear_down(void)
{
        if (remove(path) < 0)
                cr_expect_eq(errno, ENOENT);
        cr_expect_eq(rmdir(folder), 0);
}

TestSuite(conf_file, .init = set_up, .fini = tear_down);

static void put(const char *text, size_t size, mode_t mode)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        cr_assert_geq(fd, 0);
        cr_assert_eq(write(fd, text, size), (ssize_t)size);
        cr_assert_eq(fchmod(fd, mode), 0);
}

/* Only root can make a file that is root's, or somebody else's. */
static bool is_root(void)
{
        return geteuid() == 0;
}

static double seconds_now(void)
{
        struct timespec now = {0};

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void expect_failure(const char *file, bool allow_own, int error, const char *reason)
{
        double best = 1e9;

        for (int i = 0; i < 3; i++) {
                _cleanup_free_ char *text = NULL, *said = NULL;
                size_t size = 77;
                double begin = seconds_now();
                cr_expect_eq(conf_file_read(NULL, file, allow_own, &text, &size, &said), error);
                double seconds = seconds_now() - begin;
                best = seconds < best ? seconds : best;
                cr_assert_not_null(said, "no reason, expected: %s", reason);
                cr_expect(strstr(said, reason), "\"%s\" lacks \"%s\"", said, reason);
                cr_expect_null(text, "text is set on failure");
                cr_expect_eq(size, 77, "size is set on failure");
        }
        cr_expect_lt(best, MAX_SECONDS, "%.3f s: %s", best, reason);
}

static void expect_text(const char *file, bool allow_own, const char *expected, size_t n)
{
        _cleanup_free_ char *text = NULL, *said = NULL;
        size_t size = 0;

        cr_assert_eq(conf_file_read(NULL, file, allow_own, &text, &size, &said), 0, "%s", said);
        cr_assert_eq(size, n);
        cr_expect_arr_eq(text, expected, n);
        cr_expect_eq(text[n], '\0');
        cr_expect_null(said, "a reason is set on success");
}

Test(conf_file, reads)
{
        put("gpus = ( );\n", 12, 0644);
        expect_text(path, true, "gpus = ( );\n", 12);
        if (is_root())
                expect_text(path, false, "gpus = ( );\n", 12);
}

/* The parser knows what an empty file lacks. */
Test(conf_file, empty_is_left_to_the_parser)
{
        put("", 0, 0600);
        expect_text(path, true, "", 0);
}

Test(conf_file, bytes_are_left_to_the_parser)
{
        put("a\0b\xff", 4, 0400);
        expect_text(path, true, "a\0b\xff", 4);
}

Test(conf_file, missing)
{
        expect_failure(path, true, -ENOENT, "does not exist: `vfio-gpu init` prints one");
        expect_failure("", true, -ENOENT, "does not exist");
}

Test(conf_file, below_a_file)
{
        char below[80] = "";

        put("", 0, 0600);
        snprintf(below, sizeof(below), "%s/x", path);
        expect_failure(below, true, -ENOTDIR, "cannot be opened: Not a directory");
}

Test(conf_file, directory)
{
        cr_assert_eq(mkdir(path, 0755), 0);
        expect_failure(path, true, -EISDIR, "is a directory: put a regular file here");
}

/* Nobody writes to it: to open it for reading would block. */
Test(conf_file, fifo)
{
        cr_assert_eq(mkfifo(path, 0600), 0);
        expect_failure(path, true, -EINVAL, "is a FIFO: put a regular file here");
}

Test(conf_file, socket)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        strcpy(address.sun_path, path);
        cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        expect_failure(path, true, -EINVAL, "is a socket or a device");
}

Test(conf_file, device)
{
        expect_failure("/dev/null", true, -EINVAL, "is a device: put a regular file here");
}

Test(conf_file, symlink)
{
        static const char *const targets[] = {
                "/etc/passwd", "/dev/zero", "nowhere", "vfio-gpu.conf"};

        for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
                cr_assert_eq(symlink(targets[i], path), 0);
                expect_failure(path, true, -ELOOP,
                        "is a symbolic link: put the file itself here, or name it");
                cr_assert_eq(unlink(path), 0);
        }
}

Test(conf_file, writable_by_others)
{
        static const struct {
                mode_t mode;
                const char *reason;
        } rows[] = {
                {0664, "is writable by group or others (mode 0664): chmod go-w it"},
                {0646, "(mode 0646): chmod go-w it"},
                {0620, "(mode 0620)"},
                {0602, "(mode 0602)"},
                {01777, "(mode 1777)"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                put("gpus = ( );", 11, rows[i].mode);
                expect_failure(path, true, -EPERM, rows[i].reason);
                cr_assert_eq(unlink(path), 0);
        }
}

Test(conf_file, not_roots)
{
        put("gpus = ( );", 11, 0644);
        if (is_root())
                cr_assert_eq(chown(path, OTHER_USER, 0), 0);
        expect_failure(path, false, -EPERM, "not by root: chown root it");
        if (is_root())
                expect_failure(path, true, -EPERM,
                        "is owned by user 12345, not by root or you: chown root it");
}

Test(conf_file, own)
{
        put("gpus = ( );", 11, 0644);
        if (!is_root())
                return;
        cr_assert_eq(chown(path, OTHER_USER, 0), 0);
        cr_assert_eq(chmod(folder, 0755), 0);
        cr_assert_eq(seteuid(OTHER_USER), 0);
        expect_text(path, true, "gpus = ( );", 11);
        expect_failure(path, false, -EPERM, "is owned by user 12345, not by root: chown root it");
        cr_assert_eq(seteuid(0), 0);
}

/* A user may check root's config. */
Test(conf_file, roots_read_by_a_user)
{
        put("gpus = ( );", 11, 0644);
        if (!is_root())
                return;
        cr_assert_eq(chmod(folder, 0755), 0);
        cr_assert_eq(seteuid(OTHER_USER), 0);
        expect_text(path, true, "gpus = ( );", 11);
        cr_assert_eq(seteuid(0), 0);
        cr_assert_eq(chmod(path, 0600), 0);
        cr_assert_eq(seteuid(OTHER_USER), 0);
        expect_failure(path, true, -EACCES, "may not be read by user 12345: run as root");
        cr_assert_eq(seteuid(0), 0);
}

Test(conf_file, size)
{
        _cleanup_free_ char *text = malloc(CONF_FILE_MAX + 1);

        cr_assert_not_null(text);
        memset(text, '\n', CONF_FILE_MAX + 1);
        put(text, CONF_FILE_MAX, 0600);
        expect_text(path, true, text, CONF_FILE_MAX);
        cr_assert_eq(unlink(path), 0);
        put(text, CONF_FILE_MAX + 1, 0600);
        expect_failure(path, true, -EFBIG, "has 262145 bytes, more than 262144");
        cr_assert_eq(truncate(path, 1LL << 40), 0);
        expect_failure(path, true, -EFBIG, "has 1099511627776 bytes");
}

/* To fstat(), files of /proc are empty: as one that grows while it is read. */
Test(conf_file, grows_while_it_is_read)
{
        expect_failure("/proc/version", true, -EAGAIN, "changed while it was read: try again");
}

/* From the file to the mistakes, as a verb does it: what the file system lets through. */
Test(conf_file, bad_texts_are_told_by_the_parser)
{
        static const struct {
                const char *text;
                const char *problem;
        } rows[] = {
                {"", "found no such key, expected a list of groups"},
                {"gpus = ( ); # \xff", "not UTF-8"},
                {"@include \"/etc/passwd\"\ngpus = ( );", "found @include"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_free_ char *text = NULL, *said = NULL;
                _cleanup_(config_freep) Config *config = NULL;
                _cleanup_(config_problems_freep) ConfigProblems *problems = NULL;
                size_t size = 0;
                put(rows[i].text, strlen(rows[i].text), 0644);
                cr_assert_eq(conf_file_read(NULL, path, true, &text, &size, &said), 0);
                cr_assert_eq(config_parse(path, text, size, &config, &problems), -EINVAL);
                cr_assert_eq(problems->n_items, 1);
                cr_expect(strstr(problems->items[0].text, rows[i].problem), "%s",
                        problems->items[0].text);
                cr_assert_eq(unlink(path), 0);
        }
}

/* Below --root: a link of that tree leads to a place of that tree, never of this machine. */
Test(conf_file, of_another_machine)
{
        static const char file[] = "etc/vfio-gpu.conf";
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(tree_freep) Tree *outside = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_free_ char *etc = tree_path(outside, "etc");
        const struct {
                const char *link, *target;
                int r;
        } rows[] = {
                {"etc", etc, -ENOENT},
                {"etc", "../../../../../../../../../etc", -ELOOP},
                {"etc", "/usr/etc", 0},
                {"etc", "usr/etc", 0},
                {"etc/vfio-gpu.conf", "/usr/etc/vfio-gpu.conf", -ELOOP},
                {"etc/vfio-gpu.conf", etc, -ELOOP},
        };

        tree_set(outside, file, "of the host");
        tree_set(tree, "usr/etc/vfio-gpu.conf", "of the tree");
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_free_ char *text = NULL, *said = NULL;
                size_t size = 0;

                tree_link(tree, rows[i].link, rows[i].target);
                cr_expect_eq(conf_file_read(&root, "/etc/vfio-gpu.conf", true, &text, &size, &said),
                        rows[i].r, "%zu: %s", i, said);
                cr_expect_eq(text != NULL, rows[i].r == 0, "%zu", i);
                if (text)
                        cr_expect_str_eq(text, "of the tree", "%zu", i);
                tree_remove(tree, rows[i].link);
        }
        tree_set(tree, file, "of the tree");
        _cleanup_free_ char *text = NULL, *said = NULL;
        size_t size = 0;
        cr_assert_eq(conf_file_read(&root, "/etc/vfio-gpu.conf", true, &text, &size, &said), 0);
        cr_expect_str_eq(text, "of the tree");
}
