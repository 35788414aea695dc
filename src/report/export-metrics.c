/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-metrics.h"

static void begin(Export *e, const char *name, const char *help)
{
        text_add(&e->text, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* One line for each word that the result may be, so that none is stale when it changes. */
static void add_result(Export *e)
{
        begin(e, "vfio_gpu_result",
                "Whether this is what became of the GPUs for virtual machines.");
        for (int i = 0; i < _OVERALL_MAX; i++)
                text_add(&e->text, "vfio_gpu_result{result=\"%s\"} %d\n", overall_word((Overall)i),
                        e->report->overall == (Overall)i);
}

/* Names, addresses and reasons have no letter that would have to be escaped. */
static void add_ready(Export *e, size_t index)
{
        const Claim *claim = &e->all->items[index];
        const Verdict *verdict = &e->report->verdicts[index];

        text_add(&e->text,
                "vfio_gpu_ready{name=\"%s\",address=\"%s\",result=\"%s\",reason=\"%s\"} %d\n",
                claim->entry->name, claim->display ? PCI_ADDRESS(claim->display->address) : "",
                result_word(verdict->result),
                verdict->reason == REASON_NONE ? "" : reason_word(verdict->reason),
                verdict->result == RESULT_READY);
}

/* The driver that the display has now. */
static const char *find_driver(const Claim *claim, const Verdict *verdict)
{
        for (size_t i = 0; verdict->bindings && i < claim->n_functions; i++)
                if (claim->functions[i] == claim->display)
                        return verdict->bindings[i].driver;
        return claim->display->binding.driver;
}

static void add_info(Export *e, size_t index)
{
        const Claim *claim = &e->all->items[index];
        const Function *f = claim->display;
        const char *driver = find_driver(claim, &e->report->verdicts[index]);

        text_add(&e->text,
                "vfio_gpu_info{name=\"%s\",address=\"%s\",id=\"%04x:%04x\",iommu_group=\"",
                claim->entry->name, PCI_ADDRESS(f->address), f->id.vendor, f->id.device);
        if (f->iommu_group >= 0)
                text_add(&e->text, "%d", f->iommu_group);
        text_add(&e->text, "\",driver=\"%s\"} 1\n", driver ? driver : "");
}

void export_metrics(Export *e)
{
        const bool known = e->report->overall != OVERALL_DISABLED;

        begin(e, "vfio_gpu_build_info", "The version of vfio-gpu.");
        text_add(&e->text, "vfio_gpu_build_info{version=\"%s\"} 1\n", VERSION);
        add_result(e);
        begin(e, "vfio_gpu_stale_initramfs",
                "Whether the initramfs of this boot has another config than /etc, or no vfio-gpu.");
        text_add(&e->text, "vfio_gpu_stale_initramfs %d\n", e->report->image != IMAGE_FITS);
        if (!known || e->all->n_items == 0)
                return;
        begin(e, "vfio_gpu_ready", "Whether a GPU is on its VFIO driver, whole.");
        for (size_t i = 0; i < e->all->n_items; i++)
                add_ready(e, i);
        begin(e, "vfio_gpu_info", "Facts about a GPU that an entry picks.");
        for (size_t i = 0; i < e->all->n_items; i++)
                if (e->all->items[i].display)
                        add_info(e, i);
}
