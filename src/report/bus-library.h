/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* libsystemd, loaded where systemd is asked something over D-Bus. */

#include <systemd/sd-bus.h>

#include "base/macro.h"

#define BUS_LIBRARY_SYMBOLS(x)                                                                     \
        x(sd_bus_new) x(sd_bus_set_address) x(sd_bus_start) x(sd_bus_open_system)                  \
                x(sd_bus_flush_close_unref) x(sd_bus_get_property_string) x(sd_bus_get_property)   \
                        x(sd_bus_message_read) x(sd_bus_message_unref)                             \
                                x(sd_bus_set_method_call_timeout) x(sd_bus_match_signal)           \
                                        x(sd_bus_call_method) x(sd_bus_wait) x(sd_bus_process)     \
                                                x(sd_bus_path_encode)

/* Its functions, under their own names. */
typedef struct BusLibrary {
#define BUS_LIBRARY_MEMBER(symbol) __typeof__(symbol) *symbol;
        BUS_LIBRARY_SYMBOLS(BUS_LIBRARY_MEMBER)
#undef BUS_LIBRARY_MEMBER
} BusLibrary;

/* Returns 0 or an errno of library_load(). */
int bus_library_load(BusLibrary *ret) _must_check_;
