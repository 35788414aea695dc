/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Definitions of libvirt's domains, read by libxml2: where there are any, libvirt has brought it.
 */

#include <stddef.h>

#include "base/arena.h"
#include "base/pci-address.h"

/* A PCI function that libvirt itself takes from its driver for the domain, and gives back to it:
 * <hostdev mode='subsystem' type='pci' managed='yes'>. */
typedef void (*DomainXmlSink)(const char *domain, PciAddress address, void *context);

/*
 * Hands all of those in `text` to `sink`; of a text that is broken, some of them, or none.
 * Nothing that the text names is loaded. Returns 0; -EBADMSG when it is no XML; -ENOENT when
 * libxml2 is not here, -ENOSYS when it is not as it should be; or -ENOMEM.
 */
int domain_xml_read(const char *text, size_t size, DomainXmlSink sink, void *context) _must_check_;

/*
 * Makes a text in which domain_xml_read() finds what it finds in `text`, and fails where it fails,
 * and nothing else: passwords stand there, too. In `arena`. Returns 0, or -ENOENT, -ENOSYS, -ENOMEM
 * as above.
 */
int domain_xml_excerpt(const char *text, Arena *arena, const char **ret) _must_check_;
