/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the fuzz targets share: one input, and a promise that must hold for it. */

#include <stdint.h>
#include <string.h>

#include "base/macro.h"

/* libFuzzer's entry (compiler-rt, lib/fuzzer/FuzzerInterface.h); replay.c calls it with files. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, so that the fuzzer keeps the input. */
#define must(expression)                                                                           \
        do {                                                                                       \
                if (!(expression)) {                                                               \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #expression);           \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

/* The input as a text that ends, to be freed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
        char *text = malloc(size + 1);

        must(text);
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        return text;
}
