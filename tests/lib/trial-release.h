/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Release on the simulated kernel, after an apply that went well, while things go wrong; then once
 * more with nothing in the way, and a full apply. What must hold, whatever it was:
 *
 *  - nothing is written to a function that is not to be given back, and none of them changes hands;
 *    what others have of VFIO they keep;
 *  - no card is called released of which VFIO has a part in truth, nor one for which a step did not
 *    succeed that it stands or falls with; each that is not has a reason, a cause and a remedy;
 *  - the exit status is what the report says;
 *  - the second run gives back what would have been without the accident, but for what is stuck,
 *    which it does not touch and says; and for a card that no entry lists, whose mark a run that
 *    failed takes back: of that it gives back what VFIO has;
 *  - apply makes ready again what was, or says that a driver of the host has it; also when it
 *    follows at once on a release that was killed, or hung.
 */

#include "lib/trial.h"

/* As trial_normal() and trial_accident(): of what the source says of all that the machine
 * hands over. Where there is nothing of the kind, there are no steps. */
const char *trial_release_normal(const TrialSource *source, Arena *arena, TrialNormal *ret);
const char *trial_release_accident(const TrialSource *source, const TrialNormal *normal,
        const Accident *accident, bool stuck, Arena *arena);
