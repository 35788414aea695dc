/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A capture that somebody else has made: a member a line, `f` file, `l` link, `d` folder, `p` FIFO,
 * then its path, then behind a tab what is in it, or where it leads. A header stands before them.
 * Packed as an archive, so that the names get through: libarchive is fuzzed by others.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "host/capture.h"
#include "host/tarball-library.h"
#include "lib/tree.h"

#define OUTSIDE "what stands beside all captures, and in none of them"

static const CaptureLimits limits = {.file_max = 256, .total_max = 1024, .members_max = 16};

static Tree *tree; /* where captures are unpacked, beside what must not be touched */
static TarballLibrary library;
static char archive_path[64];

static void finish(void)
{
        tree_free(tree);
}

static void start(void)
{
        tree = tree_new();
        setenv("TMPDIR", tree->path, true);
        snprintf(archive_path, sizeof(archive_path), "%s/archive", tree->path);
        must(tarball_library_load(&library) == 0);
        atexit(finish);
}

static void add(struct archive *archive, unsigned type, const char *path, const char *text)
{
        struct archive_entry *entry = library.archive_entry_new();
        size_t size = type == AE_IFREG ? strlen(text) : 0;

        library.archive_entry_set_pathname(entry, path);
        library.archive_entry_set_filetype(entry, type);
        library.archive_entry_set_perm(entry, 0644);
        library.archive_entry_set_size(entry, (int64_t)size);
        if (type == AE_IFLNK)
                library.archive_entry_set_symlink(entry, text);
        /* what tar cannot hold is not in the archive */
        if (library.archive_write_header(archive, entry) >= ARCHIVE_WARN && size > 0)
                (void)library.archive_write_data(archive, text, size);
        library.archive_entry_free(entry);
}

static void add_line(struct archive *archive, char *line)
{
        static const struct {
                char letter;
                unsigned type;
        } types[] = {{'f', AE_IFREG}, {'l', AE_IFLNK}, {'d', AE_IFDIR}, {'p', AE_IFIFO}};
        char *text = line;
        const char *path = strsep(&text, "\t");

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (*path == types[i].letter)
                        add(archive, types[i].type, path + 1, text ? text : "");
}

static void write_archive(char *lines)
{
        _cleanup_close_ int fd = open(archive_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        struct archive *archive = library.archive_write_new();
        char header[64];
        unsigned n = 0;

        for (const char *c = lines; *c; c++)
                n += *c == '\n';
        snprintf(header, sizeof(header), "format 1\nmembers %u\n", n);
        must(fd >= 0 && archive);
        must(library.archive_write_set_format_gnutar(archive) == ARCHIVE_OK);
        must(library.archive_write_open_fd(archive, fd) == ARCHIVE_OK);
        add(archive, AE_IFREG, CAPTURE_HEADER, header);
        for (char *line; (line = strsep(&lines, "\n"));)
                if (*line)
                        add_line(archive, line);
        library.archive_write_free(archive);
}

/* How much is in the folder of all of this; what is unpacked comes and goes. */
static unsigned count_entries(void)
{
        DIR *directory = opendir(tree->path);
        unsigned n = 0;

        must(directory);
        while (readdir(directory))
                n++;
        closedir(directory);
        return n;
}

/* Nothing in it leads to what is beside it. */
static void try_tree(const Root *root)
{
        static const char *const names[] = {"outside", "etc/outside", "a/outside", "lib/outside"};

        must(!root->real);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *text = NULL;

                must(root_read(root, names[i], 512, &text) < 0 || strcmp(text, OUTSIDE) != 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *lines = fuzz_text(data, size), *trouble = NULL;
        Root root = ROOT_NULL;

        if (!tree) {
                start();
                tree_set(tree, "etc/outside", OUTSIDE);
        }
        write_archive(lines);

        const unsigned before = count_entries();
        int r = capture_open(archive_path, NULL, &limits, &root, &trouble);

        must((r == 0) == (trouble == NULL));
        if (r == 0)
                try_tree(&root);
        root_done(&root);
        must(count_entries() == before);

        _cleanup_free_ char *outside = tree_get(tree, "etc/outside");
        must(strcmp(outside, OUTSIDE) == 0);
        return 0;
}
