/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first process of a guest in a machine within the machine, whose initramfs holds little else
 * than pciutils: it runs `lspci -n` and ends the machine. The last line is "that is all". */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_lspci(void)
{
        pid_t child = fork();

        if (child == 0) {
                execl("/usr/bin/lspci", "lspci", "-n", NULL);
                _exit(127);
        }
        int status = 0;

        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
                printf("lspci failed: status %d, %s\n", status, strerror(errno));
}

int main(void)
{
        mkdir("/sys", 0755);
        if (mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
                printf("/sys cannot be mounted: %s\n", strerror(errno));
        run_lspci();
        printf("that is all\n");
        fflush(stdout);
        reboot(RB_AUTOBOOT);
}
