/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tarball.h"

#include <stdbool.h>
#include <string.h>

#include "host/tarball-library.h"

#define NO_LIBRARY                                                                                 \
        "captures want libarchive, which is not here (Debian: apt install libarchive13; Fedora: "  \
        "dnf install libarchive; Arch: pacman -S libarchive)"

#define BLOCK_SIZE ((size_t)64 * 1024)

struct TarballWriter {
        TarballLibrary library;
        struct archive *archive;
};

/* libarchive starts a program where it was built without zstd, and warns of that. */
static int add_filter(TarballWriter *writer)
{
        const TarballLibrary *library = &writer->library;

        if (library->archive_write_add_filter_zstd(writer->archive) == ARCHIVE_OK) {
                /* of the indexes of modules, level 19 makes a tenth less, in 25 times the time */
                (void)library->archive_write_set_filter_option(
                        writer->archive, "zstd", "compression-level", "9");
                return 0;
        }
        library->archive_write_free(writer->archive);
        writer->archive = library->archive_write_new();
        if (!writer->archive)
                return -ENOMEM;
        return library->archive_write_add_filter_gzip(writer->archive) == ARCHIVE_OK ? 0 : -ENOSYS;
}

static int failure(const TarballLibrary *library, struct archive *archive)
{
        int error = library->archive_errno(archive);

        return error > 0 ? -error : -EIO;
}

static int begin(TarballWriter *writer, int fd)
{
        const TarballLibrary *library = &writer->library;
        int r = 0;

        writer->archive = library->archive_write_new();
        if (!writer->archive)
                return -ENOMEM;
        r = add_filter(writer);
        if (r < 0)
                return r;
        if (library->archive_write_set_format_gnutar(writer->archive) != ARCHIVE_OK ||
                library->archive_write_open_fd(writer->archive, fd) != ARCHIVE_OK)
                return failure(library, writer->archive);
        return 0;
}

int tarball_writer_new(int fd, TarballWriter **ret, const char **reterr_trouble)
{
        _cleanup_(tarball_writer_freep) TarballWriter *writer = calloc(1, sizeof(*writer));
        int r = writer ? tarball_library_load(&writer->library) : -ENOMEM;

        if (r < 0) {
                *reterr_trouble = writer ? NO_LIBRARY : strerror(-r);
                return writer ? -ENOPKG : r;
        }
        r = begin(writer, fd);
        if (r < 0) {
                *reterr_trouble = strerror(-r);
                return r;
        }
        *ret = TAKE_PTR(writer);
        return 0;
}

/* The same machine makes the same archive, whoever packs it and when. */
static void describe(
        const TarballLibrary *library, const TarballMember *member, struct archive_entry *entry)
{
        static const mode_t types[] = {
                [TARBALL_FILE] = AE_IFREG,
                [TARBALL_LINK] = AE_IFLNK,
                [TARBALL_FOLDER] = AE_IFDIR,
        };

        library->archive_entry_set_pathname(entry, member->path);
        library->archive_entry_set_filetype(entry, types[member->type]);
        library->archive_entry_set_perm(entry, member->mode);
        library->archive_entry_set_mtime(entry, 0, 0);
        library->archive_entry_set_size(entry, (int64_t)member->size);
        if (member->target)
                library->archive_entry_set_symlink(entry, member->target);
}

int tarball_writer_add(TarballWriter *writer, const TarballMember *member)
{
        const TarballLibrary *library = &writer->library;
        struct archive_entry *entry = library->archive_entry_new();
        int r = 0;

        if (!entry)
                return -ENOMEM;
        describe(library, member, entry);
        if (library->archive_write_header(writer->archive, entry) < ARCHIVE_WARN ||
                (member->size > 0 && library->archive_write_data(writer->archive, member->data,
                                             member->size) != (ssize_t)member->size))
                r = failure(library, writer->archive);
        library->archive_entry_free(entry);
        return r;
}

int tarball_writer_finish(TarballWriter *writer)
{
        return writer->library.archive_write_close(writer->archive) == ARCHIVE_OK
                       ? 0
                       : failure(&writer->library, writer->archive);
}

void tarball_writer_free(TarballWriter *writer)
{
        if (writer->archive)
                writer->library.archive_write_free(writer->archive);
        free(writer);
}

typedef struct Reader {
        TarballLibrary library;
        struct archive *archive;
        char *data;
        size_t file_max;
        TarballSink sink;
        void *context;
        bool begun;   /* it is an archive */
        bool refused; /* by `sink` */
} Reader;

static TarballType type_of(const TarballLibrary *library, struct archive_entry *entry)
{
        if (library->archive_entry_hardlink(entry))
                return TARBALL_OTHER;
        switch (library->archive_entry_filetype(entry)) {
        case AE_IFREG:
                return TARBALL_FILE;
        case AE_IFLNK:
                return TARBALL_LINK;
        case AE_IFDIR:
                return TARBALL_FOLDER;
        default:
                return TARBALL_OTHER;
        }
}

/* What the header says of the size is not believed. */
static int read_data(Reader *reader, size_t *ret_size)
{
        size_t size = 0;

        while (size <= reader->file_max) {
                ssize_t n = reader->library.archive_read_data(
                        reader->archive, reader->data + size, reader->file_max + 1 - size);

                if (n < 0)
                        return -EBADMSG;
                if (n == 0)
                        break;
                size += (size_t)n;
        }
        *ret_size = size;
        return 0;
}

static int take(Reader *reader, struct archive_entry *entry)
{
        const TarballLibrary *library = &reader->library;
        TarballMember member = {
                .path = library->archive_entry_pathname(entry),
                .type = type_of(library, entry),
                .mode = library->archive_entry_perm(entry),
        };
        int r = 0;

        if (!member.path)
                return -EBADMSG;
        if (member.type == TARBALL_LINK) {
                member.target = library->archive_entry_symlink(entry);
                if (!member.target)
                        return -EBADMSG;
        }
        if (member.type == TARBALL_FILE)
                r = read_data(reader, &member.size);
        if (r == 0 && member.size <= reader->file_max)
                member.data = reader->data;
        if (r < 0)
                return r;
        r = reader->sink(&member, reader->context);
        reader->refused = r < 0;
        return r;
}

static int take_all(Reader *reader)
{
        for (;;) {
                struct archive_entry *entry = NULL;
                int r = reader->library.archive_read_next_header(reader->archive, &entry);

                if (r == ARCHIVE_EOF)
                        return 0;
                if (r < ARCHIVE_WARN)
                        return -EBADMSG;
                reader->begun = true;
                r = take(reader, entry);
                if (r < 0)
                        return r;
        }
}

/* Never what would start a program. */
static int open_reader(Reader *reader, int fd)
{
        const TarballLibrary *library = &reader->library;

        reader->archive = library->archive_read_new();
        reader->data = malloc(reader->file_max + 1);
        if (!reader->archive || !reader->data)
                return -ENOMEM;
        if (library->archive_read_support_filter_gzip(reader->archive) != ARCHIVE_OK ||
                library->archive_read_support_filter_zstd(reader->archive) != ARCHIVE_OK)
                return -ENOSYS;
        if (library->archive_read_support_format_tar(reader->archive) != ARCHIVE_OK)
                return -ENOSYS;
        if (library->archive_read_open_fd(reader->archive, fd, BLOCK_SIZE) != ARCHIVE_OK)
                return -EBADMSG;
        return 0;
}

/* RFC 8878, RFC 1952: how what zstd or gzip has packed begins. */
static bool is_packed(int fd)
{
        char magic[4] = "";

        if (pread(fd, magic, sizeof(magic), 0) < 0)
                return false;
        return memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0 || memcmp(magic, "\x1f\x8b", 2) == 0;
}

static char *trouble_text(const Reader *reader, int fd, int error)
{
        const char *detail =
                reader->archive ? reader->library.archive_error_string(reader->archive) : NULL;
        char *text = NULL;

        if (error == -EBADMSG && !reader->begun && !is_packed(fd))
                return strdup("is no archive of tar, packed with zstd or gzip");
        if (error != -EBADMSG)
                return strdup(strerror(-error));
        if (asprintf(&text, "is cut off or damaged%s%s", detail ? ": " : "", detail ? detail : "") <
                0)
                return NULL;
        return text;
}

static void reader_done(Reader *reader)
{
        if (reader->archive)
                reader->library.archive_read_free(reader->archive);
        free(reader->data);
}

int tarball_read(int fd, size_t file_max, TarballSink sink, void *context, char **reterr_trouble)
{
        _cleanup_(reader_done)
                Reader reader = {.file_max = file_max, .sink = sink, .context = context};
        int r = tarball_library_load(&reader.library);

        if (r < 0) {
                *reterr_trouble = strdup("cannot be unpacked: " NO_LIBRARY);
                return -ENOPKG;
        }
        r = open_reader(&reader, fd);
        if (r == 0)
                r = take_all(&reader);
        if (r < 0 && !reader.refused)
                *reterr_trouble = trouble_text(&reader, fd, r);
        return r;
}
