/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/gpu-name.h"

#include <string.h>

#define WORD_MAX 32

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_plain(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Letters and digits, with `-` for what is between them; a long one ends after a whole word. */
static const char *as_word(const char *text, size_t n, Arena *arena)
{
        char word[WORD_MAX + 1] = "";
        size_t length = 0, end = 0;

        for (size_t i = 0; i < n && length < WORD_MAX; i++) {
                char c = lower(text[i]);

                if (is_plain(c))
                        word[length++] = c;
                else if (length > 0 && word[length - 1] != '-') {
                        end = length;
                        word[length++] = '-';
                }
                if (i + 1 == n)
                        end = length;
        }
        if (end == 0)
                end = length;
        while (end > 0 && word[end - 1] == '-')
                end--;
        return arena_strndup(arena, word, end);
}

/* "TU104GL [Tesla T4]": the product in the brackets, or the chip before them. */
static const char *of_pci_ids(const char *name, Arena *arena)
{
        const char *open = strchr(name, '['), *close = open ? strchr(open, ']') : NULL;

        if (!close || memchr(open, '/', (size_t)(close - open)))
                return as_word(name, strcspn(name, "[/"), arena);
        return as_word(open + 1, (size_t)(close - open - 1), arena);
}

static const char *of_id(const Function *gpu, Arena *arena)
{
        if (function_is_nvswitch(gpu))
                return "nvswitch";
        switch (gpu->id.vendor) {
        case PCI_VENDOR_NVIDIA:
                return arena_printf(arena, "nvidia-%04x", gpu->id.device);
        case PCI_VENDOR_AMD:
                return arena_printf(arena, "amd-%04x", gpu->id.device);
        case PCI_VENDOR_INTEL:
                return arena_printf(arena, "intel-%04x", gpu->id.device);
        default:
                return arena_printf(arena, "gpu-%04x-%04x", gpu->id.vendor, gpu->id.device);
        }
}

const char *gpu_name(const Function *gpu, Arena *arena)
{
        const char *word = gpu->name ? of_pci_ids(gpu->name, arena) : "";

        return word && !*word ? of_id(gpu, arena) : word;
}
