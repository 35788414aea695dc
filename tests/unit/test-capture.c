/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/capture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/library.h"
#include "host/scan.h"
#include "host/tarball-library.h"
#include "lib/tree.h"

#define HEADER(members)                                                                            \
        {                                                                                          \
                CAPTURE_HEADER, AE_IFREG, "format 1\nmembers " #members "\n"                       \
        }

/* A member as nobody's program would write it: `text` is what is in a file, or where a link leads.
 */
typedef struct Member {
        const char *path;
        unsigned type; /* of libarchive; 0: a hard link */
        const char *text;
} Member;

/* A folder for archives, in which unpacking goes on, too. */
static Tree *tree;
static char archive_path[64];

static void start(void)
{
        tree = tree_new();
        setenv("TMPDIR", tree->path, true);
        snprintf(archive_path, sizeof(archive_path), "%s/archive", tree->path);
}

static void stop(void)
{
        tree_free(tree);
}

TestSuite(capture, .init = start, .fini = stop);

static bool is_unpacked(void)
{
        DIR *directory = opendir(tree->path);
        bool found = false;

        for (const struct dirent *entry; (entry = readdir(directory));)
                found = found || strncmp(entry->d_name, "vfio-gpu-", 9) == 0;
        closedir(directory);
        return found;
}

/* The program makes none. */
static void set_hardlink(struct archive_entry *entry, const char *target)
{
        void (*function)(struct archive_entry *, const char *) = NULL;
        const LibrarySymbol symbol = {"archive_entry_set_hardlink", &function};

        cr_assert(library_load("libarchive.so.13", &symbol, 1) == 0);
        function(entry, target);
}

static void add(const TarballLibrary *l, struct archive *archive, const Member *member)
{
        struct archive_entry *entry = l->archive_entry_new();
        size_t size = member->type == AE_IFREG ? strlen(member->text) : 0;

        l->archive_entry_set_pathname(entry, member->path);
        l->archive_entry_set_filetype(entry, member->type);
        l->archive_entry_set_perm(entry, 0644);
        l->archive_entry_set_size(entry, (int64_t)size);
        if (member->type == AE_IFLNK)
                l->archive_entry_set_symlink(entry, member->text);
        if (member->type == 0)
                set_hardlink(entry, member->text);
        cr_assert(l->archive_write_header(archive, entry) == ARCHIVE_OK, "%s", member->path);
        if (size > 0)
                cr_assert(l->archive_write_data(archive, member->text, size) == (ssize_t)size);
        l->archive_entry_free(entry);
}

/* The members up to one without a path, not packed. */
static void write_archive(const Member *members)
{
        int fd = open(archive_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        TarballLibrary l = {0};

        cr_assert(fd >= 0 && tarball_library_load(&l) == 0);

        struct archive *archive = l.archive_write_new();

        l.archive_write_set_format_gnutar(archive);
        l.archive_write_open_fd(archive, fd);
        for (; members->path; members++)
                add(&l, archive, members);
        cr_assert(l.archive_write_free(archive) == ARCHIVE_OK);
        close(fd);
}

static int open_archive(const CaptureLimits *limits, Root *ret, char **trouble)
{
        return capture_open(archive_path, NULL, limits, ret, trouble);
}

static void expect_refused(const char *name, const char *why)
{
        static const CaptureLimits limits = {.file_max = 100, .total_max = 250, .members_max = 5};
        _cleanup_(root_done) Root root = ROOT_NULL;
        _cleanup_free_ char *trouble = NULL;

        cr_expect(open_archive(&limits, &root, &trouble) < 0, "%s", name);
        cr_expect(trouble && strstr(trouble, why), "%s: %s", name, trouble);
        cr_expect_not(is_unpacked(), "%s: is left behind", name);
}

#define SIZE_50 "12345678901234567890123456789012345678901234567890"

Test(capture, evil_archives_are_refused)
{
        static const struct {
                const char *name;
                Member members[9];
                const char *why;
        } cases[] = {
                {"no header", {{"sys/x", AE_IFREG, "x"}}, "is an archive, but no capture"},
                {"garbled", {{CAPTURE_HEADER, AE_IFREG, "for 1"}}, "is an archive, but no capture"},
                {"a link for a header", {{CAPTURE_HEADER, AE_IFLNK, "x"}},
                        "is an archive, but no capture"},
                {"no number", {{CAPTURE_HEADER, AE_IFREG, "format 1\n"}}, "header that is garbled"},
                {"newer", {{CAPTURE_HEADER, AE_IFREG, "format 2\nmembers 0\n"}},
                        "made by a newer vfio-gpu (format 2;"},
                {"cut off", {HEADER(2), {"a", AE_IFREG, "x"}}, "is cut off: it has 1 of 2 members"},
                {"absolute", {HEADER(1), {"/tmp/x", AE_IFREG, "x"}}, "does not lie in it"},
                {"up", {HEADER(1), {"../x", AE_IFREG, "x"}}, "does not lie in it"},
                {"up inside", {HEADER(1), {"a/../../x", AE_IFREG, "x"}}, "does not lie in it"},
                {"up at the end", {HEADER(1), {"a/..", AE_IFDIR, ""}}, "does not lie in it"},
                {"dot", {HEADER(1), {"./x", AE_IFREG, "x"}}, "does not lie in it"},
                {"two slashes", {HEADER(1), {"a//x", AE_IFREG, "x"}}, "does not lie in it"},
                {"absolute link", {HEADER(1), {"x", AE_IFLNK, "/etc"}}, "leads out of it"},
                {"link up", {HEADER(1), {"x", AE_IFLNK, ".."}}, "leads out of it"},
                {"link up and on", {HEADER(1), {"a/x", AE_IFLNK, "../../etc"}}, "leads out of it"},
                {"link up later", {HEADER(1), {"a/x", AE_IFLNK, "b/../../c"}}, "leads out of it"},
                {"link to nothing", {HEADER(1), {"x", AE_IFLNK, ""}}, ""},
                {"through a link", {HEADER(2), {"a", AE_IFLNK, "b"}, {"a/x", AE_IFREG, "x"}},
                        "lies behind a link or a file"},
                {"through a link to a folder",
                        {HEADER(3), {"b", AE_IFDIR, ""}, {"a", AE_IFLNK, "b"},
                                {"a/x", AE_IFREG, "x"}},
                        "lies behind a link or a file"},
                {"through a file", {HEADER(2), {"a", AE_IFREG, "b"}, {"a/x", AE_IFREG, "x"}},
                        "lies behind a link or a file"},
                {"twice", {HEADER(2), {"a", AE_IFREG, "b"}, {"a", AE_IFREG, "c"}},
                        "is in it twice"},
                {"over a link", {HEADER(2), {"a", AE_IFLNK, "b"}, {"a", AE_IFREG, "c"}},
                        "is in it twice"},
                {"a folder over a file", {HEADER(2), {"a", AE_IFREG, "b"}, {"a", AE_IFDIR, ""}},
                        "is in it twice"},
                {"FIFO", {HEADER(1), {"a", AE_IFIFO, ""}}, "is no file, folder or link"},
                {"device", {HEADER(1), {"a", AE_IFCHR, ""}}, "is no file, folder or link"},
                {"hard link", {HEADER(2), {"a", AE_IFREG, "b"}, {"c", 0, "a"}},
                        "is no file, folder or link"},
                {"large", {HEADER(1), {"a", AE_IFREG, SIZE_50 SIZE_50 "1"}},
                        "larger than any file"},
                {"large together",
                        {HEADER(3), {"a", AE_IFREG, SIZE_50 SIZE_50},
                                {"b", AE_IFREG, SIZE_50 SIZE_50}, {"c", AE_IFREG, SIZE_50 "1"}},
                        "more than all of a capture"},
                {"many",
                        {HEADER(6), {"a", AE_IFDIR, ""}, {"b", AE_IFDIR, ""}, {"c", AE_IFDIR, ""},
                                {"d", AE_IFDIR, ""}, {"e", AE_IFDIR, ""}, {"f", AE_IFDIR, ""}},
                        "one too many"},
                {"many that are not told",
                        {HEADER(2), {"a/b/c/d/e/f/g", AE_IFDIR, ""}, {"h", AE_IFDIR, ""}},
                        "one too many"},
                {"escapes", {HEADER(1), {"\033[31m/../x", AE_IFREG, "x"}}, "\"\\x1b[31m/../x\""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                write_archive(cases[i].members);
                expect_refused(cases[i].name, cases[i].why);
        }
}

Test(capture, what_is_no_archive)
{
        static const struct {
                const char *text, *why;
        } cases[] = {
                {"", "no"},
                {"hello\n", "is no archive of tar, packed with zstd or gzip"},
                {"\x28\xb5\x2f\xfd rubbish", "is cut off or damaged"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                tree_set(tree, "archive", cases[i].text);
                expect_refused(cases[i].text, cases[i].why);
        }
        tree_remove(tree, "archive");
        expect_refused("none", "cannot be read: No such file or directory");
        cr_assert(mkfifo(archive_path, 0600) == 0);
        expect_refused("FIFO", "is neither a folder nor a file");
}

static const Member good[] = {
        HEADER(5),
        {"etc/vfio-gpu.conf", AE_IFREG, "gpus = ( );"},
        {"lib", AE_IFLNK, "usr/lib"},
        {"sys/class/x", AE_IFLNK, "../../sys/devices"},
        {"sys/devices/d", AE_IFREG, "found"},
        {"usr/lib/modules", AE_IFDIR, ""},
        {NULL, 0, NULL},
};

Test(capture, is_read_as_a_tree)
{
        Root root = ROOT_NULL;
        _cleanup_free_ char *trouble = NULL, *text = NULL;

        write_archive(good);
        cr_assert(open_archive(&capture_limits, &root, &trouble) == 0, "%s", trouble);
        cr_expect(is_unpacked());
        cr_expect(root_read(&root, "sys/class/x/d", 64, &text) == 0);
        cr_expect_str_eq(text, "found");
        cr_expect(root_exists(&root, "lib/modules"));
        cr_expect_not(root.real);
        cr_expect_str_eq(root.path, archive_path);
        root_done(&root);
        cr_expect_not(is_unpacked());
}

/* Whatever ends the process. */
Test(capture, leaves_nothing_behind_when_it_is_killed)
{
        int fds[2] = {-1, -1};
        char ready = 0;

        write_archive(good);
        cr_assert(pipe(fds) == 0);

        pid_t pid = fork();

        if (pid == 0) {
                Root root = ROOT_NULL;
                char *trouble = NULL;

                if (open_archive(&capture_limits, &root, &trouble) == 0)
                        (void)!write(fds[1], "x", 1);
                pause();
                _exit(0);
        }
        close(fds[1]);
        cr_assert(read(fds[0], &ready, 1) == 1);
        cr_expect(is_unpacked());
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        for (int i = 0; i < 100 && is_unpacked(); i++)
                clock_pause_ms(50);
        cr_expect_not(is_unpacked());
}

/* Any damage is either found, or leaves a tree that can be read; never more than that. */
Test(capture, damaged_archives, .timeout = 120)
{
        unsigned random = 1;
        struct stat st = {0};

        write_archive(good);
        cr_assert(stat(archive_path, &st) == 0);
        for (int i = 0; i < 300; i++) {
                _cleanup_(root_done) Root root = ROOT_NULL;
                _cleanup_free_ char *trouble = NULL;
                _cleanup_close_ int fd = -EBADF;
                unsigned char byte = 0;

                write_archive(good);
                fd = open(archive_path, O_WRONLY | O_CLOEXEC);
                for (int j = 0; j < 1 + i % 3; j++) {
                        random = random * 1103515245 + 12345;
                        byte = (unsigned char)(random >> 16);
                        cr_assert(pwrite(fd, &byte, 1, (off_t)(random >> 8) % 7680) == 1);
                }
                if (i % 10 == 0)
                        cr_assert(ftruncate(fd, (off_t)(random >> 8) % st.st_size) == 0);
                if (open_archive(&capture_limits, &root, &trouble) < 0)
                        cr_expect_not_null(trouble);
        }
        cr_expect_not(is_unpacked());
}

/* Scans the machine, and captures what was looked at. */
static CaptureResult capture(const Tree *machine, Arena *arena, CaptureFilter filter)
{
        _cleanup_(root_done) Root root = tree_root(machine);
        _cleanup_(host_freep) Host *host = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int fd = open(archive_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        const CaptureExtra extra = {"etc/added", "more", 4};
        Trace trace = {0};
        CaptureResult result = {0};
        const char *trouble = NULL;

        cr_assert(trace_begin(&trace, root.fd, arena) == 0);
        cr_assert(scan_host(&root, SCAN_RELEASED, &host, &message) == 0);
        trace_note(root.fd, "etc/vfio-gpu.conf", TRACE_READ, false);
        trace_end(&trace);

        const CaptureInput input = {.root = &root,
                .trace = &trace,
                .extras = &extra,
                .n_extras = 1,
                .filter = filter,
                .arena = arena};
        cr_assert(capture_write(&input, fd, &result, &trouble) == 0, "%s", trouble);
        return result;
}

static Tree *make_machine(void)
{
        Tree *machine = tree_new();

        tree_add_function(machine, &(TreeFunction){.address = "0000:01:00.0",
                                           .vendor = 0x10de,
                                           .device = 0x26b1,
                                           .class = 0x030000,
                                           .iommu_group = 13,
                                           .driver = "nouveau"});
        tree_set(machine, "etc/crypttab", "root UUID=1234 none\n");
        tree_set(machine, "etc/cryptsetup-keys.d/root.key", "the key");
        tree_set(machine, "etc/secret", "nobody's business");
        tree_link(machine, "etc/vfio-gpu.conf", "secret");
        tree_set(machine, "etc/modprobe.d/real", "options x\n");
        tree_link(machine, "etc/modprobe.d/a.conf", "/etc/modprobe.d/real");
        tree_depmod(machine, "");
        return machine;
}

static void expect_text(const Root *root, const char *path, const char *expected)
{
        _cleanup_free_ char *text = NULL;
        int r = root_read(root, path, 4096, &text);

        if (expected)
                cr_expect(r == 0 && strcmp(text, expected) == 0, "%s: %s", path, text);
        else
                cr_expect(r == -ENOENT, "%s", path);
}

Test(capture, holds_what_was_looked_at_and_no_more)
{
        _cleanup_(tree_freep) Tree *machine = make_machine();
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_(root_done) Root root = ROOT_NULL;
        _cleanup_free_ char *trouble = NULL, *target = NULL, *name = NULL;
        CaptureResult result = capture(machine, arena, NULL);

        cr_expect(result.n_left_out == 0 && result.n_members > 20);
        cr_assert(open_archive(&capture_limits, &root, &trouble) == 0, "%s", trouble);
        expect_text(&root, "sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de");
        expect_text(&root, "etc/crypttab", "root UUID=1234 none");
        expect_text(&root, "etc/cryptsetup-keys.d/root.key", "");
        expect_text(&root, "etc/secret", NULL);
        cr_expect(root_link_name(&root, "etc/vfio-gpu.conf", &name) == 0);
        expect_text(&root, "etc/modprobe.d/a.conf", "options x");
        cr_expect(root_link_target(&root, "etc/modprobe.d/a.conf", &target) == 0);
        cr_expect_str_eq(target, "../../etc/modprobe.d/real");
        expect_text(&root, "etc/added", "more");
        expect_text(&root, "sys/bus/pci/devices/0000:01:00.0/uevent", NULL);
}

/* Links as people make them, outside of sysfs. */
Test(capture, links_lead_where_they_led)
{
        static const struct {
                const char *target, *packed;
        } cases[] = {
                {"real", "real"},
                {"./real", "real"},
                {".//x/.././real", "real"},
                {"/etc/modprobe.d/real", "../../etc/modprobe.d/real"},
                {"//etc/./modprobe.d/real", "../../etc/modprobe.d/real"},
                {"../../../../etc/modprobe.d/real", "../../etc/modprobe.d/real"},
                {"../modprobe.d/real", "../modprobe.d/real"},
                {"..", ".."},
                {"/", "../.."},
                {".", "."},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *machine = make_machine();
                _cleanup_(arena_freep) Arena *arena = arena_new();
                _cleanup_(root_done) Root root = ROOT_NULL;
                _cleanup_free_ char *trouble = NULL, *target = NULL;

                tree_add_directory(machine, "etc/modprobe.d/x");
                tree_link(machine, "etc/modprobe.d/a.conf", cases[i].target);
                (void)capture(machine, arena, NULL);
                cr_assert(open_archive(&capture_limits, &root, &trouble) == 0, "%s", trouble);
                cr_assert(root_link_target(&root, "etc/modprobe.d/a.conf", &target) == 0);
                cr_expect_str_eq(target, cases[i].packed, "%s: %s", cases[i].target, target);
        }
}

static void shout(_unused_ void *context, const char *path, CaptureView *view)
{
        if (strcmp(path, "etc/crypttab") == 0)
                *view = (CaptureView){.data = "masked\n", .size = strlen("masked\n")};
        if (strcmp(path, "etc/added") == 0)
                view->left_out = "for no one";
}

Test(capture, is_filtered)
{
        _cleanup_(tree_freep) Tree *machine = make_machine();
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_(root_done) Root root = ROOT_NULL;
        _cleanup_free_ char *trouble = NULL;
        const CaptureResult result = capture(machine, arena, shout);

        cr_assert_eq(result.n_left_out, 1);
        cr_expect_str_eq(result.left_out[0], "etc/added: for no one");
        cr_assert(open_archive(&capture_limits, &root, &trouble) == 0, "%s", trouble);
        cr_expect_not(root_exists(&root, "etc/added"));
        expect_text(&root, "etc/crypttab", "masked");
        expect_text(&root, "sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de");
}

Test(capture, of_the_same_machine_is_the_same)
{
        _cleanup_(tree_freep) Tree *machine = make_machine();
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_free_ char *first = NULL, *second = NULL;

        (void)capture(machine, arena, NULL);
        first = tree_get(tree, "archive");
        (void)capture(machine, arena, NULL);
        second = tree_get(tree, "archive");
        cr_expect(memcmp(first, second, 4096) == 0 && memcmp(first, "\x28\xb5\x2f\xfd", 4) == 0);
}

Test(capture, says_what_it_could_not_read)
{
        _cleanup_(tree_freep) Tree *machine = make_machine();
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_free_ char *fifo = tree_path(machine, "proc/iomem");
        CaptureResult result = {0};

        tree_remove(machine, "proc/iomem");
        cr_assert(mkfifo(fifo, 0600) == 0);
        result = capture(machine, arena, NULL);
        cr_assert(result.n_left_out == 1);
        cr_expect_str_eq(result.left_out[0], "proc/iomem: neither a file nor a folder");
}
