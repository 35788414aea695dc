/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hands each file to the target, without a fuzzer: replay FILE... */
#include "fuzz.h"

int main(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                _cleanup_fclose_ FILE *file = fopen(argv[i], "re");
                static uint8_t data[1 << 20];

                must(file);
                LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), file));
        }
        printf("%d inputs\n", argc - 1);
        return 0;
}
