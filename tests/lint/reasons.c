/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints each reason as the manual is to have it: word, cause, remedy, with a tab between. */

#include <stdio.h>

#include "policy/reason.h"

int main(void)
{
        for (int i = REASON_NONE + 1; i < _REASON_MAX; i++)
                printf("%s\t%s\t%s\n", reason_word((Reason)i), reason_cause((Reason)i),
                        reason_remedy_anywhere((Reason)i));
        return 0;
}
