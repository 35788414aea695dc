/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/capabilities.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

/* capget(2): version 3 has two words of 32 bits for each set, and version 3 is the last one. */
typedef struct Sets {
        uint64_t effective, permitted, inheritable;
} Sets;

typedef struct __user_cap_header_struct Header;
typedef struct __user_cap_data_struct Data;

static uint64_t join(uint32_t low, uint32_t high)
{
        return (uint64_t)high << 32 | low;
}

static int get(Sets *ret)
{
        Header header = {.version = _LINUX_CAPABILITY_VERSION_3};
        Data data[_LINUX_CAPABILITY_U32S_3] = {0};

        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        *ret = (Sets){
                .effective = join(data[0].effective, data[1].effective),
                .permitted = join(data[0].permitted, data[1].permitted),
                .inheritable = join(data[0].inheritable, data[1].inheritable),
        };
        return 0;
}

static int set(const Sets *sets)
{
        Header header = {.version = _LINUX_CAPABILITY_VERSION_3};
        Data data[_LINUX_CAPABILITY_U32S_3] = {0};

        for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
                data[i] = (Data){
                        .effective = (uint32_t)(sets->effective >> 32 * i),
                        .permitted = (uint32_t)(sets->permitted >> 32 * i),
                        .inheritable = (uint32_t)(sets->inheritable >> 32 * i),
                };
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int capabilities_keep(uint64_t wanted)
{
        Sets sets = {0};
        int r = get(&sets);

        if (r < 0)
                return r;
        /* without it execve(2) hands root everything that is in the bounding set */
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        /* the ambient set never holds what the inheritable one does not */
        sets = (Sets){.effective = sets.effective & wanted, .permitted = sets.permitted & wanted};
        r = set(&sets);
        if (r == 0)
                r = get(&sets);
        if (r < 0)
                return r;
        return (sets.permitted | sets.effective) & ~wanted || sets.inheritable ? -EPERM : 0;
}

uint64_t capabilities_now(void)
{
        Sets sets = {0};

        return get(&sets) < 0 ? 0 : sets.effective;
}
