#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For an initramfs without systemd: dracut sources this before udev starts. There is no journal here, so
# what the program says goes to the kernel's log, as an error where it failed, so that the console shows
# it. By way of a file: a pipe would be waited for as long as anything holds its other end. A failure
# does not hold up the boot.

if [ -e /etc/vfio-gpu.conf ]; then
    if /usr/bin/vfio-gpu apply > /run/vfio-gpu.said 2>&1; then
        vfio_gpu_level=6
    else
        vfio_gpu_level=3
    fi
    while read -r vfio_gpu_line; do
        echo "<$vfio_gpu_level>vfio-gpu: ${vfio_gpu_line#vfio-gpu: }" > "${vfio_gpu_log:-/dev/kmsg}"
    done < /run/vfio-gpu.said
    rm -f /run/vfio-gpu.said
fi
