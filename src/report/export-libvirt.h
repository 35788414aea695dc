/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* <hostdev> elements for the <devices> of a libvirt domain. Pure. */

#include "report/export.h"

void export_libvirt(Export *e);
