/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-nfd.h"

#include <string.h>

#include "base/driver-name.h"

/* Names and values of labels are those of Kubernetes: 63 letters at most, no `:`. */
#define PREFIX       "feature.node.kubernetes.io/vfio-gpu."
#define LABEL_MAX    63u
#define FILE_MAX     65536u /* NFD leaves out a file that has more */
#define OPERATOR     "nvidia.com/gpu."
#define HEADING      "# for NVIDIA's GPU Operator\n"
#define ENTRY_SUFFIX ".ready"

static const char *const operator_words[_GPU_OPERATOR_MAX] = {
        [GPU_OPERATOR_OFF] = "off",
        [GPU_OPERATOR_NODE] = "node",
        [GPU_OPERATOR_MIXED] = "mixed",
};

int gpu_operator_parse(const char *word, GpuOperator *ret)
{
        for (int i = 0; i < _GPU_OPERATOR_MAX; i++)
                if (operator_words[i] && strcmp(operator_words[i], word) == 0) {
                        *ret = (GpuOperator)i;
                        return 0;
                }
        return -EINVAL;
}

static bool is_ready(const Export *e, size_t index)
{
        return e->report->verdicts[index].result == RESULT_READY;
}

static unsigned count_entry(const Export *e, const Entry *entry)
{
        unsigned n = 0;

        for (size_t i = 0; i < e->all->n_items; i++)
                n += e->all->items[i].entry == entry && is_ready(e, i);
        return n;
}

static bool is_model(const Claim *claim, PciId id)
{
        return claim->display && claim->display->id.vendor == id.vendor &&
               claim->display->id.device == id.device;
}

/* Counted at the first ready GPU of each model, and nowhere else: 0. */
static unsigned count_model(const Export *e, size_t index)
{
        const Claim *first = &e->all->items[index];
        unsigned n = 0;

        for (size_t i = 0; i < e->all->n_items; i++) {
                if (!is_ready(e, i) || !is_model(&e->all->items[i], first->display->id))
                        continue;
                if (i < index)
                        return 0;
                n++;
        }
        return n;
}

static unsigned count_all(const Export *e)
{
        unsigned n = 0;

        for (size_t i = 0; i < e->all->n_items; i++)
                n += is_ready(e, i);
        return n;
}

static void add_entry(Export *e, const Entry *entry)
{
        const size_t length = strlen("vfio-gpu.") + strlen(entry->name) + strlen(ENTRY_SUFFIX);
        const char *line = arena_printf(
                e->arena, PREFIX "%s" ENTRY_SUFFIX "=%u\n", entry->name, count_entry(e, entry));

        if (length > LABEL_MAX)
                export_leave_out(e,
                        "%s has no label of its own: its name is too long for one, %zu letters "
                        "where there is room for %zu",
                        entry->name, strlen(entry->name),
                        LABEL_MAX - (length - strlen(entry->name)));
        else if (line && e->text.length + strlen(line) > FILE_MAX - 1024)
                export_leave_out(e, "%s has no label: the file would grow larger than NFD reads",
                        entry->name);
        else if (line)
                text_add(&e->text, "%s", line);
}

static void add_models(Export *e)
{
        for (size_t i = 0; i < e->all->n_items; i++) {
                const Claim *claim = &e->all->items[i];
                unsigned n = is_ready(e, i) ? count_model(e, i) : 0;

                if (n > 0)
                        text_add(&e->text, PREFIX "%04x-%04x.count=%u\n", claim->display->id.vendor,
                                claim->display->id.device, n);
        }
}

static bool is_exported(const Export *e, const Function *f)
{
        for (size_t i = 0; i < e->n_claims; i++)
                if (claim_holds(e->claims[i], f))
                        return true;
        return false;
}

/* As the operator's own validator counts them (GetGPUs of go-nvlib): no VFs. */
static bool is_nvidia_gpu(const Function *f)
{
        return f->id.vendor == PCI_VENDOR_NVIDIA && function_is_display(f) && !f->virtual_function;
}

static const Function *find_nvidia(const Export *e, bool exported)
{
        for (size_t i = 0; i < e->host->n_functions; i++) {
                const Function *f = &e->host->functions[i];

                if (is_nvidia_gpu(f) && is_exported(e, f) == exported)
                        return f;
        }
        return NULL;
}

/* Its sandbox-validator knows these two by name, and waits for ever where a GPU has another. */
static const Claim *find_odd_driver(const Export *e)
{
        for (size_t i = 0; i < e->n_claims; i++) {
                const char *driver = claim_display_driver(e->claims[i]);

                if (is_nvidia_gpu(e->claims[i]->display) && driver &&
                        !driver_name_equal(driver, "vfio-pci") &&
                        !driver_name_equal(driver, "nvgrace_gpu_vfio_pci"))
                        return e->claims[i];
        }
        return NULL;
}

/* Those that the operator does not take away again: it deletes what is not of the workload config
 * that the node has (controllers/state_manager.go). */
static void add_node_labels(Export *e)
{
        const Function *other = find_nvidia(e, false);
        const Claim *odd = find_odd_driver(e);

        if (other) {
                export_leave_out(e,
                        "no label for the GPU Operator: %s is NVIDIA's and stays with the host, "
                        "but the operator serves virtual machines only where all NVIDIA GPUs of a "
                        "node are on VFIO; --gpu-operator=mixed or =off is for such a node",
                        PCI_ADDRESS(other->address));
                return;
        }
        if (odd) {
                export_leave_out(e,
                        "no label for the GPU Operator: %s is to be on %s, which the operator "
                        "does not know; --gpu-operator=off is for such a node",
                        PCI_ADDRESS(odd->display->address), claim_display_driver(odd));
                return;
        }
        text_add(&e->text, HEADING OPERATOR "workload.config=vm-passthrough\n" OPERATOR
                                            "deploy.vfio-manager=false\n");
        export_warn(e, "the operator goes by these labels only with sandboxWorkloads.enabled=true; "
                       "without it, it would bring its driver here: --gpu-operator=off");
}

/* Without a driver of its own, it leaves the cards alone; its device plugin sees those that the
 * host's driver has. */
static void add_mixed_labels(Export *e)
{
        text_add(&e->text,
                HEADING OPERATOR "workload.config=container\n" OPERATOR "deploy.driver=false\n");
        export_warn(e, "with these labels the operator brings no driver: for containers, NVIDIA's "
                       "has to be on the host itself");
}

static void add_operator_labels(Export *e)
{
        if (e->gpu_operator == GPU_OPERATOR_UNSAID)
                return;
        if (!find_nvidia(e, true)) {
                export_leave_out(e, "no label for the GPU Operator: no NVIDIA GPU is handed over");
                return;
        }
        if (e->gpu_operator == GPU_OPERATOR_OFF)
                text_add(&e->text, HEADING OPERATOR "deploy.operands=false\n");
        else if (e->gpu_operator == GPU_OPERATOR_NODE)
                add_node_labels(e);
        else
                add_mixed_labels(e);
}

void export_nfd(Export *e)
{
        const Overall overall = e->report->overall;

        text_add(&e->text, "# Made by vfio-gpu for Node Feature Discovery.\n");
        text_add(&e->text, PREFIX "result=%s\n", overall_word(overall));
        text_add(&e->text, PREFIX "ready=%s\n",
                overall == OVERALL_OK || overall == OVERALL_DEGRADED ? "true" : "false");
        text_add(&e->text, PREFIX "count=%u\n", count_all(e));
        for (size_t i = 0; overall != OVERALL_DISABLED && i < e->config->n_entries; i++)
                add_entry(e, &e->config->entries[i]);
        add_models(e);
        if (overall != OVERALL_DISABLED)
                add_operator_labels(e);
}
