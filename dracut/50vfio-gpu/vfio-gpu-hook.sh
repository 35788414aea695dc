#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For an initramfs without systemd: dracut sources this before udev starts. There is no journal here,
# so what the program says goes to the kernel's log. A failure does not hold up the boot.

if [ -e /etc/vfio-gpu.conf ]; then
    /usr/bin/vfio-gpu apply 2>&1 | while read -r vfio_gpu_line; do
        echo "<6>vfio-gpu: ${vfio_gpu_line#vfio-gpu: }" > /dev/kmsg
    done
fi
