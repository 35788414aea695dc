/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/rules.h"

#include <string.h>

#include "base/driver-name.h"
#include "base/text.h"
#include "policy/driver.h"
#include "policy/image.h"
#include "policy/members.h"
#include "policy/settings.h"

typedef struct Bench {
        const Host *host;
        Arena *arena;
        const Claims *claims;
} Bench;

/* A rule returns a sentence about what it found, or NULL when the claim keeps it. */
typedef const char *(*Rule)(const Bench *bench, const Claim *claim);

static const char *rule_unreadable(const Bench *bench, const Claim *claim)
{
        for (size_t i = 0; i < bench->host->n_functions; i++) {
                const Function *f = &bench->host->functions[i];
                bool near = pci_address_same_slot(f->address, claim->display->address) ||
                            function_shares_group(claim->functions, claim->n_functions, f);

                if (function_trouble(f) && near)
                        return arena_printf(bench->arena, "%s could not be read: %s",
                                PCI_ADDRESS(f->address), function_trouble(f));
        }
        return NULL;
}

const char *rules_iommu_advice(const Host *host)
{
        switch (host->firmware_iommu) {
        case FIRMWARE_IOMMU_NONE:
                return "the firmware describes no IOMMU: switch on VT-d (Intel), AMD-Vi or SMMU in "
                       "its set-up";
        case FIRMWARE_IOMMU_INTEL:
                return "the firmware has one (DMAR), the kernel does not use it: boot with "
                       "`intel_iommu=on`";
        case FIRMWARE_IOMMU_AMD:
                return "the firmware has one (IVRS), the kernel does not use it: boot without "
                       "`amd_iommu=off` and `iommu=off`";
        case FIRMWARE_IOMMU_ARM:
                return "the firmware has tables for one (IORT), the kernel does not use it: boot "
                       "without `iommu.passthrough=1`, with an SMMU driver";
        case FIRMWARE_IOMMU_UNKNOWN:
                break;
        }
        return "switch the IOMMU on in the firmware (VT-d, AMD-Vi, SMMU) and in the kernel "
               "(`intel_iommu=on` on Intel)";
}

/* Without a group vfio-pci's probe takes the console away first and fails after that. */
static const char *rule_no_iommu(const Bench *bench, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (!f->unreadable && f->iommu_group < 0)
                        return arena_printf(bench->arena, "%s is in no IOMMU group: %s",
                                PCI_ADDRESS(f->address), rules_iommu_advice(bench->host));
        }
        return NULL;
}

static const char *rule_boot_display(const Bench *bench, const Claim *claim)
{
        if (claim->entry->allow_boot_display)
                return NULL;
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];
                const char *address = PCI_ADDRESS(f->address);

                if (!function_drives_monitor(f))
                        continue;
                if (f->boot_vga)
                        return arena_printf(
                                bench->arena, "%s shows the boot console (boot_vga)", address);
                if (f->boot_framebuffer)
                        return arena_printf(
                                bench->arena, "the firmware's framebuffer lies in %s", address);
        }
        return NULL;
}

/* A driver that is told to let go waits for whoever has the device open, and may wait for ever. */
static const char *in_use(const Function *f, Arena *arena)
{
        const char *address = PCI_ADDRESS(f->address);

        if (!f->users.known)
                return NULL; /* before anything is done, somebody will look */
        if (f->users.names)
                return arena_printf(arena,
                        "%s is on %s and in use: %s; stop or unplug that, then `systemctl restart "
                        "vfio-gpu`",
                        address, f->binding.driver, f->users.names);
        if (f->users.doubt)
                return arena_printf(arena,
                        "%s is on %s and may be in use: %s; once it is surely not, `systemctl "
                        "restart vfio-gpu`",
                        address, f->binding.driver, f->users.doubt);
        return NULL;
}

/* How the next boot keeps `driver` from being first. An image with vfio-gpu in it is to blame only
 * for a config that has changed since: the driver may have got a card that was found again. */
static const char *be_first(const Bench *bench, const char *driver)
{
        const Host *host = bench->host;

        if (host->stage == STAGE_INITRD)
                return arena_printf(bench->arena, "keep %s out of the initramfs", driver);
        if (host->initrd.ran)
                return arena_printf(bench->arena,
                        "reboot, with a new initramfs (%s) if the config has changed since the "
                        "last",
                        image_command(host->image_tool));
        return reason_remedy(REASON_DRIVER_BUSY, host->image_tool, bench->arena);
}

/* Why the GPU itself is left to its driver, or NULL: `force_unbind`. In the initrd nobody is there
 * to see a driver that does not let go. */
static const char *took_it_first(const Bench *bench, const Claim *claim, const Function *f)
{
        const char *driver = f->binding.driver;
        bool in_initrd = bench->host->stage == STAGE_INITRD;
        const char *sentence = arena_printf(bench->arena,
                "%s took %s first, before vfio-gpu could hold it", driver, PCI_ADDRESS(f->address));

        if (claim->entry->force_unbind && !in_initrd)
                return NULL;
        if (claim->entry->force_unbind)
                return arena_printf(
                        bench->arena, "%s (`force_unbind` takes it in the real root)", sentence);
        return arena_printf(bench->arena, "%s; %s%s", sentence, be_first(bench, driver),
                in_initrd || bench->host->initrd.ran ? ", or set `force_unbind`" : "");
}

static const char *on_another_vfio_driver(const Bench *bench, const Claim *claim, size_t i)
{
        const Function *f = claim->functions[i];
        const char *display = PCI_ADDRESS(claim->display->address);

        return arena_printf(bench->arena,
                "%s is on %s, another VFIO driver than %s: a VM may hold it; `vfio-gpu release "
                "%s`, then `systemctl restart vfio-gpu`",
                PCI_ADDRESS(f->address), f->binding.driver, claim->drivers[i], display);
}

/* Why function `i` is not taken from the driver that has it, or NULL: it may be, or there is no
 * need. */
static const char *busy(const Bench *bench, const Claim *claim, size_t i)
{
        const Function *f = claim->functions[i];
        Arena *arena = bench->arena;
        const char *driver = f->binding.driver;

        if (!driver || binding_is_on(&f->binding, claim->drivers[i]))
                return NULL;
        if (binding_is_vfio(&f->binding))
                return on_another_vfio_driver(bench, claim, i);
        if (function_is_gpu(f)) {
                const char *sentence = took_it_first(bench, claim, f);

                return sentence ? sentence : in_use(f, arena);
        }
        if (!claim_is_companion(f, claim->display) && !members_allow(claim->entry, f))
                return arena_printf(arena,
                        "%s is on %s, and is no companion of the display; take it out of "
                        "`functions`, or %s",
                        PCI_ADDRESS(f->address), driver, be_first(bench, driver));
        return in_use(f, arena);
}

static const char *rule_driver_busy(const Bench *bench, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const char *sentence = busy(bench, claim, i);

                if (sentence)
                        return sentence;
        }
        return NULL;
}

/* vfio-pci refuses a PF whose VFs are enabled; one that it has already may have got them since. */
static const char *rule_virtual_function(const Bench *bench, const Claim *claim)
{
        if (claim_is_ready(claim))
                return NULL;
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (f->enabled_vfs > 0)
                        return arena_printf(bench->arena,
                                "%s has %u SR-IOV virtual functions enabled",
                                PCI_ADDRESS(f->address), f->enabled_vfs);
        }
        return NULL;
}

static const char *rule_bridge_header(const Bench *bench, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim->functions[i]->bridge)
                        return arena_printf(bench->arena,
                                "%s has a bridge's header, which vfio-pci refuses",
                                PCI_ADDRESS(claim->functions[i]->address));
        return NULL;
}

/* `functions` may name any function of the slot, but never what the host may live on. */
static const char *rule_not_a_gpu(const Bench *bench, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (!f->unreadable && function_may_carry_host(f))
                        return arena_printf(bench->arena,
                                "%s, listed in `functions`, is of class %04x: storage and network "
                                "controllers are never handed over",
                                PCI_ADDRESS(f->address), function_class(f));
        }
        return NULL;
}

static const char *kernel_name(const Host *host)
{
        return host->release ? host->release : "of unknown release";
}

/* What the kernel lacks for function `i`, or NULL. */
static const char *lacking_driver(const Bench *bench, const Claim *claim, size_t i)
{
        const Host *host = bench->host;
        const Function *f = claim->functions[i];
        const char *driver = claim->drivers[i];

        if (driver_state(host, f, driver) != MODULE_MISSING)
                return NULL;
        if (driver_name_equal(driver, DRIVER_VFIO_PCI))
                return arena_printf(bench->arena,
                        "kernel %s has no vfio-pci here, neither built in nor as a module",
                        kernel_name(host));
        return arena_printf(bench->arena,
                "kernel %s has no VFIO driver %s for %s (%04x:%04x) here; what it has for it: %s",
                kernel_name(host), driver, PCI_ADDRESS(f->address), f->id.vendor, f->id.device,
                driver_candidates(host, f, bench->arena));
}

static const char *rule_no_driver(const Bench *bench, const Claim *claim)
{
        const Host *host = bench->host;

        if (claim_is_ready(claim))
                return NULL;
        for (size_t i = 0; i < claim->n_functions; i++) {
                const char *sentence = lacking_driver(bench, claim, i);

                if (sentence)
                        return sentence;
        }
        if (host->iommu_backend == MODULE_MISSING)
                return arena_printf(bench->arena,
                        "kernel %s has no IOMMU backend for VFIO here (vfio_iommu_type1 or "
                        "iommufd), neither built in nor as a module",
                        kernel_name(host));
        return NULL;
}

static const char *rule_timeout(const Bench *bench, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (f->stuck)
                        return arena_printf(bench->arena,
                                "a step on %s never came back: %s is still in the kernel with it",
                                PCI_ADDRESS(f->address), f->stuck);
        }
        return NULL;
}

static const char *rule_settings(const Bench *bench, const Claim *claim)
{
        return settings_missing(claim, bench->arena);
}

static bool is_foreign(const Bench *bench, const Claim *claim, const Function *f)
{
        return function_shares_group(claim->functions, claim->n_functions, f) &&
               !claim_holds(claim, f) && !members_is_quiet_bridge(f) &&
               !claims_find_accepted(bench->claims, f);
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

static const char *rule_shared_group(const Bench *bench, const Claim *claim)
{
        Text foreigners = TEXT_IN(bench->arena);
        Advice advice = {.items = TEXT_IN(bench->arena)};
        int group = -1;

        for (size_t i = 0; i < bench->host->n_functions; i++) {
                const Function *f = &bench->host->functions[i];

                if (!is_foreign(bench, claim, f))
                        continue;
                group = f->iommu_group;
                add_foreigner(&foreigners, f);
                members_advise(&advice, bench->claims, f);
        }
        if (group < 0)
                return NULL;
        return arena_printf(bench->arena, "IOMMU group %d also holds %s: %s", group,
                foreigners.string, members_advice(&advice, bench->arena));
}

static bool takes_a_display(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (function_drives_monitor(claim->functions[i]))
                        return true;
        return false;
}

static const char *rule_last_display(const Bench *bench, const Claim *claim)
{
        if (claim->entry->allow_boot_display || !takes_a_display(claim))
                return NULL;
        for (size_t i = 0; i < bench->host->n_functions; i++) {
                const Function *f = &bench->host->functions[i];

                if (function_drives_monitor(f) && !f->virtual_function &&
                        !claims_find_accepted(bench->claims, f) && !claim_holds(claim, f))
                        return NULL;
        }
        return arena_printf(bench->arena,
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
static bool judge_together(const Bench *bench, Claims *claims, Reason reason, Rule rule)
{
        bool any = false;
        const char **sentences = arena_array(bench->arena, claims->n_items, sizeof(char *));

        if (!sentences)
                return false;
        for (size_t i = 0; i < claims->n_items; i++)
                if (claims->items[i].display && claim_is_accepted(&claims->items[i]))
                        sentences[i] = rule(bench, &claims->items[i]);
        for (size_t i = 0; i < claims->n_items; i++) {
                if (!sentences[i])
                        continue;
                claim_refuse(&claims->items[i], reason, sentences[i]);
                any = true;
        }
        return any;
}

/* Refusing one claim makes its functions foreign to the others of the group: until nothing falls.
 */
static void judge_groups(const Bench *bench, Claims *claims)
{
        while (judge_together(bench, claims, REASON_SHARED_GROUP, rule_shared_group))
                ;
}

/* What another rule has refused gets this reason as well: the message names both. */
static void complete_refusals(const Bench *bench, Claims *claims, Reason reason, Rule rule)
{
        for (size_t i = 0; i < claims->n_items; i++) {
                Claim *claim = &claims->items[i];
                const char *sentence = NULL;

                if (!claim->display || claim->skipped || claim_is_accepted(claim))
                        continue;
                sentence = rule(bench, claim);
                if (sentence)
                        claim_refuse(claim, reason, sentence);
        }
}

/* The rules about a claim alone, whose reasons lie between the two. */
static void judge_alone(const Bench *bench, Claims *claims, Reason after, Reason before)
{
        for (size_t i = 0; i < claims->n_items; i++) {
                for (size_t k = 0; k < ARRAY_SIZE(own_rules); k++) {
                        Reason reason = own_rules[k].reason;
                        Claim *claim = &claims->items[i];
                        const char *sentence = NULL;

                        if (claim->display && !claim->skipped && reason > after && reason < before)
                                sentence = own_rules[k].rule(bench, claim);
                        if (sentence)
                                claim_refuse(claim, reason, sentence);
                }
        }
}

/*
 * In the order of weight: a claim that falls for a lighter reason takes the others of its group
 * with it, and keeps that reason as its own; they do not count against it in return.
 */
int rules_judge(const Host *host, Arena *arena, Claims *claims)
{
        const Bench bench = {.host = host, .arena = arena, .claims = claims};

        judge_alone(&bench, claims, REASON_NONE, REASON_SHARED_GROUP);
        complete_refusals(&bench, claims, REASON_SHARED_GROUP, rule_shared_group);
        judge_groups(&bench, claims);
        judge_alone(&bench, claims, REASON_SHARED_GROUP, REASON_TIMEOUT);
        judge_alone(&bench, claims, REASON_TIMEOUT, _REASON_MAX);
        judge_groups(&bench, claims);
        if (judge_together(&bench, claims, REASON_BOOT_DISPLAY, rule_last_display))
                judge_groups(&bench, claims);
        complete_refusals(&bench, claims, REASON_BOOT_DISPLAY, rule_last_display);
        /* a function that is stuck belongs to no driver of the host: its group need not fall */
        judge_alone(&bench, claims, REASON_NO_DRIVER, REASON_BIND_FAILED);
        return arena_failed(arena) ? -ENOMEM : 0;
}
