/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-apply.h"

/* The module of the one is not the other's trouble, and hangs beside it. */
Test(apply, each_load_for_those_who_need_it)
{
        static const struct {
                const char *module;
                SimFaultType type;
                bool ready[2];
                Reason reason;
        } cases[] = {
                {"x_vfio_pci", SIM_FAIL, {true, false}, REASON_NO_DRIVER},
                {"x_vfio_pci", SIM_HANG, {true, false}, REASON_TIMEOUT},
                {"vfio_pci", SIM_FAIL, {false, true}, REASON_NO_DRIVER},
                {"vfio_pci", SIM_HANG, {false, true}, REASON_TIMEOUT},
                {"vfio_iommu_type1", SIM_FAIL, {false, false}, REASON_NO_DRIVER},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(run_done) Run run = {0};
                const SimFault fault = {SIM_LOAD, "", cases[i].module, cases[i].type, ENOENT};

                apply_with(&run, A VARIANT HOST, TWO, fault, 200);
                for (size_t k = 0; k < 2; k++) {
                        const Verdict *verdict = &run.verdicts[k];

                        cr_expect_eq(verdict->result == RESULT_READY, cases[i].ready[k], "%zu %s",
                                i, verdict->message);
                        if (!cases[i].ready[k])
                                cr_expect_eq(verdict->reason, cases[i].reason, "%zu %s", i,
                                        verdict->message);
                }
        }
}

/* On the bus a variant is spelled with `_`, whatever the config says; and what it brings along is
 * vfio-pci's. */
Test(apply, a_variant_by_name)
{
        RUN(run,
                "0000:02:00.0 10de:2342 030200 group=2 variants=x_vfio_pci,y_vfio_pci\n"
                "0000:02:00.1 10de:22ba 040300 group=2\n",
                "{ address = '02:00'; driver = 'y-vfio-pci'; }");

        apply(&run, 3000);
        cr_expect_eq(run.verdicts[0].result, RESULT_READY, "%s", run.verdicts[0].message);
        cr_expect_str_eq(sim_driver(run.sim, (PciAddress){.bus = 2}), "y_vfio_pci");
        cr_expect_str_eq(sim_driver(run.sim, (PciAddress){.bus = 2, .function = 1}), "vfio-pci");
        cr_expect_str_eq(run.verdicts[0].message,
                "on y_vfio_pci, IOMMU group 2, with 0000:02:00.1 on vfio-pci");
}
