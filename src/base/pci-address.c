/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pci-address.h"

#include <string.h>

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* Takes up to `max` hexadecimal digits off `*text`; returns how many there were. */
static unsigned take_hex(const char **text, unsigned max, uint32_t *ret)
{
        unsigned n = 0;
        uint32_t value = 0;

        for (int digit; n < max && (digit = hex_digit((*text)[n])) >= 0; n++)
                value = value << 4 | (uint32_t)digit;
        *text += n;
        *ret = value;
        return n;
}

int pci_hex_parse(const char *text, unsigned digits, uint32_t *ret)
{
        uint32_t value = 0;

        if (take_hex(&text, digits, &value) != digits || *text)
                return -EINVAL;
        *ret = value;
        return 0;
}

int pci_address_parse(const char *text, PciAddress *ret, bool *ret_function)
{
        uint32_t domain = 0, bus = 0, device = 0, function = 0;
        bool has_function = false;
        const char *first_colon = strchr(text, ':');

        if (first_colon && strchr(first_colon + 1, ':')) {
                if (take_hex(&text, 8, &domain) < 4 || *text++ != ':')
                        return -EINVAL;
        }
        if (take_hex(&text, 2, &bus) != 2 || *text++ != ':' || take_hex(&text, 2, &device) != 2)
                return -EINVAL;
        if (*text == '.') {
                has_function = true;
                text++;
                if (take_hex(&text, 1, &function) != 1)
                        return -EINVAL;
        }
        if (*text || device > 31 || function > 7)
                return -EINVAL;
        *ret = (PciAddress){domain, (uint8_t)bus, (uint8_t)device, (uint8_t)function};
        if (ret_function)
                *ret_function = has_function;
        return 0;
}

bool pci_id_equal(PciId a, PciId b)
{
        return a.vendor == b.vendor && a.device == b.device;
}

int pci_id_parse(const char *text, PciId *ret)
{
        uint32_t vendor = 0, device = 0;

        if (take_hex(&text, 4, &vendor) != 4 || *text++ != ':')
                return -EINVAL;
        if (take_hex(&text, 4, &device) != 4 || *text)
                return -EINVAL;
        *ret = (PciId){(uint16_t)vendor, (uint16_t)device};
        return 0;
}

int pci_serial_parse(const char *text, uint64_t *ret)
{
        uint64_t serial = 0;

        for (unsigned n = 0; n < 16; n++) {
                int digit = 0;

                if (n > 0 && *text == '-')
                        text++;
                digit = hex_digit(*text++);
                if (digit < 0)
                        return -EINVAL;
                serial = serial << 4 | (unsigned)digit;
        }
        if (*text)
                return -EINVAL;
        *ret = serial;
        return 0;
}

const char *pci_serial_format(uint64_t serial, char buffer[static PCI_SERIAL_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        char *to = buffer;

        for (int shift = 60; shift >= 0; shift -= 4) {
                *to++ = digits[serial >> shift & 0xf];
                if (shift % 8 == 0)
                        *to++ = shift > 0 ? '-' : '\0';
        }
        return buffer;
}

const char *pci_address_format(PciAddress a, char buffer[static PCI_ADDRESS_SIZE])
{
        snprintf(buffer, PCI_ADDRESS_SIZE, "%04x:%02x:%02x.%x", a.domain, a.bus, a.device & 0x1f,
                a.function & 0x7);
        return buffer;
}

int pci_address_compare(PciAddress a, PciAddress b)
{
        if (a.domain != b.domain)
                return a.domain < b.domain ? -1 : 1;
        if (a.bus != b.bus)
                return a.bus < b.bus ? -1 : 1;
        if (a.device != b.device)
                return a.device < b.device ? -1 : 1;
        return (int)a.function - (int)b.function;
}

bool pci_address_same_slot(PciAddress a, PciAddress b)
{
        return a.domain == b.domain && a.bus == b.bus && a.device == b.device;
}
