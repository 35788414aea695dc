/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Safeguards that can be missing from a trial, so that it is seen whether that is noticed. */

#include "policy/plan.h"

typedef enum TrialControl {
        TRIAL_AS_IT_IS,
        TRIAL_BELIEVES,   /* what was done is reported, not what is read back */
        TRIAL_NO_HOLD,    /* no card is put on hold */
        TRIAL_OTHER_CARD, /* one step is taken on a function that nobody claims */
        TRIAL_NO_REPAIR,  /* the files of a function stay as a run that was killed left them */
        _TRIAL_CONTROL_APPLY_MAX,
        TRIAL_RELEASE_BELIEVES = _TRIAL_CONTROL_APPLY_MAX, /* the same, of what is let go */
        TRIAL_RELEASE_OTHER_CARD, /* one step is taken on a card that VFIO is to keep */
        TRIAL_RELEASE_NO_FORGET,  /* vfio-pci goes on knowing the model */
        TRIAL_RELEASE_NO_MARKS,   /* nothing is written down before the first step */
        TRIAL_RELEASE_NO_JUDGE,   /* nobody asks what stands against it */
        _TRIAL_CONTROL_MAX,
} TrialControl;
extern TrialControl trial_control;

/* What a program reads back that takes its word for the deed. */
void trial_believe(
        const Plan *plan, const StepOutcome *outcomes, PciAddress address, Binding *binding);

/* Changes the plan as the control has it. */
void trial_spoil(Plan *plan, const Host *host);
