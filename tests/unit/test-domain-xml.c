/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/domain-xml.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"

static void note(const char *domain, PciAddress address, void *context)
{
        Text *text = context;

        text_separate(text, " ");
        text_add(text, "%s=%s", domain, PCI_ADDRESS(address));
}

#define DOMAIN(devices)                                                                            \
        "<!-- made by libvirt -->\n<domain type='kvm'><name>win11</name><devices>" devices         \
        "</devices></domain>"
#define HOSTDEV(how, source) "<hostdev " how "><source>" source "</source></hostdev>"
#define MANAGED              "mode='subsystem' type='pci' managed='yes'"
#define AT_1                 "<address domain='0x0000' bus='0x01' slot='0x00' function='0x1'/>"

Test(domain_xml, read)
{
        static const struct {
                const char *text;
                int r;
                const char *found;
        } rows[] = {
                {DOMAIN(HOSTDEV(MANAGED, AT_1)), 0, "win11=0000:01:00.1"},
                {DOMAIN(HOSTDEV(MANAGED, "<address bus='1' slot='31'/>")), 0, "win11=0000:01:1f.0"},
                {DOMAIN(HOSTDEV(
                         MANAGED, "<address domain='0xffff' bus='255' slot='0' function='7'/>")),
                        0, "win11=ffff:ff:00.7"},
                {DOMAIN(HOSTDEV(MANAGED, AT_1) HOSTDEV(
                         MANAGED, "<address bus='0x02' slot='0x00' function='0x0'/>")),
                        0, "win11=0000:01:00.1 win11=0000:02:00.0"},
                {"<domain><devices>" HOSTDEV(MANAGED, AT_1) "</devices><name>late</name></domain>",
                        0, "=0000:01:00.1"},
                /* the guest's own address is another */
                {DOMAIN("<hostdev " MANAGED ">" AT_1 "</hostdev>"), 0, ""},
                {DOMAIN(HOSTDEV("mode='subsystem' type='pci' managed='no'", AT_1)), 0, ""},
                {DOMAIN(HOSTDEV("mode='subsystem' type='pci'", AT_1)), 0, ""},
                {DOMAIN(HOSTDEV("mode='subsystem' type='usb' managed='yes'", AT_1)), 0, ""},
                {DOMAIN("<!-- " HOSTDEV(MANAGED, AT_1) " -->"), 0, ""},
                {DOMAIN("<![CDATA[" HOSTDEV(MANAGED, AT_1) "]]>"), 0, ""},
                {"<domain><name>a</name><metadata><devices>" HOSTDEV(
                         MANAGED, AT_1) "</devices></metadata></domain>",
                        0, ""},
                {"<network><devices>" HOSTDEV(MANAGED, AT_1) "</devices></network>", 0, ""},
                {DOMAIN(HOSTDEV(MANAGED, "<address bus='256' slot='0'/>")), 0, ""},
                {DOMAIN(HOSTDEV(MANAGED, "<address bus='1' slot='32'/>")), 0, ""},
                {DOMAIN(HOSTDEV(MANAGED, "<address bus='1x' slot='0'/>")), 0, ""},
                {DOMAIN(HOSTDEV(MANAGED, "<address bus='' slot='0'/>")), 0, ""},
                {DOMAIN(HOSTDEV(MANAGED, "<address bus='-1' slot='0'/>")), 0, ""},
                {DOMAIN(HOSTDEV(MANAGED, AT_1) "<broken"), -EBADMSG, NULL},
                {"", -EBADMSG, ""},
                {"no XML", -EBADMSG, ""},
                /* nothing is loaded, nothing grows */
                {"<!DOCTYPE d [<!ENTITY x SYSTEM "
                 "'/etc/passwd'>]><domain><name>&x;</name><devices>" HOSTDEV(
                         MANAGED, AT_1) "</devices></domain>",
                        0, "=0000:01:00.1"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                Text text = TEXT_IN(arena);
                int r = domain_xml_read(rows[i].text, strlen(rows[i].text), note, &text);

                cr_expect_eq(r, rows[i].r, "%zu: %d", i, r);
                cr_expect(!rows[i].found || strcmp(text.string, rows[i].found) == 0, "%zu: %s", i,
                        text.string);

                /* and the same in what is left of it for others */
                Text again = TEXT_IN(arena);
                const char *excerpt = NULL;

                cr_assert_eq(domain_xml_excerpt(rows[i].text, arena, &excerpt), 0);
                cr_expect_eq(domain_xml_read(excerpt, strlen(excerpt), note, &again), r, "%zu: %s",
                        i, excerpt);
                cr_expect_str_eq(again.string, text.string, "%zu", i);
        }
}

Test(domain_xml, excerpt)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const char *excerpt = NULL;

        cr_assert_eq(domain_xml_excerpt("<domain type='kvm'><name>a &amp;&lt;&gt; b</name>"
                                        "<title>secret</title><devices>"
                                        "<graphics type='vnc' passwd='secret'/>"
                                        "<!-- secret -->" HOSTDEV(MANAGED " secret='secret'",
                                                "secret" AT_1) "</devices></domain>",
                             arena, &excerpt),
                0);
        cr_expect_str_eq(excerpt, "<domain>\n  <name>a &#38;&#60;&#62; b</name>\n  <devices>\n"
                                  "    <hostdev mode='subsystem' type='pci' managed='yes'><source>"
                                  "<address domain='0x0000' bus='0x01' slot='0x00' function='1'/>"
                                  "</source></hostdev>\n  </devices>\n</domain>\n");
        cr_assert_eq(
                domain_xml_excerpt("<domain><name>secret</name></domain>", arena, &excerpt), 0);
        cr_expect_str_eq(excerpt, "<domain/>\n");
}
