/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libraries forget, and the sanitizers are not to tell us of (SAN=1, FUZZ=1). */

const char *__lsan_default_suppressions(void);

/*
 * Criterion keeps 48 bytes to its end. libconfig forgets the string that it was reading when the
 * text is wrong (strbuf_append; 1.5, 1.7): whoever reads a wrong config ends soon after.
 */
const char *__lsan_default_suppressions(void)
{
        return "leak:libcriterion.so\nleak:libconfig.so\nleak:libpci\nleak:__alloc_dir\n";
}
