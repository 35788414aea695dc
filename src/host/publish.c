/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/publish.h"

#include <fcntl.h>

#include "base/file.h"

int publish_file(const Root *root, const char *folder, const char *name, const char *text)
{
        _cleanup_close_ int fd = root_open_file(root, folder, O_RDONLY | O_DIRECTORY);

        if (fd < 0)
                return fd;
        if (!text && unlinkat(fd, name, 0) < 0)
                return errno == ENOENT ? 0 : -errno;

        int r = text ? file_replace_at(fd, name, text, 0644) : 0;

        /* nobody may take what is of another time for how things are now */
        if (r < 0)
                (void)unlinkat(fd, name, 0);
        return r < 0 ? r : 1;
}
