/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/rivals.h"

#include <string.h>

#include "base/driver-name.h"
#include "base/quote.h"
#include "base/text.h"
#include "policy/blacklist.h"
#include "policy/image.h"
#include "policy/kernel-line.h"

#define PCI_ANY 0xffffffffu

typedef struct RivalContext {
        const Host *host;
        Plan *plan;
        const char **blacklist; /* what vfio-gpu keeps away by itself */
        size_t n_blacklist;
        Text needless; /* what does no harm, and no good either */
} RivalContext;

typedef const char *(*Judge)(RivalContext *context, const Rival *rival);

/* Whether an entry wants it: it need not be ready, nor free. */
static const Claim *find_claim(const RivalContext *context, const Function *f)
{
        for (size_t i = 0; i < context->plan->claims.n_items; i++) {
                const Claim *claim = &context->plan->claims.items[i];

                if (!claim->skipped && claim_holds(claim, f))
                        return claim;
        }
        return NULL;
}

/* So that the steps on the way to ready cards have it. */
static void must_go(RivalContext *context, const Rival *rival)
{
        Plan *plan = context->plan;
        const Rival **contender = arena_push(plan->arena, &plan->contenders, &plan->n_contenders);

        if (contender)
                *contender = rival;
}

/* "/etc/modprobe.d/vfio.conf:3, "options ..."," or "the kernel command line, "..."," */
static const char *subject(const RivalContext *context, const Rival *rival)
{
        Text text = TEXT_IN(context->plan->arena);

        if (rival->on_cmdline)
                text_add(&text, "the kernel command line");
        else
                text_add(&text, "%s", rival->file);
        if (!rival->on_cmdline && rival->line > 0)
                text_add(&text, ":%u", rival->line);
        if (rival->text)
                text_add(&text, ", %s,", quote(rival->text));
        return text.string;
}

static const char *new_image(const RivalContext *context)
{
        switch (context->host->image_tool) {
        case IMAGE_TOOL_INITRAMFS_TOOLS:
                return "`update-initramfs -u -k all`";
        case IMAGE_TOOL_MKINITCPIO:
                return "`mkinitcpio -P`";
        default:
                return image_command(context->host->image_tool);
        }
}

/* Once it is out of the file; NULL: nobody knows. */
static const char *new_boot_menu(const RivalContext *context, const Rival *rival)
{
        const KernelLineAdvice advice = kernel_line_advice(
                context->host, KERNEL_LINE_REMOVE, quote(rival->text), context->plan->arena);

        return advice.command ? arena_printf(context->plan->arena, "`%s`", advice.command) : NULL;
}

/* How the line goes away for good. */
static const char *remove_it(const RivalContext *context, const Rival *rival)
{
        Arena *arena = context->plan->arena;
        const char *then = rival->on_cmdline ? new_boot_menu(context, rival) : new_image(context);

        if (!rival->on_cmdline)
                return arena_printf(arena, "remove the line, then %s", then);
        if (!then && !rival->file)
                return "take it out of the boot loader's configuration";
        if (!then)
                return arena_printf(arena,
                        "take it out of %s:%u and of the boot loader's configuration", rival->file,
                        rival->line);
        if (!rival->file)
                return arena_printf(arena, "remove it: %s", then);
        return arena_printf(arena, "remove it from %s:%u, then %s", rival->file, rival->line, then);
}

/* One of `vendor:device[:subvendor[:subdevice[:class[:mask]]]]`, as vfio-pci and pci-stub read
 * them: hexadecimal, and what is left out fits all. */
static bool id_fits(const char *id, const Function *f)
{
        uint32_t field[6] = {PCI_ANY, PCI_ANY, PCI_ANY, PCI_ANY, 0, 0};
        size_t n = 0;

        for (char *end = NULL; n < ARRAY_SIZE(field); id = end + 1) {
                field[n] = (uint32_t)strtoul(id, &end, 16);
                if (end == id)
                        break;
                n++;
                if (*end != ':')
                        break;
        }
        return n >= 2 && field[0] == f->id.vendor && field[1] == f->id.device &&
               (field[2] == PCI_ANY || field[2] == f->subsystem.vendor) &&
               (field[3] == PCI_ANY || field[3] == f->subsystem.device) &&
               ((f->class ^ field[4]) & field[5]) == 0;
}

static bool ids_fit(const char *ids, const Function *f)
{
        while (*ids) {
                if (!f->unreadable && !f->bridge && id_fits(ids, f))
                        return true;
                ids += strcspn(ids, ",");
                ids += *ids == ',';
        }
        return false;
}

static void add_function(Text *text, const Function *f)
{
        text_separate(text, ", ");
        text_add(text, "%s (%04x:%04x)", PCI_ADDRESS(f->address), f->id.vendor, f->id.device);
}

/* Those that the ids mean, claimed or not. */
static Text list_meant(const RivalContext *context, const char *ids, bool claimed)
{
        Text text = TEXT_IN(context->plan->arena);

        for (size_t i = 0; i < context->host->n_functions; i++) {
                const Function *f = &context->host->functions[i];

                if (ids_fit(ids, f) && !find_claim(context, f) == !claimed)
                        add_function(&text, f);
        }
        return text;
}

static const char *not_needed(RivalContext *context, const Rival *rival)
{
        Text *text = &context->needless;

        if (!context->host->recipes_known)
                return NULL;
        text_separate(text, "; ");
        if (rival->on_cmdline)
                text_add(text, "%s on the kernel command line", quote(rival->text));
        else
                text_add(text, "%s in %s:%u", quote(rival->text), rival->file, rival->line);
        if (rival->on_cmdline && rival->file)
                text_add(text, " (%s:%u)", rival->file, rival->line);
        return NULL;
}

/* vfio-pci built in obeys the command line alone, and before anything else runs. */
static const char *judge_ids(RivalContext *context, const Rival *rival)
{
        Text others = list_meant(context, rival->value, false);
        const char *how = "goes by the model, and whoever loads vfio-pci first decides (vfio-gpu "
                          "leaves these ids out): it may take";

        if (text_is_empty(&others) || (context->host->vfio_pci_built_in && !rival->on_cmdline))
                return not_needed(context, rival);
        must_go(context, rival);
        if (context->host->vfio_pci_built_in)
                how = "is obeyed by this kernel's own vfio-pci before vfio-gpu runs: it takes";
        return arena_printf(context->plan->arena,
                "%s %s %s, which no entry claims; %s, and list in the config what is for virtual "
                "machines",
                subject(context, rival), how, others.string, remove_it(context, rival));
}

/* In most kernels it is built in, and so first. */
static const char *judge_stub_ids(RivalContext *context, const Rival *rival)
{
        Text ours = list_meant(context, rival->value, true);

        if (text_is_empty(&ours))
                return NULL;
        must_go(context, rival);
        return arena_printf(context->plan->arena, "%s has pci-stub take %s before vfio-gpu can; %s",
                subject(context, rival), ours.string, remove_it(context, rival));
}

static bool is_among(const char *module, const char *const *modules, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (driver_name_equal(module, modules[i]))
                        return true;
        return false;
}

/* A GPU of the host that the line leaves without a driver. */
static const Function *find_orphan(const RivalContext *context, const char *module)
{
        for (size_t i = 0; i < context->host->n_functions; i++) {
                const Function *f = &context->host->functions[i];

                if (function_is_display(f) && !f->binding.driver && !find_claim(context, f) &&
                        is_among(module, f->modules, f->n_modules))
                        return f;
        }
        return NULL;
}

static const char *judge_keeps_off(RivalContext *context, const Rival *rival)
{
        const Function *orphan = find_orphan(context, rival->value);

        if (orphan)
                return arena_printf(context->plan->arena,
                        "%s keeps %s from %s, which no entry claims and no driver has; if the host "
                        "is to use that card, %s",
                        subject(context, rival), rival->value, PCI_ADDRESS(orphan->address),
                        remove_it(context, rival));
        if (is_among(rival->value, context->blacklist, context->n_blacklist))
                return not_needed(context, rival);
        return NULL;
}

/* kmod(8): of two files of one name, that in /etc counts. */
static const char *judge_hides(RivalContext *context, const Rival *rival)
{
        must_go(context, rival);
        return arena_printf(context->plan->arena,
                "%s hides the file of the same name that vfio-gpu writes to /run/modprobe.d: "
                "the blacklist there is not in force; give it another name",
                rival->file);
}

static const char *judge_driverctl(RivalContext *context, const Rival *rival)
{
        const Function *f = host_find(context->host, rival->address);
        const Claim *claim = f ? find_claim(context, f) : NULL;
        Arena *arena = context->plan->arena;
        const char *to = NULL;

        if (!claim)
                return NULL;
        must_go(context, rival);
        to = strcmp(rival->value, "none") == 0
                     ? "leaves it without a driver"
                     : arena_printf(arena, "hands it to %s", rival->value);
        return arena_printf(arena,
                "driverctl (%s) takes %s (%s) from its driver at each boot, after vfio-gpu, and "
                "%s; `rm %s` (`driverctl unset-override` would take the card away at once)",
                rival->file, PCI_ADDRESS(rival->address), claim->entry->name, to, rival->file);
}

/* libvirt leaves a function where it is that is on VFIO when the domain starts, and what it has not
 * taken it does not give back (virPCIDeviceBindToStub() and virPCIDeviceUnbindFromStub() of
 * src/util/virpci.c): it is a matter of what is not on VFIO yet. */
static const char *judge_libvirt(RivalContext *context, const Rival *rival)
{
        const Function *f = host_find(context->host, rival->address);
        const Claim *claim = f ? find_claim(context, f) : NULL;

        if (!claim)
                return NULL;
        return arena_printf(context->plan->arena,
                "libvirt's domain %s (%s) has %s (%s) with managed='yes': where that is not on "
                "VFIO yet, libvirt takes it from the host's driver while the machine runs, and "
                "gives it back to that afterwards; `virsh edit`, and write managed='no'",
                quote(rival->value), rival->file, PCI_ADDRESS(rival->address), claim->entry->name);
}

static const char *judge_unseen(_unused_ RivalContext *context, const Rival *rival)
{
        return rival->value;
}

static const char *judge_script(RivalContext *context, const Rival *rival)
{
        return arena_printf(context->plan->arena,
                "%s binds cards by itself; if it means one that the config lists, remove it",
                subject(context, rival));
}

static const Function *find_nvidia(const RivalContext *context)
{
        for (size_t i = 0; i < context->host->n_functions; i++) {
                const Function *f = &context->host->functions[i];

                if (f->id.vendor == PCI_VENDOR_NVIDIA && find_claim(context, f))
                        return f;
        }
        return NULL;
}

/* Both know no single cards: vfio-manage of k8s-driver-manager goes over all of the vendor's. */
static const char *judge_operator(RivalContext *context, const Rival *rival)
{
        const bool manager = strcmp(rival->value, "nvidia-vfio-manager") == 0;

        if (!find_nvidia(context))
                return NULL;
        must_go(context, rival);
        return arena_printf(context->plan->arena,
                "NVIDIA's GPU Operator has a pod with the container %s on this node: it %s; keep "
                "it away with node labels: `vfio-gpu export nfd --gpu-operator=off` (or node, or "
                "mixed) has them",
                rival->value,
                manager ? "binds all NVIDIA GPUs to VFIO, listed or not, and gives all of them "
                          "back to the host when it ends"
                        : "takes all NVIDIA GPUs from VFIO and clears their driver_override, "
                          "unless the host has a driver of NVIDIA's itself");
}

static const char *judge(RivalContext *context, const Rival *rival)
{
        static const Judge judges[_RIVAL_KIND_MAX] = {
                [RIVAL_IDS] = judge_ids,
                [RIVAL_STUB_IDS] = judge_stub_ids,
                [RIVAL_LOADS] = not_needed,
                [RIVAL_KEEPS_OFF] = judge_keeps_off,
                [RIVAL_HIDES] = judge_hides,
                [RIVAL_DRIVERCTL] = judge_driverctl,
                [RIVAL_LIBVIRT] = judge_libvirt,
                [RIVAL_SCRIPT] = judge_script,
                [RIVAL_OPERATOR] = judge_operator,
                [RIVAL_UNSEEN] = judge_unseen,
        };

        return judges[rival->kind](context, rival);
}

static void warn(Plan *plan, const char *sentence)
{
        const char **warning = NULL;

        for (size_t i = 0; i < plan->n_warnings; i++)
                if (strcmp(plan->warnings[i], sentence) == 0)
                        return;
        warning = arena_push(plan->arena, &plan->warnings, &plan->n_warnings);
        if (warning)
                *warning = sentence;
}

static bool any_wanted(const Plan *plan)
{
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (!plan->claims.items[i].skipped && plan->claims.items[i].n_functions > 0)
                        return true;
        return false;
}

void rivals_warn(const Config *config, const Host *host, Plan *plan)
{
        RivalContext context = {.host = host, .plan = plan, .needless = TEXT_IN(plan->arena)};

        if (host->n_rivals == 0 || !any_wanted(plan) ||
                blacklist_build(config, host, &plan->claims, plan->arena, &context.blacklist,
                        &context.n_blacklist) < 0)
                return;
        for (size_t i = 0; i < host->n_rivals; i++) {
                const char *sentence = judge(&context, &host->rivals[i]);

                if (sentence)
                        warn(plan, sentence);
        }
        if (!text_is_empty(&context.needless))
                warn(plan, arena_printf(plan->arena,
                                   "left over from another way to hand cards over, and not needed "
                                   "with vfio-gpu: %s",
                                   context.needless.string));
}
