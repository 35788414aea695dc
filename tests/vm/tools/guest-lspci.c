/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A guest in one file, for a machine within the machine, where an emulated Linux would take ten
 * minutes: QEMU's -kernel starts it (Multiboot) when the firmware has numbered the buses. It says
 * on the serial port what it finds in the configuration space of each function, as `lspci -n` does,
 * and what it reads at the begin of a display's first memory, which only a driver of the card would
 * read; and ends the machine:
 *
 *   01:00.0 0302: 10de:1eb8
 *   01:00.0 register 0: 00000000
 */

#include <stdint.h>

__asm__(".long 0x1badb002, 0, -0x1badb002\n"
        ".globl start\n"
        "start: mov $stack + 4096, %esp\n"
        "call run\n");

enum {
        SERIAL = 0x3f8,
        CONFIG_ADDRESS = 0xcf8,
        CONFIG_DATA = 0xcfc,
        RESET_CONTROL = 0xcf9,
        BUSES = 8,
        CLASS_DISPLAY = 0x03,
};

char stack[4096];

static void out8(uint16_t port, uint8_t value)
{
        __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
        uint8_t value;

        __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
        return value;
}

static uint32_t config(unsigned function, unsigned offset)
{
        uint32_t value;

        __asm__ volatile("outl %0, %w1"
                         :
                         : "a"(0x80000000u | function << 8 | offset), "Nd"(CONFIG_ADDRESS));
        __asm__ volatile("inl %w1, %0" : "=a"(value) : "Nd"(CONFIG_DATA));
        return value;
}

static void say(const char *text)
{
        for (; *text; text++) {
                while (!(in8(SERIAL + 5) & 0x20))
                        ;
                out8(SERIAL, (uint8_t)*text);
        }
}

static void say_hex(uint32_t value, unsigned digits)
{
        char text[9] = "";

        for (unsigned i = 0; i < digits; i++)
                text[i] = "0123456789abcdef"[value >> (digits - 1 - i) * 4 & 0xf];
        say(text);
}

static void say_function(unsigned function)
{
        say_hex(function >> 8, 2);
        say(":");
        say_hex(function >> 3 & 0x1f, 2);
        say(".");
        say_hex(function & 7, 1);
}

static void look(unsigned function)
{
        uint32_t ids = config(function, 0), class = config(function, 8) >> 16;
        uint32_t bar = config(function, 0x10);

        if (ids == 0xffffffff)
                return;
        say_function(function);
        say(" ");
        say_hex(class, 4);
        say(": ");
        say_hex(ids & 0xffff, 4);
        say(":");
        say_hex(ids >> 16, 4);
        say("\n");
        if (class >> 8 != CLASS_DISPLAY || (bar & 1) || !(bar & ~0xfu))
                return;
        say_function(function);
        say(" register 0: ");
        say_hex(*(volatile uint32_t *)(uintptr_t)(bar & ~0xfu), 8);
        say("\n");
}

void run(void);

void run(void)
{
        for (unsigned function = 0; function < BUSES << 8; function++)
                look(function);
        say("that is all\n");
        for (;;)
                out8(RESET_CONTROL, 0x06);
}
