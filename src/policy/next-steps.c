/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/next-steps.h"

#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "policy/kernel-line.h"
#include "policy/unit-mask.h"

#define CONFIG "/etc/vfio-gpu.conf"

typedef struct Planning {
        const NextInput *input;
        const Host *host;
        const Claims *claims;
        Arena *arena;
        NextSteps steps;
        bool reboot;
        const char *made; /* why no image is to be made, though this boot's did not fit; or NULL */
        bool kernel_install; /* something that only it takes up has changed */
        bool new_parts;      /* something that goes into the image has changed */
} Planning;

/* Memory that has run out is remembered by the arena. */
static void add(Planning *p, const char *command, const char *text)
{
        NextStep *step = arena_push(p->arena, &p->steps.items, &p->steps.n_items);

        if (step)
                *step = (NextStep){command, text};
}

static const char *config_name(const Planning *p)
{
        return p->input->config ? p->input->config : CONFIG;
}

/* Nothing but another config, or another slot, makes the card go. */
static bool wants_mending(const Claim *claim)
{
        static const Reason reasons[] = {REASON_ABSENT, REASON_AMBIGUOUS, REASON_NOT_A_GPU,
                REASON_CONFLICT, REASON_SHARED_GROUP, REASON_BOOT_DISPLAY, REASON_BRIDGE_HEADER,
                REASON_BIND_FAILED};

        if (claim->skipped || (claim->entry->optional && claim->findings[REASON_ABSENT].cause))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
                if (claim->findings[reasons[i]].cause)
                        return true;
        return claim->findings[REASON_VIRTUAL_FUNCTION].cause && !claim->display;
}

static bool add_mending(Planning *p)
{
        Text names = TEXT_IN(p->arena);
        const Entry *last = NULL;

        for (size_t i = 0; i < p->claims->n_items; i++) {
                const Claim *claim = &p->claims->items[i];

                if (!wants_mending(claim) || claim->entry == last)
                        continue;
                last = claim->entry;
                text_separate(&names, ", ");
                text_add(&names, "%s", last->name);
        }
        if (text_is_empty(&names))
                return false;
        add(p, NULL,
                arena_printf(p->arena, "mend %s as said above: %s", config_name(p), names.string));
        add(p, p->input->check, NULL);
        return true;
}

static bool stands_against(const Planning *p, Reason reason)
{
        for (size_t i = 0; i < p->claims->n_items; i++)
                if (!p->claims->items[i].skipped && p->claims->items[i].findings[reason].cause)
                        return true;
        return false;
}

/* Several reasons may want one thing. */
static void add_once(Planning *p, const char *command, const char *text)
{
        const char *new = command ? command : text;

        for (size_t i = 0; new &&i < p->steps.n_items; i++) {
                const NextStep *step = &p->steps.items[i];

                if (strcmp(step->command ? step->command : step->text, new) == 0)
                        return;
        }
        if (new)
                add(p, command, text);
}

/* What takes up all that was edited comes once, after the last of that. */
static void add_last(Planning *p, const char *command)
{
        NextSteps *steps = &p->steps;
        size_t n = 0;

        for (size_t i = 0; i < steps->n_items; i++)
                if (!steps->items[i].command || strcmp(steps->items[i].command, command) != 0)
                        steps->items[n++] = steps->items[i];
        steps->n_items = n;
        add(p, command, NULL);
}

static void take_up(Planning *p, const char *edit, const KernelLineAdvice *advice)
{
        add_once(p, NULL, edit);
        if (advice->command)
                add_last(p, advice->command);
        p->kernel_install |= advice->kernel_install;
}

static void change_line(Planning *p, KernelLineChange change, const char *word)
{
        const KernelLineAdvice advice = kernel_line_advice(p->host, change, word, p->arena);

        take_up(p, advice.edit, &advice);
}

static void add_word(Planning *p, const Rival *rival)
{
        const char *word = quote(rival->text);
        const KernelLineAdvice advice =
                kernel_line_advice(p->host, KERNEL_LINE_REMOVE, word, p->arena);
        const char *edit = advice.edit;

        if (rival->file)
                edit = arena_printf(
                        p->arena, "take %s out of %s:%u", word, rival->file, rival->line);
        take_up(p, edit, &advice);
}

/* What of a modprobe.d is in the image, too. */
static void add_line(Planning *p, const Rival *rival)
{
        if (rival->on_cmdline) {
                add_word(p, rival);
                return;
        }
        add_once(p, NULL,
                arena_printf(p->arena, "remove %s:%u, %s", rival->file, rival->line,
                        quote(rival->text)));
        p->new_parts = true;
}

static void add_hiding(Planning *p, const Rival *rival)
{
        add_once(p, NULL,
                arena_printf(p->arena, "give %s another name: it hides the file of vfio-gpu",
                        rival->file));
        p->new_parts = true;
}

static void add_driverctl(Planning *p, const Rival *rival)
{
        add_once(p, arena_printf(p->arena, "rm %s", rival->file),
                "driverctl takes the card at each boot");
}

static void add_operator(Planning *p, _unused_ const Rival *rival)
{
        add_once(p, "vfio-gpu export nfd --gpu-operator=off",
                "node labels that keep NVIDIA's GPU Operator from the cards");
}

/* What takes a card back at each boot comes first. */
static void add_contenders(Planning *p)
{
        static const struct {
                RivalKind kind;
                void (*add)(Planning *p, const Rival *rival);
        } kinds[] = {
                {RIVAL_DRIVERCTL, add_driverctl},
                {RIVAL_OPERATOR, add_operator},
                {RIVAL_HIDES, add_hiding},
                {RIVAL_STUB_IDS, add_line},
                {RIVAL_IDS, add_line},
        };
        const Plan *plan = p->input->plan;

        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
                for (size_t i = 0; i < plan->n_contenders; i++)
                        if (plan->contenders[i]->kind == kinds[k].kind)
                                kinds[k].add(p, plan->contenders[i]);
}

/* The words that switch it off go; where there is none, Intel's may have to be switched on. */
static void add_iommu(Planning *p)
{
        static const char *const offs[] = {"intel_iommu=off", "amd_iommu=off", "iommu=off"};
        bool off = false;

        if (!stands_against(p, REASON_NO_IOMMU))
                return;
        p->reboot = true;
        for (size_t i = 0; i < ARRAY_SIZE(offs); i++)
                if (kernel_line_has(p->host, offs[i])) {
                        change_line(p, KERNEL_LINE_REMOVE, offs[i]);
                        off = true;
                }
        if (off)
                return;
        if (p->host->firmware_iommu == FIRMWARE_IOMMU_INTEL &&
                !kernel_line_has(p->host, "intel_iommu=on"))
                change_line(p, KERNEL_LINE_ADD, "intel_iommu=on");
        else if (p->host->firmware_iommu == FIRMWARE_IOMMU_NONE ||
                 p->host->firmware_iommu == FIRMWARE_IOMMU_UNKNOWN)
                add(p, NULL,
                        "switch the IOMMU on in the set-up of the firmware (VT-d, AMD-Vi or SMMU)");
        else
                add(p, "dmesg | grep -i -e iommu -e dmar -e amd-vi -e smmu",
                        "the firmware has an IOMMU: why does the kernel not use it?");
}

static void add_modules(Planning *p)
{
        const char *release = p->host->release;

        if (stands_against(p, REASON_NO_DRIVER))
                add(p, NULL,
                        arena_printf(p->arena, "install the VFIO modules of %s%s",
                                release ? "kernel " : "this kernel", release ? release : ""));
}

/* It is on a driver that must not be taken away at run time, but need not get it at the next boot.
 */
static bool is_taken_by_host(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (function_is_gpu(f) && f->binding.driver && !binding_is_vfio(&f->binding))
                        return true;
        }
        return false;
}

static bool is_on_other_vfio_driver(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Binding *binding = &claim->functions[i]->binding;

                if (binding_is_vfio(binding) && !binding_is_on(binding, claim->drivers[i]))
                        return true;
        }
        return false;
}

static void add_busy(Planning *p, const Claim *claim)
{
        const char *address = claim->display ? PCI_ADDRESS(claim->display->address) : "";

        if (!claim->findings[REASON_DRIVER_BUSY].cause)
                return;
        if (is_on_other_vfio_driver(claim))
                add(p, arena_printf(p->arena, "vfio-gpu release %s", address), NULL);
        else if (is_taken_by_host(claim) && !claim->entry->force_unbind)
                p->reboot = true;
        else
                add(p, NULL, arena_printf(p->arena, "stop what uses %s, as said above", address));
}

static void add_obstacles(Planning *p, const Claim *claim)
{
        add_busy(p, claim);
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim->findings[REASON_VIRTUAL_FUNCTION].cause &&
                        claim->functions[i]->enabled_vfs)
                        add(p,
                                arena_printf(p->arena,
                                        "echo 0 >/sys/bus/pci/devices/%s/sriov_numvfs",
                                        PCI_ADDRESS(claim->functions[i]->address)),
                                NULL);
        p->reboot |= claim->findings[REASON_TIMEOUT].cause != NULL;
}

static bool lists_any(const Planning *p)
{
        for (size_t i = 0; i < p->claims->n_items; i++)
                if (!p->claims->items[i].skipped)
                        return true;
        return false;
}

/* Where dracut is, the next boot has an image, whatever is known of this one. */
static bool has_image(const Planning *p)
{
        const ImageTool tool = p->host->image_tool;

        return p->host->initrd.existed ||
               (tool != IMAGE_TOOL_UNKNOWN && image_tool_may_carry(tool));
}

/* A step before has changed what goes into it. */
static bool changes_image(const Planning *p)
{
        if (p->kernel_install)
                return true;
        return (p->new_parts || p->input->config || stands_against(p, REASON_NO_DRIVER)) &&
               has_image(p);
}

/* An image that is older than the decision to use vfio-gpu has never heard of it. */
static bool wants_image(const Planning *p)
{
        return p->input->image != IMAGE_FITS ||
               (!p->host->initrd.ran && has_image(p) && lists_any(p));
}

static void add_making(Planning *p, const char *why)
{
        const ImageTool tool = p->kernel_install ? IMAGE_TOOL_KERNEL_INSTALL : p->host->image_tool;
        const char *remark = image_remark(tool);

        add(p, image_make(tool),
                why && remark ? arena_printf(p->arena, "%s; %s", why, remark)
                : why         ? why
                              : remark);
}

/* Unless it has been made, and waits for a reboot. */
static void add_image(Planning *p)
{
        const char *why = NULL;

        if (changes_image(p) || (!p->host->enabled && wants_image(p))) {
                add_making(p, NULL);
        } else if (wants_image(p)) {
                if (image_judge_disk(p->host, p->arena, &why) != IMAGE_DISK_NEW) {
                        add_making(p, why);
                        return;
                }
                p->reboot = true;
                p->made = why;
        }
}

/* A unit that is masked cannot be enabled before that is over. */
static void add_unmasking(Planning *p)
{
        const char *command = unit_mask_command(p->host);

        for (Stage stage = STAGE_INITRD; stage <= STAGE_SYSTEM; stage++) {
                const char *word = unit_mask_word(p->host, stage);

                if (!word)
                        continue;
                change_line(p, KERNEL_LINE_REMOVE, word);
                p->reboot = true;
        }
        if (command)
                add(p, command, arena_printf(p->arena, "%s masks it", p->host->masked));
}

/* The unit goes into the image where it is enabled. */
static void add_preparation(Planning *p)
{
        if (p->input->config)
                add(p, arena_printf(p->arena, "install -m 0644 %s " CONFIG, p->input->config),
                        NULL);
        add_unmasking(p);
        if (!p->host->enabled)
                add(p, "systemctl enable vfio-gpu", NULL);
        add_image(p);
}

static bool all_are_ready(const Planning *p)
{
        for (size_t i = 0; i < p->claims->n_items; i++) {
                const Claim *claim = &p->claims->items[i];

                if (!claim->skipped && claim->display && !claim_is_ready(claim))
                        return false;
        }
        return true;
}

static void add_deed(Planning *p)
{
        if (stands_against(p, REASON_TIMEOUT))
                add(p, NULL, "power the machine off and on: a driver holds on to a card");
        else if (p->reboot)
                add(p, "reboot", p->made);
        else if (!all_are_ready(p))
                add(p, "systemctl restart vfio-gpu", "a reboot would do it, too");
        else
                return;
        add(p, "vfio-gpu status", "shows what came of it");
}

static void plan_all(Planning *p)
{
        if (p->claims->n_items == 0) {
                add(p, "vfio-gpu list", "which cards are for virtual machines?");
                add(p,
                        arena_printf(p->arena, "vfio-gpu init ADDRESS... --force --output=%s",
                                config_name(p)),
                        NULL);
                add(p, p->input->check, NULL);
                return;
        }
        if (add_mending(p))
                return;
        add_contenders(p);
        add_iommu(p);
        add_modules(p);
        if (stands_against(p, REASON_UNREADABLE))
                add(p, "dmesg", "what does the kernel say of the device that failed?");
        for (size_t i = 0; i < p->claims->n_items; i++)
                if (!p->claims->items[i].skipped)
                        add_obstacles(p, &p->claims->items[i]);
        add_preparation(p);
        add_deed(p);
}

/* In the initrd, and in a crash kernel, everybody has other worries. */
static bool is_the_time(const NextInput *input)
{
        return input->host->stage == STAGE_SYSTEM && input->plan->off != PLAN_OFF_CRASH;
}

int next_steps_build(const NextInput *input, Arena *arena, NextSteps **ret)
{
        Planning p = {
                .input = input,
                .host = input->host,
                .claims = &input->plan->claims,
                .arena = arena,
        };

        NextSteps *steps = NULL;

        if (!is_the_time(input)) {
                *ret = NULL;
                return 0;
        }
        if (input->plan->off != PLAN_ON)
                add(&p, "reboot", "without `vfio_gpu=0` on the kernel command line");
        else
                plan_all(&p);
        steps = arena_alloc(arena, sizeof(*steps));
        if (!steps || arena_failed(arena))
                return -ENOMEM;
        *steps = p.steps;
        *ret = steps;
        return 0;
}

const char *next_step_sentence(const NextStep *step, Arena *arena)
{
        if (!step->command)
                return step->text;
        if (!step->text)
                return arena_printf(arena, "`%s`", step->command);
        return arena_printf(arena, "`%s` (%s)", step->command, step->text);
}
