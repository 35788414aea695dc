/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Metrics in Prometheus' text format, for the textfile collector of node_exporter. Pure. */

#include "report/export.h"

void export_metrics(Export *e);
