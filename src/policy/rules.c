/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/rules.h"

#include <string.h>

#include "base/driver-name.h"
#include "base/text.h"
#include "policy/driver.h"
#include "policy/image.h"
#include "policy/members.h"
#include "policy/settings.h"

typedef struct RuleContext {
        const Host *host;
        Arena *arena;
        const Claims *claims;
} RuleContext;

/* A rule returns what it found; nothing when the claim keeps it. */
typedef Finding (*Rule)(const RuleContext *context, const Claim *claim);

#define NOTHING             ((Finding){0})
#define FOUND(context, ...) ((Finding){.cause = arena_printf((context)->arena, __VA_ARGS__)})

static Finding rule_unreadable(const RuleContext *context, const Claim *claim)
{
        for (size_t i = 0; i < context->host->n_functions; i++) {
                const Function *f = &context->host->functions[i];

                if (!function_trouble(f))
                        continue;
                if (pci_address_same_slot(f->address, claim->display->address) ||
                        function_shares_group(claim->functions, claim->n_functions, f))
                        return FOUND(context, "%s could not be read: %s", PCI_ADDRESS(f->address),
                                function_trouble(f));
        }
        return NOTHING;
}

Finding rules_iommu_advice(const Host *host)
{
        static const Finding findings[] = {
                [FIRMWARE_IOMMU_UNKNOWN] = {NULL, NULL},
                [FIRMWARE_IOMMU_NONE] = {"the firmware describes no IOMMU",
                        "switch on VT-d (Intel), AMD-Vi or SMMU in its set-up"},
                [FIRMWARE_IOMMU_INTEL] = {"the firmware has one (DMAR), the kernel does not use it",
                        "boot with `intel_iommu=on`"},
                [FIRMWARE_IOMMU_AMD] = {"the firmware has one (IVRS), the kernel does not use it",
                        "boot without `amd_iommu=off` and `iommu=off`"},
                [FIRMWARE_IOMMU_ARM] = {"the firmware has tables for one (IORT), the kernel does "
                                        "not use it",
                        "boot without `iommu.passthrough=1`, with an SMMU driver"},
        };

        return findings[host->firmware_iommu];
}

/* Without a group vfio-pci's probe takes the console away first and fails after that. */
static Finding rule_no_iommu(const RuleContext *context, const Claim *claim)
{
        const Finding advice = rules_iommu_advice(context->host);

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];
                Finding finding = {.remedy = advice.remedy};

                if (f->unreadable || f->iommu_group >= 0)
                        continue;
                finding.cause = arena_printf(context->arena, "%s is in no IOMMU group%s%s",
                        PCI_ADDRESS(f->address), advice.cause ? ": " : "",
                        advice.cause ? advice.cause : "");
                return finding;
        }
        return NOTHING;
}

static Finding rule_boot_display(const RuleContext *context, const Claim *claim)
{
        if (claim->entry->allow_boot_display)
                return NOTHING;
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];
                const char *address = PCI_ADDRESS(f->address);

                if (!function_drives_monitor(f))
                        continue;
                if (f->boot_vga)
                        return FOUND(context, "%s shows the boot console (boot_vga)", address);
                if (f->boot_framebuffer)
                        return FOUND(context, "the firmware's framebuffer lies in %s", address);
        }
        return NOTHING;
}

/* A driver that is told to let go waits for whoever has the device open, and may wait for ever. */
static Finding in_use(const RuleContext *context, const Function *f)
{
        const char *address = PCI_ADDRESS(f->address);
        Finding finding = {0};

        if (!f->users.known)
                return NOTHING; /* before anything is done, somebody will look */
        if (f->users.names) {
                finding.cause = arena_printf(context->arena, "%s is on %s and in use: %s", address,
                        f->binding.driver, f->users.names);
                finding.remedy = "stop or unplug that, then `systemctl restart vfio-gpu`";
        } else if (f->users.doubt) {
                finding.cause = arena_printf(context->arena, "%s is on %s and may be in use: %s",
                        address, f->binding.driver, f->users.doubt);
                finding.remedy = "once it is surely not, `systemctl restart vfio-gpu`";
        }
        return finding;
}

/* How the next boot keeps `driver` from being first. An image with vfio-gpu in it is to blame only
 * for a config that has changed since: the driver may have got a card that was found again. */
static const char *be_first(const RuleContext *context, const char *driver)
{
        const Host *host = context->host;
        const char *made = image_made_since(host, context->arena);

        if (made)
                return arena_printf(context->arena, "reboot: %s", made);
        if (host->stage == STAGE_INITRD)
                return arena_printf(context->arena, "keep %s out of the initramfs", driver);
        if (host->initrd.ran)
                return arena_printf(context->arena,
                        "reboot, with a new initramfs (%s) if the config has changed since the "
                        "last",
                        image_command(host->image_tool));
        return image_rebuild(host->image_tool, context->arena);
}

/* Why the GPU itself is left to its driver; nothing: `force_unbind`. In the initrd nobody is there
 * to see a driver that does not let go. */
static Finding took_it_first(const RuleContext *context, const Claim *claim, const Function *f)
{
        const char *driver = f->binding.driver;
        bool in_initrd = context->host->stage == STAGE_INITRD;
        Finding finding = FOUND(context, "%s took %s first, before vfio-gpu could hold it", driver,
                PCI_ADDRESS(f->address));

        if (claim->entry->force_unbind && !in_initrd)
                return NOTHING;
        if (claim->entry->force_unbind)
                finding.remedy = "`force_unbind` takes it in the real root";
        else
                finding.remedy = arena_printf(context->arena, "%s%s", be_first(context, driver),
                        in_initrd || context->host->initrd.ran ? ", or set `force_unbind`" : "");
        return finding;
}

static Finding on_another_vfio_driver(const RuleContext *context, const Claim *claim, size_t i)
{
        const Function *f = claim->functions[i];
        Finding finding =
                FOUND(context, "%s is on %s, another VFIO driver than %s: a VM may hold it",
                        PCI_ADDRESS(f->address), f->binding.driver, claim->drivers[i]);

        finding.remedy = arena_printf(context->arena,
                "`vfio-gpu release %s`, then `systemctl restart vfio-gpu`",
                PCI_ADDRESS(claim->display->address));
        return finding;
}

static Finding no_companion(const RuleContext *context, const Function *f)
{
        Finding finding = FOUND(context, "%s is on %s, and is no companion of the display",
                PCI_ADDRESS(f->address), f->binding.driver);

        finding.remedy = arena_printf(context->arena, "take it out of `functions`, or %s",
                be_first(context, f->binding.driver));
        return finding;
}

/* Why function `i` is not taken from the driver that has it; nothing: it may be, or there is no
 * need. */
static Finding busy(const RuleContext *context, const Claim *claim, size_t i)
{
        const Function *f = claim->functions[i];

        if (!f->binding.driver || binding_is_on(&f->binding, claim->drivers[i]))
                return NOTHING;
        if (binding_is_vfio(&f->binding))
                return on_another_vfio_driver(context, claim, i);
        if (function_is_gpu(f)) {
                Finding finding = took_it_first(context, claim, f);

                return finding.cause ? finding : in_use(context, f);
        }
        if (!claim_is_companion(f, claim->display) && !members_allow(claim->entry, f))
                return no_companion(context, f);
        return in_use(context, f);
}

static Finding rule_driver_busy(const RuleContext *context, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                Finding finding = busy(context, claim, i);

                if (finding.cause)
                        return finding;
        }
        return NOTHING;
}

/* vfio-pci refuses a PF whose VFs are enabled; one that it has already may have got them since. */
static Finding rule_virtual_function(const RuleContext *context, const Claim *claim)
{
        if (claim_is_ready(claim))
                return NOTHING;
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (f->enabled_vfs > 0)
                        return FOUND(context, "%s has %u SR-IOV virtual functions enabled",
                                PCI_ADDRESS(f->address), f->enabled_vfs);
        }
        return NOTHING;
}

static Finding rule_bridge_header(const RuleContext *context, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim->functions[i]->bridge)
                        return FOUND(context, "%s has a bridge's header, which vfio-pci refuses",
                                PCI_ADDRESS(claim->functions[i]->address));
        return NOTHING;
}

/* `functions` may name any function of the slot, but never what the host may live on. */
static Finding rule_not_a_gpu(const RuleContext *context, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (!f->unreadable && function_may_carry_host(f))
                        return FOUND(context,
                                "%s, listed in `functions`, is of class %04x: storage and network "
                                "controllers are never handed over",
                                PCI_ADDRESS(f->address), function_class(f));
        }
        return NOTHING;
}

static const char *kernel_name(const Host *host)
{
        return host->release ? host->release : "of unknown release";
}

/* What the kernel lacks for function `i`, or NULL. */
static const char *lacking_driver(const RuleContext *context, const Claim *claim, size_t i)
{
        const Host *host = context->host;
        const Function *f = claim->functions[i];
        const char *driver = claim->drivers[i];

        if (driver_state(host, f, driver) != MODULE_MISSING)
                return NULL;
        if (driver_name_equal(driver, DRIVER_VFIO_PCI))
                return arena_printf(context->arena,
                        "kernel %s has no vfio-pci here, neither built in nor as a module",
                        kernel_name(host));
        return arena_printf(context->arena,
                "kernel %s has no VFIO driver %s for %s (%04x:%04x) here; what it has for it: %s",
                kernel_name(host), driver, PCI_ADDRESS(f->address), f->id.vendor, f->id.device,
                driver_candidates(host, f, context->arena));
}

static Finding rule_no_driver(const RuleContext *context, const Claim *claim)
{
        const Host *host = context->host;

        if (claim_is_ready(claim))
                return NOTHING;
        for (size_t i = 0; i < claim->n_functions; i++) {
                const char *lacking = lacking_driver(context, claim, i);

                if (lacking)
                        return (Finding){.cause = lacking};
        }
        if (host->iommu_backend == MODULE_MISSING)
                return FOUND(context,
                        "kernel %s has no IOMMU backend for VFIO here (vfio_iommu_type1 or "
                        "iommufd), neither built in nor as a module",
                        kernel_name(host));
        return NOTHING;
}

static Finding rule_timeout(const RuleContext *context, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (f->stuck)
                        return FOUND(context,
                                "a step on %s never came back: %s is still in the kernel with it",
                                PCI_ADDRESS(f->address), f->stuck);
        }
        return NOTHING;
}

static Finding rule_settings(const RuleContext *context, const Claim *claim)
{
        return settings_missing(claim, context->arena);
}

static bool is_foreign(const RuleContext *context, const Claim *claim, const Function *f)
{
        return function_shares_group(claim->functions, claim->n_functions, f) &&
               !claim_holds(claim, f) && !members_is_quiet_bridge(f) &&
               !claims_find_accepted(context->claims, f);
}

static void add_foreigner(Text *text, const Function *f)
{
        text_separate(text, ", ");
        if (f->unreadable)
                text_add(text, "%s (unreadable)", PCI_ADDRESS(f->address));
        else
                text_add(text, "%s (%04x:%04x, class %04x, %s%s)", PCI_ADDRESS(f->address),
                        f->id.vendor, f->id.device, function_class(f),
                        f->binding.driver ? "driver " : "no driver",
                        f->binding.driver ? f->binding.driver : "");
}

static Finding rule_shared_group(const RuleContext *context, const Claim *claim)
{
        Text foreigners = TEXT_IN(context->arena);
        Advice advice = {.items = TEXT_IN(context->arena)};
        int group = -1;

        for (size_t i = 0; i < context->host->n_functions; i++) {
                const Function *f = &context->host->functions[i];

                if (!is_foreign(context, claim, f))
                        continue;
                group = f->iommu_group;
                add_foreigner(&foreigners, f);
                members_advise(&advice, context->claims, f);
        }
        if (group < 0)
                return NOTHING;

        const Finding what = members_advice(&advice, context->arena);
        Finding finding = FOUND(context, "IOMMU group %d also holds %s%s%s", group,
                foreigners.string, what.cause ? ": " : "", what.cause ? what.cause : "");
        finding.remedy = what.remedy;
        return finding;
}

static bool takes_a_display(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (function_drives_monitor(claim->functions[i]))
                        return true;
        return false;
}

static Finding rule_last_display(const RuleContext *context, const Claim *claim)
{
        if (claim->entry->allow_boot_display || !takes_a_display(claim))
                return NOTHING;
        for (size_t i = 0; i < context->host->n_functions; i++) {
                const Function *f = &context->host->functions[i];

                if (function_drives_monitor(f) && !f->virtual_function &&
                        !claims_find_accepted(context->claims, f) && !claim_holds(claim, f))
                        return NOTHING;
        }
        return FOUND(context,
                "%s is among the last displays of this host, and none would be left to it",
                PCI_ADDRESS(claim->display->address));
}

static const struct {
        Reason reason;
        Rule rule;
} own_rules[] = {
        {REASON_NOT_A_GPU, rule_not_a_gpu},
        {REASON_UNREADABLE, rule_unreadable},
        {REASON_NO_IOMMU, rule_no_iommu},
        {REASON_BOOT_DISPLAY, rule_boot_display},
        {REASON_DRIVER_BUSY, rule_driver_busy},
        {REASON_VIRTUAL_FUNCTION, rule_virtual_function},
        {REASON_BRIDGE_HEADER, rule_bridge_header},
        {REASON_NO_DRIVER, rule_no_driver},
        {REASON_TIMEOUT, rule_timeout},
        {REASON_BIND_FAILED, rule_settings},
};

/* Refuses at once what breaks `rule` now; true when that was any claim. */
static bool judge_together(const RuleContext *context, Claims *claims, Reason reason, Rule rule)
{
        bool any = false;
        Finding *findings = arena_array(context->arena, claims->n_items, sizeof(Finding));

        if (!findings)
                return false;
        for (size_t i = 0; i < claims->n_items; i++)
                if (claims->items[i].display && claim_is_accepted(&claims->items[i]))
                        findings[i] = rule(context, &claims->items[i]);
        for (size_t i = 0; i < claims->n_items; i++) {
                if (!findings[i].cause)
                        continue;
                claim_object(&claims->items[i], reason, findings[i]);
                any = true;
        }
        return any;
}

/* Refusing one claim makes its functions foreign to the others of the group: until nothing falls.
 */
static void judge_groups(const RuleContext *context, Claims *claims)
{
        while (judge_together(context, claims, REASON_SHARED_GROUP, rule_shared_group))
                ;
}

/* What another rule has refused gets this reason as well: the message names both. */
static void complete_refusals(const RuleContext *context, Claims *claims, Reason reason, Rule rule)
{
        for (size_t i = 0; i < claims->n_items; i++) {
                Claim *claim = &claims->items[i];

                if (claim->display && !claim->skipped && !claim_is_accepted(claim))
                        claim_object(claim, reason, rule(context, claim));
        }
}

/* The rules about a claim alone, whose reasons lie between the two. */
static void judge_alone(const RuleContext *context, Claims *claims, Reason after, Reason before)
{
        for (size_t i = 0; i < claims->n_items; i++) {
                for (size_t k = 0; k < ARRAY_SIZE(own_rules); k++) {
                        Reason reason = own_rules[k].reason;
                        Claim *claim = &claims->items[i];

                        if (claim->display && !claim->skipped && reason > after && reason < before)
                                claim_object(claim, reason, own_rules[k].rule(context, claim));
                }
        }
}

/*
 * In the order of weight: a claim that falls for a lighter reason takes the others of its group
 * with it, and keeps that reason as its own; they do not count against it in return.
 */
int rules_judge(const Host *host, Arena *arena, Claims *claims)
{
        const RuleContext context = {.host = host, .arena = arena, .claims = claims};

        judge_alone(&context, claims, REASON_NONE, REASON_SHARED_GROUP);
        complete_refusals(&context, claims, REASON_SHARED_GROUP, rule_shared_group);
        judge_groups(&context, claims);
        judge_alone(&context, claims, REASON_SHARED_GROUP, REASON_TIMEOUT);
        judge_alone(&context, claims, REASON_TIMEOUT, _REASON_MAX);
        judge_groups(&context, claims);
        if (judge_together(&context, claims, REASON_BOOT_DISPLAY, rule_last_display))
                judge_groups(&context, claims);
        complete_refusals(&context, claims, REASON_BOOT_DISPLAY, rule_last_display);
        /* a function that is stuck belongs to no driver of the host: its group need not fall */
        judge_alone(&context, claims, REASON_NO_DRIVER, REASON_BIND_FAILED);
        return arena_failed(arena) ? -ENOMEM : 0;
}
