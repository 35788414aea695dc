/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The claimed GPUs, as the program that takes them next wants to be told of them: what all formats
 * have in common. A format is one function that writes `text`, and warns of what it cannot say.
 * Pure. */

#include "base/text.h"
#include "report/report.h"

/* What of NVIDIA's GPU Operator is to run on the node; each has its node labels. */
typedef enum GpuOperator {
        GPU_OPERATOR_UNSAID, /* no label */
        GPU_OPERATOR_OFF,    /* nothing */
        GPU_OPERATOR_NODE,   /* what serves virtual machines: all its GPUs are claimed */
        GPU_OPERATOR_MIXED,  /* what serves containers, with a driver that the host has */
        _GPU_OPERATOR_MAX,
} GpuOperator;

typedef struct Export {
        Arena *arena;
        const Report *report;
        const Config *config;
        const Host *host;
        const Claims *all;    /* of the config; */
        const Claim **claims; /* those that are exported, in their order */
        size_t n_claims;
        const char **warnings;
        size_t n_warnings;
        bool nvidia_plugin; /* NVIDIA's own device plugin serves NVIDIA's cards to KubeVirt */
        bool incomplete;    /* something that was asked for is missing, or not ready */
        GpuOperator gpu_operator;
        Text text;
} Export;

/*
 * Chooses what is exported: of the claims that `names` mean (names of entries, or addresses of
 * their GPUs; none at all: of all claims) those that the config hands over, now or at the next
 * boot. What is refused, absent or left alone in this boot stays out; a card that is not ready yet
 * is exported. Either is warned of. The report is of a plan for `config` and `host`; all lives in
 * `arena`. Returns 0; -ENOENT when a name is neither, with a sentence about it in
 * `*reterr_unknown`; or -ENOMEM.
 */
int export_select(const Report *report, const Config *config, const Host *host,
        const char *const *names, size_t n_names, Arena *arena, Export *ret,
        const char **reterr_unknown) _must_check_;

/* Whether `claim` is one of those that are exported. */
bool export_holds(const Export *e, const Claim *claim);

/* Adds a warning. */
void export_warn(Export *e, const char *format, ...) _printf_(2, 3);

/* The same, of something that was asked for and cannot be had in this format. */
void export_leave_out(Export *e, const char *format, ...) _printf_(2, 3);

/* A function as a guest is to see it. */
typedef struct GuestFunction {
        const Claim *claim;
        const Function *function;
        const char *driver;
        unsigned slot;    /* of the guest, from 0; functions of one card stay together */
        unsigned number;  /* in that slot */
        bool shares_slot; /* the slot has more than one */
} GuestFunction;

/* All functions that are exported, by claims; NULL when memory is out. */
GuestFunction *export_guest_functions(const Export *e, size_t *ret_n);
