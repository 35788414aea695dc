/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/fold.h"

#include <string.h>

#include "base/text.h"

/* `sentence` with "it" for the GPU of the claim. As it stands where something is to be copied, and
 * where it would be no English. */
static const char *of_it(const char *sentence, const Claim *claim, Arena *arena)
{
        const char *address = PCI_ADDRESS(claim->display->address);
        const size_t length = strlen(address);
        Text text = TEXT_IN(arena);

        if (!sentence || strchr(sentence, '`'))
                return sentence;
        for (const char *found; (found = strstr(sentence, address)); sentence = found + length) {
                if (found[length] == '\'')
                        break;
                text_add(&text, "%.*sit", (int)(found - sentence), sentence);
        }
        text_add(&text, "%s", sentence);
        return text.string;
}

static bool is_same(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_alike(const Report *report, size_t a, size_t b, Arena *arena)
{
        const Verdict *va = &report->verdicts[a], *vb = &report->verdicts[b];
        const Claim *ca = &report->plan->claims.items[a], *cb = &report->plan->claims.items[b];

        return ca->display && cb->display && va->cause && vb->cause && va->result == vb->result &&
               va->reason == vb->reason && is_same(va->remedy, vb->remedy) &&
               is_same(of_it(va->cause, ca, arena), of_it(vb->cause, cb, arena)) &&
               is_same(of_it(va->also, ca, arena), of_it(vb->also, cb, arena));
}

bool fold_is_told(const Report *report, size_t index, Arena *arena)
{
        for (size_t i = 0; i < index; i++)
                if (is_alike(report, i, index, arena))
                        return true;
        return false;
}

/* A claim, behind those of the same entry where `last` is one. */
static void add_who(Text *text, const Claim *claim, const Claim *last)
{
        const char *address = PCI_ADDRESS(claim->display->address);

        if (last && last->entry == claim->entry)
                text_add(text, ", %s", address);
        else
                text_add(text, "%s%s (%s", last ? "), " : "", claim->entry->name, address);
}

Fold fold_from(const Report *report, size_t index, Arena *arena)
{
        const Claims *claims = &report->plan->claims;
        const Claim *first = &claims->items[index], *last = NULL;
        Text who = TEXT_IN(arena);
        Fold fold = {.n = 1};

        for (size_t i = index + 1; i < claims->n_items; i++)
                fold.n += is_alike(report, index, i, arena);
        if (fold.n == 1)
                return fold;
        for (size_t i = index; i < claims->n_items; i++) {
                if (!is_alike(report, index, i, arena))
                        continue;
                add_who(&who, &claims->items[i], last);
                last = &claims->items[i];
        }
        text_add(&who, ")");
        fold.who = who.string;
        fold.cause = of_it(report->verdicts[index].cause, first, arena);
        fold.also = of_it(report->verdicts[index].also, first, arena);
        return fold;
}

const char *fold_sentence(const Report *report, size_t index, Arena *arena)
{
        const Verdict *verdict = &report->verdicts[index];
        const Fold fold = fold_from(report, index, arena);
        const char *message = NULL;

        if (fold.n == 1)
                return report_sentence(report, index, arena);
        message = claim_finding_text(
                (Finding){.cause = fold.cause, .remedy = verdict->remedy}, arena);
        return arena_printf(arena, "each of %s is %s (%s): %s%s%s%s", fold.who,
                report_result(report, index), reason_word(verdict->reason), message,
                fold.also ? " (also " : "", fold.also ? fold.also : "", fold.also ? ")" : "");
}
