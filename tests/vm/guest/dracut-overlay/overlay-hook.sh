#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later

modprobe overlay
mkdir -p /run/vm-overlay
mount -t tmpfs vm-overlay /run/vm-overlay
mkdir /run/vm-overlay/upper /run/vm-overlay/work
mount -t overlay -o "lowerdir=$NEWROOT,upperdir=/run/vm-overlay/upper,workdir=/run/vm-overlay/work" vm-overlay "$NEWROOT"
