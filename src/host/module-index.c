/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/module-index.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/macro.h"

#define MAGIC       0xb007f457u
#define VERSION_2   2u
#define HEADER_SIZE 12u /* magic, version, and the root's offset */

/* What an offset says of the node that it leads to. */
#define NODE_PREFIX 0x80000000u
#define NODE_VALUES 0x40000000u
#define NODE_CHILDS 0x20000000u
#define NODE_OFFSET 0x0fffffffu

#define CHILD_MAX 128u /* characters of ASCII, which libkmod counts with a sign */

#define INDEX_MAX (64u << 20) /* far more than all modules of any kernel need */
#define DEPTH_MAX 1024        /* of nodes: a character each at least, and no name is that long */

typedef struct Index {
        const uint8_t *bytes;
        size_t size;
        size_t at;
        /* Nodes that may still be visited: a tree has no more of them than bytes. What leads in a
         * circle, or to the same place by many ways, has. */
        size_t left;
        bool broken;
} Index;

static unsigned read_byte(Index *index)
{
        if (index->at >= index->size) {
                index->broken = true;
                return 0;
        }
        return index->bytes[index->at++];
}

static uint32_t read_number(Index *index)
{
        uint32_t value = 0;

        for (unsigned i = 0; i < 4; i++)
                value = value << 8 | read_byte(index);
        return value;
}

static void skip_text(Index *index)
{
        while (!index->broken && read_byte(index))
                ;
}

static void skip_values(Index *index)
{
        for (uint32_t n = read_number(index); n > 0 && !index->broken; n--) {
                (void)read_number(index); /* its priority */
                skip_text(index);
        }
}

static void check_node(Index *index, uint32_t offset, unsigned depth);

static void check_children(Index *index, unsigned depth)
{
        unsigned first = read_byte(index), last = read_byte(index);

        if (first > last || last >= CHILD_MAX)
                index->broken = true;
        for (unsigned i = first; i <= last && !index->broken; i++) {
                uint32_t child = read_number(index);
                size_t next = index->at;

                if (child & NODE_OFFSET)
                        check_node(index, child, depth + 1);
                index->at = next;
        }
}

static void check_node(Index *index, uint32_t offset, unsigned depth)
{
        size_t start = offset & NODE_OFFSET;

        if (start < HEADER_SIZE || depth > DEPTH_MAX || index->left == 0)
                index->broken = true;
        if (index->broken)
                return;
        index->left--;
        index->at = start;
        if (offset & NODE_PREFIX)
                skip_text(index);
        if (offset & NODE_CHILDS)
                check_children(index, depth);
        if (offset & NODE_VALUES)
                skip_values(index);
}

bool module_index_is_whole(const uint8_t *bytes, size_t size)
{
        Index index = {.bytes = bytes, .size = size, .left = size};

        if (read_number(&index) != MAGIC || read_number(&index) >> 16 != VERSION_2)
                return false;

        uint32_t root = read_number(&index);
        if (!index.broken && (root & NODE_OFFSET))
                check_node(&index, root, 0);
        return !index.broken;
}

static bool is_whole(int fd, size_t size)
{
        void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        bool whole = bytes != MAP_FAILED && module_index_is_whole(bytes, size);

        if (bytes != MAP_FAILED)
                munmap(bytes, size);
        return whole;
}

static bool is_whole_or_missing(int directory, const char *name)
{
        _cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st = {0};

        if (fd < 0)
                return errno == ENOENT;
        return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
               st.st_size <= INDEX_MAX && is_whole(fd, (size_t)st.st_size);
}

const char *module_index_find_broken(int directory)
{
        static const char *const names[] = {
                "modules.dep.bin",
                "modules.alias.bin",
                "modules.builtin.bin",
                "modules.builtin.alias.bin",
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!is_whole_or_missing(directory, names[i]))
                        return names[i];
        return NULL;
}
