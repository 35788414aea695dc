/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-iomem.h"

#include <string.h>

/* `    80000000-80ffffff : 0000:01:00.0`, two spaces for each level */
typedef struct Range {
        unsigned depth;
        unsigned long long start;
        unsigned long long end;
        char name[64];
} Range;

static bool parse_line(const char *line, Range *ret)
{
        Range range = {.depth = (unsigned)strspn(line, " ") / 2};

        if (sscanf(line, "%llx-%llx : %63[^\n]", &range.start, &range.end, range.name) != 3)
                return false;
        *ret = range;
        return true;
}

/* As the kernel's drivers call what they reserve, and of_address.c the node of a device tree. */
static bool is_framebuffer(const char *name)
{
        static const char *const names[] = {
                "BOOTFB", /* drivers/firmware/sysfb_simplefb.c */
                "efifb",
                "vesafb",
                "simplefb",
                "offb",
                "simpledrm",
                "efidrm",
                "vesadrm",
                "ofdrm",
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return strstr(name, "framebuffer") != NULL;
}

static const char *next_line(const char *line)
{
        const char *end = strchr(line, '\n');

        return end ? end + 1 : NULL;
}

/* One is usual; several when drivers have reserved parts of it once more. */
typedef struct Framebuffers {
        Range ranges[16];
        size_t n;
} Framebuffers;

static Framebuffers find_framebuffers(const char *text)
{
        Framebuffers found = {0};

        for (const char *line = text; line; line = next_line(line)) {
                Range range = {0};

                if (found.n < ARRAY_SIZE(found.ranges) && parse_line(line, &range) &&
                        is_framebuffer(range.name))
                        found.ranges[found.n++] = range;
        }
        return found;
}

static bool overlaps(const Range *range, const Framebuffers *framebuffers)
{
        for (size_t i = 0; i < framebuffers->n; i++) {
                const Range *f = &framebuffers->ranges[i];

                if (f->end != 0 && f->start <= range->end && range->start <= f->end)
                        return true;
        }
        return false;
}

static void mark(Function *functions, size_t n, PciAddress address)
{
        for (size_t i = 0; i < n; i++)
                if (pci_address_compare(functions[i].address, address) == 0)
                        functions[i].boot_framebuffer = true;
}

/* kernel/resource.c, MAX_IORES_LEVEL: 5 up to Linux 6.12, deeper lines are not indented further. */
#define DEPTH_CUT 5

/* With the addresses hidden (they need CAP_SYS_ADMIN) only the order of the lines is left there,
 * and a card that may hold the framebuffer is taken for one that does. */
static bool may_lie_in(const Range *range, const Range *bar)
{
        return range->depth > bar->depth || (range->depth == bar->depth && bar->depth >= DEPTH_CUT);
}

/* The addresses decide where they can be read, the nesting of the lines elsewhere. */
void iomem_mark_framebuffers(const char *text, Function *functions, size_t n)
{
        Framebuffers framebuffers = find_framebuffers(text);
        Range bar = {0};
        PciAddress owner = {0};
        bool inside = false;

        for (const char *line = framebuffers.n ? text : NULL; line; line = next_line(line)) {
                Range range = {0};

                if (!parse_line(line, &range))
                        continue;
                if (inside && !may_lie_in(&range, &bar))
                        inside = false;
                if (inside && range.end == 0 && is_framebuffer(range.name))
                        mark(functions, n, owner);
                if (pci_address_parse(range.name, &owner, NULL) < 0)
                        continue;
                bar = range;
                inside = true;
                if (overlaps(&bar, &framebuffers))
                        mark(functions, n, owner);
        }
}
