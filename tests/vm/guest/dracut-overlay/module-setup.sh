#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For an initramfs without systemd: the root, which cannot be written to, gets a layer in memory over it.
# With systemd in the initramfs, systemd.volatile=overlay does that.

check() {
        return 255
}

install() {
        inst_hook pre-pivot 00 "${moddir-}/overlay-hook.sh"
}
