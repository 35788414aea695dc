/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* install.conf of kernel-install(8): the layout in which kernels are put where they boot from. */

#include <stdbool.h>

#include "host/root.h"

/* True when it makes unified kernel images. What cannot be read says nothing. */
bool scan_install_conf_is_uki(const Root *root);
