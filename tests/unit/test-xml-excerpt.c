/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/xml-excerpt.h"

#include <criterion/criterion.h>

#define DEVICES(hostdevs) "  <devices>\n" hostdevs "  </devices>\n</domain>\n"

Test(xml_excerpt, keeps_host_devices_alone)
{
        static const struct {
                const char *text, *excerpt;
        } cases[] = {
                {"", ""},
                {"no XML", ""},
                {"<domain type='kvm'>", ""},
                {"<network><name>x</name></network>", ""},
                {"<domain></domain>", "<domain>\n" DEVICES("")},
                {"<domain type='kvm'><name>vm</name><uuid>1</uuid><devices>\n"
                 "<graphics type='vnc' passwd='secret'/>\n"
                 "<hostdev managed='yes'><source/></hostdev><hostdevs/>\n"
                 "<!-- <hostdev managed='no'/> --><hostdev managed='no'/></devices></domain>",
                        "<domain>\n  <name>vm</name>\n" DEVICES(
                                "    <hostdev managed='yes'><source/></hostdev>\n"
                                "    <hostdev managed='no'/>\n")},
                {"<!-- <domain></domain> --><domain><name>a</name></domain>",
                        "<domain>\n  <name>a</name>\n" DEVICES("")},
                {"<domain><hostdev>never ends</domain>", "<domain>\n" DEVICES("")},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();

                cr_expect_str_eq(xml_excerpt(cases[i].text, arena), cases[i].excerpt);
        }
}
