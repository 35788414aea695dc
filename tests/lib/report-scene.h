/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The report of a scene, judged by what its config would reach. */

#include "lib/scene.h"
#include "report/report.h"

/* Plans anew. `expected` as in ReportInput; it lives as long as the scene. */
Report report_of_scene(Scene *scene, bool expected);
