/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into the program: the call number FAIL_AT (from 1) of the kind FAIL_KIND fails, and
 * only that.
 *
 *   memory   malloc(3) and its kin, where the program itself calls them: ENOMEM. What the libraries
 * do without memory is their own affair (libkmod 30 goes round in circles). read     read(2), also
 * by stdio: EIO open     open(2) and its kin: EIO
 *
 * The number of calls is written to the file FAIL_COUNT at the end.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_ulong *calls; /* of the program and its workers */
static unsigned long fail_at;
static char kind; /* the first letter of FAIL_KIND; 0: not known yet */

static int note_program(struct dl_phdr_info *info, size_t size, void *data);

static __attribute__((constructor)) void start(void)
{
        const char *word = getenv("FAIL_KIND"), *number = getenv("FAIL_AT");

        calls = mmap(
                NULL, sizeof(*calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (calls == MAP_FAILED)
                abort();
        fail_at = number ? strtoul(number, NULL, 10) : 0;
        kind = word ? *word : 0;
        (void)dl_iterate_phdr(note_program, NULL);
}

static bool fails(char of)
{
        return kind == of && atomic_fetch_add(calls, 1) + 1 == fail_at;
}

static __attribute__((destructor)) void finish(void)
{
        const char *path = getenv("FAIL_COUNT");
        unsigned long n = atomic_load(calls);

        kind = 0;
        if (!path)
                return;

        FILE *file = fopen(path, "we");
        if (file) {
                fprintf(file, "%lu\n", n);
                fclose(file);
        }
}

/* The function that this one stands in front of. */
#define REAL(name)                                                                                 \
        ({                                                                                         \
                static __typeof__(&name) real_;                                                    \
                if (!real_)                                                                        \
                        real_ = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                        \
                real_;                                                                             \
        })

/* dlsym() may want memory itself, so these have names of their own in glibc. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static uintptr_t program_start, program_end;

/* The first object is the program (dl_iterate_phdr(3)). */
static int note_program(struct dl_phdr_info *info, size_t size, void *data)
{
        (void)size;
        (void)data;
        for (int i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
                uintptr_t start = info->dlpi_addr + segment->p_vaddr;

                if (segment->p_type == PT_LOAD && segment->p_flags & PF_X) {
                        program_start = start;
                        program_end = start + segment->p_memsz;
                }
        }
        return 1;
}

static bool lacks_memory(const void *caller)
{
        bool lacks =
                (uintptr_t)caller >= program_start && (uintptr_t)caller < program_end && fails('m');

        if (lacks)
                errno = ENOMEM;
        return lacks;
}
#define LACKS_MEMORY lacks_memory(__builtin_return_address(0))

void *malloc(size_t size)
{
        return LACKS_MEMORY ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
        return LACKS_MEMORY ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
        return LACKS_MEMORY ? NULL : __libc_realloc(old, size);
}

char *strdup(const char *text)
{
        return LACKS_MEMORY ? NULL : REAL(strdup)(text);
}

char *strndup(const char *text, size_t n)
{
        return LACKS_MEMORY ? NULL : REAL(strndup)(text, n);
}

int vasprintf(char **ret, const char *format, va_list args)
{
        return LACKS_MEMORY ? -1 : REAL(vasprintf)(ret, format, args);
}

int asprintf(char **ret, const char *format, ...)
{
        va_list args;
        int n = -1;

        va_start(args, format);
        if (!LACKS_MEMORY)
                n = REAL(vasprintf)(ret, format, args);
        va_end(args);
        return n;
}

ssize_t read(int fd, void *buffer, size_t size)
{
        if (!fails('r'))
                return REAL(read)(fd, buffer, size);
        errno = EIO;
        return -1;
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
        if (!fails('r'))
                return REAL(pread)(fd, buffer, size, offset);
        errno = EIO;
        return -1;
}

/* What there is of a mode, as open(2) has it. */
#define MODE(flags, last)                                                                          \
        ({                                                                                         \
                mode_t mode_ = 0;                                                                  \
                if ((flags) & (O_CREAT | O_TMPFILE)) {                                             \
                        va_list args_;                                                             \
                        va_start(args_, last);                                                     \
                        mode_ = va_arg(args_, mode_t);                                             \
                        va_end(args_);                                                             \
                }                                                                                  \
                mode_;                                                                             \
        })

int open(const char *path, int flags, ...)
{
        mode_t mode = MODE(flags, flags);

        if (!fails('o'))
                return REAL(open)(path, flags, mode);
        errno = EIO;
        return -1;
}

int openat(int fd, const char *path, int flags, ...)
{
        mode_t mode = MODE(flags, flags);

        if (!fails('o'))
                return REAL(openat)(fd, path, flags, mode);
        errno = EIO;
        return -1;
}

long syscall(long number, ...)
{
        va_list args;
        long a[6];

        va_start(args, number);
        for (size_t i = 0; i < 6; i++)
                a[i] = va_arg(args, long);
        va_end(args);
        if (number != SYS_openat2 || !fails('o'))
                return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        errno = EIO;
        return -1;
}
