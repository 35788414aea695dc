/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel command line: whatever it says, it is read to its end, and the last word counts. */
#include "fuzz.h"

#include "config/kernel-words.h"

static KernelWords parse(const char *text, Arena *arena)
{
        KernelWords words = {0};

        must(kernel_words_parse(text, arena, &words) == 0);
        return words;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_free_ char *text = fuzz_text(data, size);
        KernelWords words = parse(text, arena);

        for (size_t i = 0; i < words.n_skip; i++)
                must(*words.skip[i] && kernel_words_skip(&words, words.skip[i]));
        for (size_t i = 0; i < words.n_luks; i++)
                must(*words.luks[i]);
        if (strchr(text, '"'))
                return 0; /* what follows may stand in a quote */
        must(parse(arena_printf(arena, "%s vfio_gpu=1 vfio-gpu=0", text), arena).off);
        must(!parse(arena_printf(arena, "%s vfio_gpu=0 vfio-gpu=1", text), arena).off);
        must(parse(arena_printf(arena, "%s vfio_gpu.skip=a,b", text), arena).n_skip >=
                words.n_skip + 2);
        return 0;
}
