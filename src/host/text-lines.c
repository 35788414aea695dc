/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/text-lines.h"

#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "base/quote.h"

#define FILE_MAX  ((size_t)256 * 1024)
#define FILES_MAX 256
#define BLANKS    " \t\r"

static char *strip(char *text)
{
        size_t n = 0;

        text += strspn(text, BLANKS);
        for (n = strlen(text); n > 0 && strchr(BLANKS, text[n - 1]);)
                n--;
        text[n] = '\0';
        return text;
}

/* Cuts one line off `*rest`, with those that it takes along; a blank comes for each newline. */
static char *next_line(char **rest, bool joined, unsigned *number)
{
        char *line = *rest, *end = line;

        for (;;) {
                end += strcspn(end, "\n");
                *number += *end == '\n';
                if (!joined || *end == '\0' || end == line || end[-1] != '\\')
                        break;
                end[-1] = end[0] = ' ';
        }
        *rest = *end ? end + 1 : NULL;
        *end = '\0';
        return line;
}

static bool is_printable(const char *text)
{
        for (; *text; text++)
                if (*text < ' ' || *text > '~')
                        return false;
        return true;
}

int text_lines_of_file(
        const Root *root, const char *path, bool joined, TextLineSink sink, void *context)
{
        _cleanup_free_ char *text = NULL;
        char shown[PATH_MAX + 2], escaped[QUOTE_SIZE];
        unsigned next = 1;
        int r = root_read(root, path, FILE_MAX, &text);

        if (r < 0)
                return r;
        snprintf(shown, sizeof(shown), "/%s", path);
        for (char *rest = text; rest;) {
                TextLine line = {.number = next};

                line.text = strip(next_line(&rest, joined, &next));
                line.file = is_printable(shown) ? shown : quote_n(shown, SIZE_MAX, escaped);
                if (*line.text && !strchr("#;", *line.text))
                        sink(&line, context);
        }
        return 0;
}

char *text_lines_next_word(char **rest)
{
        char *word = *rest + strspn(*rest, BLANKS);
        const size_t n = strcspn(word, BLANKS);

        *rest = word + n + (word[n] != '\0');
        word[n] = '\0';
        return word;
}

typedef struct Names {
        Arena *arena;
        const char **paths; /* below the root */
        size_t n_paths;
} Names;

static const char *base_name(const char *path)
{
        return strrchr(path, '/') + 1;
}

static bool is_known(const Names *names, const char *name)
{
        for (size_t i = 0; i < names->n_paths; i++)
                if (strcmp(base_name(names->paths[i]), name) == 0)
                        return true;
        return false;
}

static void add_folder(const Root *root, const char *folder, const char *suffix, Names *names)
{
        _cleanup_closedir_ DIR *directory = root_list(root, folder);
        const size_t length = strlen(suffix);

        for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                const size_t n = strlen(entry->d_name);
                const char *path = NULL, **item = NULL;

                if (*entry->d_name == '.' || n < length || names->n_paths >= FILES_MAX ||
                        strcmp(entry->d_name + n - length, suffix) != 0 ||
                        is_known(names, entry->d_name))
                        continue;
                path = arena_printf(names->arena, "%s/%s", folder, entry->d_name);
                item = path ? arena_push(names->arena, &names->paths, &names->n_paths) : NULL;
                if (item)
                        *item = path;
        }
}

static int compare(const void *a, const void *b)
{
        return strcmp(base_name(*(const char *const *)a), base_name(*(const char *const *)b));
}

void text_lines_of_folders(const Root *root, const char *const *folders, size_t n_folders,
        const char *suffix, bool joined, TextLineSink sink, void *context)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Names names = {.arena = arena};

        for (size_t i = 0; arena && i < n_folders; i++)
                add_folder(root, folders[i], suffix, &names);
        if (!arena || arena_failed(arena) || names.n_paths == 0)
                return;
        qsort(names.paths, names.n_paths, sizeof(*names.paths), compare);
        for (size_t i = 0; i < names.n_paths; i++)
                (void)text_lines_of_file(root, names.paths[i], joined, sink, context);
}
