/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/machine.h"

#include <err.h>
#include <stddef.h>
#include <string.h>

bool machine_next_line(const char **text, char line[static MACHINE_LINE])
{
        while (**text) {
                size_t length = strcspn(*text, "\n");
                const char *start = *text;

                *text += length + (start[length] == '\n');
                if (length == 0 || *start == '#')
                        continue;
                if (length >= MACHINE_LINE)
                        errx(1, "machine: line too long: %.60s...", start);
                memcpy(line, start, length);
                line[length] = '\0';
                return true;
        }
        return false;
}

static void take_id(const char *text, PciId *ret)
{
        if (pci_id_parse(text, ret) < 0)
                errx(1, "machine: \"%s\" is no id", text);
}

static void take_address(const char *text, PciAddress *ret)
{
        if (pci_address_parse(text, ret, NULL) < 0)
                errx(1, "machine: \"%s\" is no address", text);
}

static bool take_flag(const char *word, MachineFunction *f)
{
        if (strcmp(word, "bridge") == 0)
                f->bridge = true;
        else if (strcmp(word, "framebuffer") == 0)
                f->framebuffer = true;
        else if (strcmp(word, "cdev") == 0)
                f->cdev = true;
        else if (strcmp(word, "released") == 0)
                f->released = true;
        else
                return false;
        return true;
}

static bool take_text(const char *word, MachineFunction *f)
{
        static const struct {
                const char *key;
                size_t offset;
        } keys[] = {
                {"driver=", offsetof(MachineFunction, driver)},
                {"vfio=", offsetof(MachineFunction, vfio)},
                {"boot_vga=", offsetof(MachineFunction, boot_vga)},
                {"numvfs=", offsetof(MachineFunction, numvfs)},
                {"vf=", offsetof(MachineFunction, physfn)},
                {"parent=", offsetof(MachineFunction, parent)},
                {"serial=", offsetof(MachineFunction, serial)},
                {"modules=", offsetof(MachineFunction, modules)},
                {"unreadable=", offsetof(MachineFunction, unreadable)},
                {"silent=", offsetof(MachineFunction, silent)},
                {"in_use=", offsetof(MachineFunction, in_use)},
                {"stuck=", offsetof(MachineFunction, stuck)},
                {"reset_method=", offsetof(MachineFunction, reset_method)},
                {"d3cold=", offsetof(MachineFunction, d3cold)},
                {"doubt=", offsetof(MachineFunction, doubt)},
                {"variants=", offsetof(MachineFunction, variants)},
        };

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                size_t n = strlen(keys[i].key);

                if (strncmp(word, keys[i].key, n) != 0 || strlen(word + n) >= MACHINE_WORD)
                        continue;
                strcpy((char *)f + keys[i].offset, word + n);
                /* words of a line are parted by blanks already */
                for (char *c = f->reset_method; *c; c++)
                        if (*c == ',')
                                *c = ' ';
                return true;
        }
        return false;
}

static void take_word(const char *word, MachineFunction *f)
{
        if (take_flag(word, f) || take_text(word, f))
                return;
        if (strncmp(word, "subsystem=", 10) == 0)
                take_id(word + 10, &f->subsystem);
        else if (sscanf(word, "group=%d", &f->group) != 1)
                errx(1, "machine: \"%s\" is not known", word);
}

/* Address, id, class and words. */
static void take_function(char *text, MachineFunction *f)
{
        char *word = strsep(&text, " "), *id = strsep(&text, " "), *class = strsep(&text, " ");

        if (!word || !id || !class || sscanf(class, "%6x", &f->class) != 1)
                errx(1, "machine: wants address, id and class: \"%s\"", word ? word : "");
        take_address(word, &f->address);
        take_id(id, &f->id);
        while ((word = strsep(&text, " ")))
                if (*word)
                        take_word(word, f);
}

/* The routing ids that follow the PF's, without a gap. */
static void add_vfs(char *text, MachineSink sink, void *context)
{
        MachineFunction f = {0};
        unsigned count = 0;
        char pf[MACHINE_WORD] = "", rest[MACHINE_LINE] = "", line[MACHINE_LINE + MACHINE_WORD];

        if (sscanf(text, "%63s %u %1023[^\n]", pf, &count, rest) != 3)
                errx(1, "machine: vfs wants a PF, a count, id and class: \"%s\"", text);
        snprintf(line, sizeof(line), "%s %s", pf, rest);
        take_function(line, &f);
        strcpy(f.physfn, pf);

        unsigned routing =
                (unsigned)f.address.bus << 8 | (unsigned)f.address.device << 3 | f.address.function;
        for (unsigned i = 1; i <= count; i++) {
                f.address.bus = (uint8_t)((routing + i) >> 8);
                f.address.device = (routing + i) >> 3 & 0x1f;
                f.address.function = (routing + i) & 0x7;
                sink(&f, context);
                f.group++;
        }
}

bool machine_read_functions(const char *line, MachineSink sink, void *context)
{
        _cleanup_free_ char *copy = strdup(line);

        if (!copy)
                err(1, "machine");
        if (strncmp(line, "vfs ", 4) == 0) {
                add_vfs(copy + 4, sink, context);
                return true;
        }
        if (!strchr("0123456789abcdef", *line) || !strchr(line, ':') || line[4] != ':')
                return false;

        MachineFunction f = {0};

        take_function(copy, &f);
        sink(&f, context);
        return true;
}
