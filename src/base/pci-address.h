/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* PCI addresses and ids as text and as values; whole strings or nothing. */

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

typedef struct PciAddress {
        uint32_t domain; /* above 0xffff behind Intel VMD */
        uint8_t bus;
        uint8_t device;   /* 0..31 */
        uint8_t function; /* 0..7 */
} PciAddress;

typedef struct PciId {
        uint16_t vendor;
        uint16_t device;
} PciId;

#define PCI_ADDRESS_SIZE sizeof("01234567:89:ab.c")

/*
 * Parses `[domain:]bus:device[.function]`, hexadecimal: 4 to 8 digits for the domain, 2 for bus and
 * device, 1 for the function. `*ret_function` tells whether a function was named; otherwise it is
 * 0. Returns 0, or -EINVAL for anything else, however small.
 */
int pci_address_parse(const char *text, PciAddress *ret, bool *ret_function) _must_check_;

bool pci_id_equal(PciId a, PciId b);

/* Parses `vvvv:dddd`, hexadecimal, exactly. Returns 0 or -EINVAL. */
int pci_id_parse(const char *text, PciId *ret) _must_check_;

/* Parses exactly `digits` hexadecimal digits (1..8). Returns 0 or -EINVAL. */
int pci_hex_parse(const char *text, unsigned digits, uint32_t *ret) _must_check_;

/* Parses a PCIe Device Serial Number: 16 hexadecimal digits, between which a `-` may stand.
 * Returns 0 or -EINVAL. */
int pci_serial_parse(const char *text, uint64_t *ret) _must_check_;

/* Writes it to `buffer` as lspci does, `00-11-22-33-44-55-66-77`, and returns that. */
#define PCI_SERIAL_SIZE sizeof("00-11-22-33-44-55-66-77")
const char *pci_serial_format(uint64_t serial, char buffer[static PCI_SERIAL_SIZE]);
#define PCI_SERIAL(s) pci_serial_format(s, (char[PCI_SERIAL_SIZE]){0})

/* Writes `0000:01:00.0` to `buffer` and returns it. */
const char *pci_address_format(PciAddress address, char buffer[static PCI_ADDRESS_SIZE]);
#define PCI_ADDRESS(a) pci_address_format(a, (char[PCI_ADDRESS_SIZE]){0})

/* <0, 0, >0 like strcmp(): by domain, bus, device, function. */
int pci_address_compare(PciAddress a, PciAddress b);

/* True for two functions of one slot. */
bool pci_address_same_slot(PciAddress a, PciAddress b);
