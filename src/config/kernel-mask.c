/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/kernel-mask.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* How the keys begin whose values stay; with `_`, which is the same as `-`. */
static const char *const kept[] = {
        "vfio",
        "rd.vfio_gpu",
        "systemd.mask=vfio_gpu",
        "rd.systemd.mask=vfio_gpu",
        "iommu",
        "intel_iommu",
        "amd_iommu",
        "arm_smmu",
        "pci",
        "kvm",
        "modprobe.blacklist",
        "module_blacklist",
        "initcall_blacklist",
        "modules_load",
        "rd.modules_load",
        "rd.driver.",
        "nouveau",
        "nvidia",
        "nova",
        "amdgpu",
        "radeon",
        "i915",
        "xe.",
        "snd_hda",
        "drm",
        "video",
        "fbcon",
        "efi",
        "console",
        "earlycon",
        "luks",
        "rd.luks",
};

static bool begins_with(const char *key, const char *wanted)
{
        for (; *wanted && (*key == '-' ? '_' : *key) == *wanted; key++)
                wanted++;
        return !*wanted;
}

static bool is_kept(const char *word)
{
        word += *word == '"';
        for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
                if (begins_with(word, kept[i]))
                        return true;
        return false;
}

/* Blanks between quotes belong to the word. */
static size_t word_length(const char *word)
{
        bool quoted = false;
        size_t n = 0;

        for (; word[n] && (quoted || !isspace((unsigned char)word[n])); n++)
                quoted ^= word[n] == '"';
        return n;
}

/* Where quotes stand is kept: `"root=a b"`, `root="a b"`. */
static void add_word(Text *out, const char *word, size_t n)
{
        const char *equals = memchr(word, '=', n);

        if (!equals || is_kept(word))
                text_add(out, "%.*s", (int)n, word);
        else
                text_add(out, "%.*s=--%s", (int)(equals - word), word, *word == '"' ? "\"" : "");
}

const char *kernel_mask(const char *cmdline, Arena *arena)
{
        Text out = TEXT_IN(arena);

        for (const char *at = cmdline; *at;) {
                size_t blanks = strspn(at, " \t\n\v\f\r"), n = word_length(at + blanks);

                text_add(&out, "%.*s", (int)blanks, at);
                add_word(&out, at + blanks, n);
                at += blanks + n;
                if (n == 2 && strncmp(at - n, "--", n) == 0)
                        break; /* what follows is for init */
        }
        return arena_failed(arena) ? NULL : out.string;
}

const char *kernel_mask_file(const char *text, Arena *arena)
{
        static const char between[] = " \t\n\r\"'[],";
        Text out = TEXT_IN(arena);

        while (*text) {
                size_t n = strspn(text, between);

                text_add(&out, "%.*s", (int)n, text);
                text += n;
                n = strcspn(text, between);

                const char *equals = memchr(text, '=', n);
                bool whole = !equals || equals + 1 == text + n || is_kept(text);

                text_add(&out, "%.*s%s", (int)(whole ? n : (size_t)(equals - text)), text,
                        whole ? "" : "=--");
                text += n;
        }
        return arena_failed(arena) ? NULL : out.string;
}
