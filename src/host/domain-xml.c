/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/domain-xml.h"

#include <libxml/xmlreader.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/library.h"
#include "base/text.h"

/* The older one until libxml2 2.13. */
#define SONAME       "libxml2.so.16"
#define OLDER_SONAME "libxml2.so.2"

LIBRARY_NOTE_JSON(domain_xml_note,
        "[{\"feature\":\"libvirt\",\"description\":\"Looking for cards in libvirt's domains\","
        "\"priority\":\"suggested\",\"soname\":[\"" SONAME "\",\"" OLDER_SONAME "\"]}]");

#define SYMBOLS(X)                                                                                 \
        X(xmlReaderForMemory)                                                                      \
        X(xmlFreeTextReader)                                                                       \
        X(xmlTextReaderRead)                                                                       \
        X(xmlTextReaderNodeType)                                                                   \
        X(xmlTextReaderDepth)                                                                      \
        X(xmlTextReaderConstLocalName)                                                             \
        X(xmlTextReaderConstValue)                                                                 \
        X(xmlTextReaderMoveToAttribute)                                                            \
        X(xmlTextReaderMoveToElement)

typedef struct Xml {
#define FIELD(symbol) __typeof__(symbol) *symbol;
        SYMBOLS(FIELD)
#undef FIELD
} Xml;

static int load(Xml *ret)
{
#define SYMBOL(symbol) {#symbol, &ret->symbol},
        const LibrarySymbol symbols[] = {SYMBOLS(SYMBOL)};
#undef SYMBOL
        int r = library_load(SONAME, symbols, ARRAY_SIZE(symbols));

        if (r == -ENOENT)
                r = library_load(OLDER_SONAME, symbols, ARRAY_SIZE(symbols));
        return r;
}

/* Where in the text the reader is; what is deeper than these, or lies elsewhere, does not matter.
 */
typedef struct Place {
        const Xml *xml;
        xmlTextReaderPtr reader;
        bool domain, name, devices, hostdev, source; /* of the elements around */
        char *domain_name;
        DomainXmlSink sink;
        void *context;
} Place;

static const char *attribute(const Place *p, const char *name)
{
        const char *value = NULL;

        if (p->xml->xmlTextReaderMoveToAttribute(p->reader, (const xmlChar *)name) == 1)
                value = (const char *)p->xml->xmlTextReaderConstValue(p->reader);
        return value;
}

static bool attribute_is(const Place *p, const char *name, const char *wanted)
{
        const char *value = attribute(p, name);

        return value && strcmp(value, wanted) == 0;
}

/* libvirt writes 0x01 and takes 1 as well; what is left out is 0. */
static bool read_number(const Place *p, const char *name, unsigned long max, unsigned long *ret)
{
        const char *value = attribute(p, name);
        char *end = NULL;

        *ret = value ? strtoul(value, &end, 0) : 0;
        return !value || (end != value && *end == '\0' && *ret <= max);
}

static void take_address(const Place *p)
{
        unsigned long domain = 0, bus = 0, slot = 0, function = 0;

        if (!read_number(p, "domain", 0xffff, &domain) || !read_number(p, "bus", 0xff, &bus) ||
                !read_number(p, "slot", 0x1f, &slot) || !read_number(p, "function", 7, &function))
                return;
        p->sink(p->domain_name ? p->domain_name : "",
                (PciAddress){(uint32_t)domain, (uint8_t)bus, (uint8_t)slot, (uint8_t)function},
                p->context);
}

static void take_element(Place *p)
{
        const char *name = (const char *)p->xml->xmlTextReaderConstLocalName(p->reader);

        switch (p->xml->xmlTextReaderDepth(p->reader)) {
        case 0:
                p->domain = strcmp(name, "domain") == 0;
                break;
        case 1:
                p->name = p->domain && strcmp(name, "name") == 0;
                p->devices = p->domain && strcmp(name, "devices") == 0;
                break;
        case 2:
                p->hostdev = p->devices && strcmp(name, "hostdev") == 0 &&
                             attribute_is(p, "mode", "subsystem") &&
                             attribute_is(p, "type", "pci") && attribute_is(p, "managed", "yes");
                break;
        case 3:
                p->source = p->hostdev && strcmp(name, "source") == 0;
                break;
        case 4:
                if (p->source && strcmp(name, "address") == 0)
                        take_address(p);
                break;
        }
        (void)p->xml->xmlTextReaderMoveToElement(p->reader);
}

static int take_node(Place *p)
{
        const int type = p->xml->xmlTextReaderNodeType(p->reader);

        if (type == XML_READER_TYPE_ELEMENT)
                take_element(p);
        if (type != XML_READER_TYPE_TEXT || !p->name || p->domain_name ||
                p->xml->xmlTextReaderDepth(p->reader) != 2)
                return 0;
        p->domain_name = strdup((const char *)p->xml->xmlTextReaderConstValue(p->reader));
        return p->domain_name ? 0 : -ENOMEM;
}

static int read_all(Place *p)
{
        int r = 0;

        while (r == 0) {
                int more = p->xml->xmlTextReaderRead(p->reader);

                if (more <= 0)
                        return more < 0 ? -EBADMSG : 0;
                r = take_node(p);
        }
        return r;
}

int domain_xml_read(const char *text, size_t size, DomainXmlSink sink, void *context)
{
        Xml xml = {0};
        Place p = {.xml = &xml, .sink = sink, .context = context};
        int r = size <= INT_MAX ? load(&xml) : -EBADMSG;

        if (r < 0)
                return r;
        p.reader = xml.xmlReaderForMemory(text, (int)size, NULL, NULL,
                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        if (!p.reader)
                return -ENOMEM;
        r = read_all(&p);
        xml.xmlFreeTextReader(p.reader);
        free(p.domain_name);
        return r;
}

static void add_escaped(Text *out, const char *text)
{
        for (; *text; text++)
                if (strchr("<>&", *text))
                        text_add(out, "&#%d;", *text);
                else
                        text_add(out, "%c", *text);
}

/* The name stands before the devices that it is told with. */
static void add_hostdev(const char *domain, PciAddress a, void *context)
{
        Text *out = context;

        if (text_is_empty(out)) {
                text_add(out, "<domain>\n");
                if (*domain) {
                        text_add(out, "  <name>");
                        add_escaped(out, domain);
                        text_add(out, "</name>\n");
                }
                text_add(out, "  <devices>\n");
        }
        text_add(out,
                "    <hostdev mode='subsystem' type='pci' managed='yes'><source><address "
                "domain='0x%04x' bus='0x%02x' slot='0x%02x' function='%u'/></source></hostdev>\n",
                a.domain, a.bus, a.device, a.function);
}

int domain_xml_excerpt(const char *text, Arena *arena, const char **ret)
{
        Text out = TEXT_IN(arena);
        int r = domain_xml_read(text, strlen(text), add_hostdev, &out);

        if (r < 0 && r != -EBADMSG)
                return r;
        if (r == 0)
                text_add(&out, text_is_empty(&out) ? "<domain/>\n" : "  </devices>\n</domain>\n");
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = out.string;
        return 0;
}
