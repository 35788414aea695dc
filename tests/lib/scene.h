/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What thinks is tested with a machine and a config as text, and what comes out as text again.
 * Whatever is wrong with the texts ends the test.
 */

#include "config/kernel-words.h"
#include "policy/plan.h"
#include "policy/verify.h"

typedef struct Scene {
        Arena *arena;
        Host *host;
        Config *config;
        KernelWords words;
        Plan *plan; /* of scene_plan(), else NULL */
} Scene;

/*
 * The machine: lines of lib/machine.h, and `firmware none|intel|amd|arm`, `vfio` and `backend`
 * missing|loadable|present (loadable when not said), `vfio built-in`, `parameter NAME=VALUE` of a
 * loaded vfio-pci, `slot NAME ADDRESS`, `stage initrd`, `in initrd` (vfio-gpu was, in this boot),
 * `was initrd` (there was one), `enabled`, `image` and `line` with the words of scene.c,
 * `crash`, `policy TEXT`, `install MODULE COMMAND`, `disk NAME DEVICE asks|silent`, `keyboard
 * ADDRESS|-`. serial= may also be `locked`; without it nobody has asked. `config` is what stands
 * between the brackets of gpus = ( ), or a whole file when it holds "gpus"; ' stands for ".
 * `cmdline` may be NULL.
 */
void scene_set(Scene *scene, const char *machine, const char *config, const char *cmdline);
void scene_done(Scene *scene);
#define SCENE(name, machine, config)                                                               \
        _cleanup_(scene_done) Scene name = {0};                                                    \
        scene_set(&(name), machine, config, NULL)

/* Plans, for the GPU in one slot or for all; replaces the plan that was there. */
const Plan *scene_plan(Scene *scene);
const Plan *scene_plan_slot(Scene *scene, const PciAddress *slot);

/*
 * The claims as text, a word each: `name:0000:01:00.0{0,1}` with the numbers of the functions,
 * `name:-` without a GPU, then `!skipped` and `!word` for every reason that applies.
 */
const char *scene_claims_text(Scene *scene, const Claims *claims);

/* The steps as text: "hold 0000:01:00.0; load vfio_pci ids=; ..."; the policy file without its
 * text. */
const char *scene_steps_text(Scene *scene);

/* Makes the machine what it is when every step has done what it should. */
void scene_take_all_steps(Scene *scene);

/* The step of that type on that address ("": any), or NULL. */
const Step *scene_find_step(const Scene *scene, StepType type, const char *address);

/* The function at `address`, which must be there; to be changed at will. */
Function *scene_function(const Scene *scene, const char *address);

/* A binding for each function of the claim: as found. */
Binding *scene_bindings(Scene *scene, const Claim *claim);

/* Machines of all kinds, with a config for each: for what must hold everywhere. */
typedef struct SceneSample {
        const char *name, *machine, *config;
} SceneSample;
extern const SceneSample scene_samples[];
extern const size_t scene_n_samples;
