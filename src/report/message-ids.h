/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The kinds of journal record; lint checks that units/vfio-gpu.catalog explains each. */

#define MESSAGE_ID_READY     "b7a2aea4732c4176bed92f577e8dbcc9"
#define MESSAGE_ID_NOT_READY "532f6f0c2dc04eb99791f6ada407766a"
#define MESSAGE_ID_SKIPPED   "b84edc33e433494593d330c5b27b6cbf"
#define MESSAGE_ID_RELEASED  "8b1f7a6cf2b84d0a9c35e7c41d62b09e"
#define MESSAGE_ID_SUMMARY   "f53ce43d2b654350a2f1828f647afb07"
#define MESSAGE_ID_CONFIG    "47a226743de34648a074f70aeb3263d4"
#define MESSAGE_ID_DISABLED  "cb84b6705b764a5089acfcca1366eb70"
#define MESSAGE_ID_WARNING   "e85802e7eb9a465f8913c5ce7342d40d"
#define MESSAGE_ID_TROUBLE   "9bc0f5fdb7744a7d93a0ad64585a265d"
