/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-libvirt.h"

#include <limits.h>
#include <string.h>

#include "base/quote.h"
#include "host/domain-xml.h"
#include "host/scan-rivals.h"

#define FOLDER     "etc/libvirt/qemu" /* the domains of the system's libvirt */
#define DOMAIN_MAX ((size_t)1024 * 1024)

typedef struct Domain {
        Host *host;
        const char *file;
} Domain;

static void take(const char *domain, PciAddress address, void *context)
{
        const Domain *d = context;

        scan_add_rival(d->host, &(Rival){.kind = RIVAL_LIBVIRT,
                                        .file = d->file,
                                        .value = domain,
                                        .address = address});
}

static void could_not_see(Host *host, const char *why)
{
        scan_add_rival(host, &(Rival){.kind = RIVAL_UNSEEN, .value = why});
}

static const char *trouble(Arena *arena, const char *file, int error)
{
        const char *domain = quote(file);

        switch (error) {
        case -EACCES:
        case -EPERM:
                return "libvirt's domains in /" FOLDER " are for root's eyes: run as root to see "
                       "which of them take a card (managed='yes')";
        case -ENOENT:
        case -ENOSYS:
                return "libvirt's domains in /" FOLDER " were not looked at, for want of libxml2 "
                       "(the package libxml2)";
        case -EBADMSG:
                return arena_printf(
                        arena, "%s is no XML: whether it takes a card is not known", domain);
        default:
                return arena_printf(arena, "%s: %s: whether it takes a card is not known", domain,
                        strerror(-error));
        }
}

/* 0 or an error after which the other domains need not be tried. */
static int read_domain(const Root *root, const char *name, Host *host)
{
        _cleanup_free_ char *text = NULL;
        char path[PATH_MAX];
        int r = snprintf(path, sizeof(path), "/" FOLDER "/%s", name);
        Domain domain = {host, path};

        r = root_read(root, path + 1, DOMAIN_MAX, &text);
        if (r == -ENOENT)
                return 0; /* gone meanwhile */
        if (r == 0)
                r = domain_xml_read(text, strlen(text), take, &domain);
        if (r == -ENOMEM)
                arena_fail(host->arena);
        else if (r < 0)
                could_not_see(host, trouble(host->arena, path, r));
        return r == -EACCES || r == -EPERM || r == -ENOENT || r == -ENOSYS ? r : 0;
}

static bool is_domain(const char *name)
{
        const size_t n = strlen(name);

        return *name != '.' && n > 4 && strcmp(name + n - 4, ".xml") == 0;
}

void scan_libvirt(const Root *root, Host *host)
{
        _cleanup_closedir_ DIR *directory = root_list(root, FOLDER);
        const char **names = NULL;
        size_t n = 0;
        int r = 0;

        if (!directory && root_exists(root, FOLDER))
                could_not_see(host, trouble(host->arena, FOLDER, -EACCES));
        if (directory)
                scan_list_names(root, FOLDER, host->arena, &names, &n);
        for (size_t i = 0; r == 0 && i < n; i++)
                if (is_domain(names[i]))
                        r = read_domain(root, names[i], host);
}
