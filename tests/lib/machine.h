/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The functions of a made-up machine as text, one line each:
 *
 *     0000:01:00.0 10de:26b1 030000 group=13 driver=nouveau boot_vga=1
 *     vfs 0000:01:00.0 16 10de:26b8 030200 group=100
 *
 * Address, id, class, then words: subsystem=vvvv:dddd group=N driver=NAME vfio=vfioN boot_vga=0|1
 * numvfs=N vf=PF bridge parent=BRIDGE (named before) serial=NUMBER|none reset_method=A,B (none when
 * not said) d3cold=0|1 (the same); and what only a Host can be told: framebuffer cdev modules=A,B
 * unreadable=WHY silent=WHY in_use=WHO doubt=WHY stuck=WHO released variants=A,B:missing,C:present
 * (best first; loadable when not said). `vfs` adds virtual functions behind the PF, each in a group
 * of its own. Empty lines and those that start with `#` do not count. A mistake in the text ends
 * the program.
 */

#include <stdbool.h>

#include "base/pci-address.h"

#define MACHINE_WORD 64

typedef struct MachineFunction {
        PciAddress address;
        PciId id;
        PciId subsystem;
        unsigned class;
        int group; /* 0: none */
        char driver[MACHINE_WORD];
        char vfio[MACHINE_WORD];
        char boot_vga[MACHINE_WORD];
        char numvfs[MACHINE_WORD];
        char physfn[MACHINE_WORD];
        char parent[MACHINE_WORD];
        char serial[MACHINE_WORD];
        char modules[MACHINE_WORD];
        char unreadable[MACHINE_WORD];
        char silent[MACHINE_WORD];
        char in_use[MACHINE_WORD];
        char stuck[MACHINE_WORD];
        char reset_method[MACHINE_WORD];
        char d3cold[MACHINE_WORD];
        char doubt[MACHINE_WORD];
        char variants[MACHINE_WORD];
        bool bridge;
        bool framebuffer;
        bool cdev;
        bool released;
} MachineFunction;

typedef void (*MachineSink)(const MachineFunction *function, void *context);

/* Cuts the next line that counts off `*text` into `line`; false at the end. */
#define MACHINE_LINE 1024
bool machine_next_line(const char **text, char line[static MACHINE_LINE]);

/* Hands the functions of `line` to `sink`; false when the line tells of something else. */
bool machine_read_functions(const char *line, MachineSink sink, void *context);
