/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/scene.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "lib/machine.h"

static const char *keep(Host *host, const char *text)
{
        return *text ? arena_strdup(host->arena, text) : NULL;
}

static void add_modules(Host *host, const MachineFunction *from, Function *f)
{
        char *names = arena_strdup(host->arena, from->modules);

        for (char *name; *from->modules && (name = strsep(&names, ","));)
                *arena_push(host->arena, &f->modules, &f->n_modules) = name;
}

static size_t word_index(const char *word, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(words[i], word) == 0)
                        return i;
        cr_assert_fail("\"%s\" is not known here", word);
        return n;
}

static ModuleState module_state(const char *word)
{
        static const char *const states[] = {"missing", "loadable", "present"};

        return (ModuleState)word_index(word, states, ARRAY_SIZE(states));
}

static void add_variants(Host *host, const MachineFunction *from, Function *f)
{
        char *names = arena_strdup(host->arena, from->variants);

        for (char *name; *from->variants && (name = strsep(&names, ","));) {
                VfioDriver *driver = arena_push(host->arena, &f->vfio_drivers, &f->n_vfio_drivers);
                const char *state = strchr(name, ':');

                *driver = (VfioDriver){
                        .module = arena_strndup(host->arena, name, strcspn(name, ":")),
                        .wildcards = 4 + (unsigned)f->n_vfio_drivers,
                        .state = state ? module_state(state + 1) : MODULE_LOADABLE,
                };
        }
}

static Serial make_serial(const char *word)
{
        Serial serial = {.state = SERIAL_KNOWN};

        if (!*word)
                return (Serial){.state = SERIAL_UNREAD};
        if (strcmp(word, "none") == 0)
                return (Serial){.state = SERIAL_NONE};
        if (strcmp(word, "locked") == 0)
                return (Serial){.state = SERIAL_UNKNOWN, .trouble = "only root may read it"};
        cr_assert_eq(pci_serial_parse(word, &serial.number), 0, "%s", word);
        return serial;
}

static void add_function(const MachineFunction *from, void *context)
{
        Host *host = context;
        Function *f = arena_push(host->arena, &host->functions, &host->n_functions);

        cr_assert(f);
        *f = (Function){
                .address = from->address,
                .has_parent = *from->parent,
                .unreadable = keep(host, from->unreadable),
                .silent = keep(host, from->silent),
                .id = from->id,
                .subsystem = from->subsystem,
                .class = from->class,
                .bridge = from->bridge,
                .virtual_function = *from->physfn,
                .enabled_vfs = (unsigned)strtoul(from->numvfs, NULL, 10),
                .iommu_group = from->group ? from->group : -1,
                .binding = {keep(host, from->driver), keep(host, from->vfio), from->cdev},
                .boot_vga = *from->boot_vga == '1',
                .boot_framebuffer = from->framebuffer,
                .stuck = keep(host, from->stuck),
                .released = from->released,
                .users = {*from->in_use || *from->doubt, keep(host, from->in_use),
                        keep(host, from->doubt)},
        };
        f->serial = make_serial(from->serial);
        f->settings = (Settings){.known = true, .reset_method = keep(host, from->reset_method)};
        f->settings.d3cold = *from->d3cold ? *from->d3cold == '1' : -1;
        if (f->has_parent)
                cr_assert_eq(pci_address_parse(from->parent, &f->parent, NULL), 0);
        add_modules(host, from, f);
        add_variants(host, from, f);
}

/* NAME ADDRESS, the latter of a device or, when it ends in `:`, of a bus. */
static void add_slot(Host *host, char *text)
{
        Slot *slot = arena_push(host->arena, &host->slots, &host->n_slots);

        *slot = (Slot){.name = strsep(&text, " ")};
        slot->whole_bus = text[strlen(text) - 1] == ':';
        cr_assert_eq(
                pci_address_parse(slot->whole_bus ? arena_printf(host->arena, "%s00", text) : text,
                        &slot->address, NULL),
                0, "%s", text);
}

/* NAME DEVICE asks|silent */
static void add_disk(Host *host, const char *text)
{
        char name[64] = "", device[64] = "", how[8] = "";
        EncryptedDisk *disk = arena_push(host->arena, &host->disks, &host->n_disks);

        cr_assert(disk);
        cr_assert_eq(sscanf(text, "%63s %63s %7s", name, device, how), 3, "%s", text);
        *disk = (EncryptedDisk){
                .name = arena_strdup(host->arena, name),
                .device = arena_strdup(host->arena, device),
                .asks = strcmp(how, "asks") == 0,
        };
}

/* The address of a function, or - */
static void add_keyboard(Host *host, const char *text)
{
        Keyboard *keyboard = arena_push(host->arena, &host->keyboards, &host->n_keyboards);
        bool function = false;

        cr_assert(keyboard);
        keyboard->on_pci = *text != '-';
        if (keyboard->on_pci)
                cr_assert_eq(pci_address_parse(text, &keyboard->address, &function), 0);
}

/* "disable_vga=Y" */
static void add_parameter(Host *host, const char *text)
{
        size_t n = strcspn(text, "=");

        *arena_push(host->arena, &host->vfio_parameters, &host->n_vfio_parameters) =
                (ModuleParameter){.name = arena_strndup(host->arena, text, n),
                        .value = arena_strdup(host->arena, text + n + 1)};
}

/* DEVICE [DRIVER] */
static void add_framebuffer(Host *host, const char *text)
{
        char *rest = arena_strdup(host->arena, text);

        host->framebuffer.device = strsep(&rest, " ");
        host->framebuffer.driver = rest;
}

/* "PART IMAGE BOOT": when the last part was changed, the image of the running kernel made, and that
 * kernel started. */
static void add_images(Host *host, const char *times)
{
        static ImageFile image;
        int part = 0, made = 0, boot = 0;

        cr_assert_eq(sscanf(times, "%d %d %d", &part, &made, &boot), 3);
        image = (ImageFile){.kernel = "6.1.0-test",
                .path = "/boot/image",
                .time = made,
                .when = arena_printf(host->arena, "t%d", made)};
        host->images = (Images){.items = &image,
                .n_items = 1,
                .newest_source = {.path = "/etc/part",
                        .time = part,
                        .when = arena_printf(host->arena, "t%d", part)},
                .boot_time = boot};
}

static void set_property(Host *host, const char *line)
{
        static const char *const firmwares[] = {"unknown", "none", "intel", "amd", "arm"};
        static const char *const tools[] = {"unknown", "dracut", "dracut-all", "kernel-install",
                "rpm-ostree", "initramfs-tools", "mkinitcpio"};
        static const char *const lines[] = {"unknown", "rpm-ostree", "grubby", "kernel-install",
                "proxmox", "proxmox-either", "update-grub", "grub2", "grub"};
        const char *value = strchr(line, ' ');

        value = value ? value + 1 : "";
        if (strncmp(line, "firmware ", 9) == 0)
                host->firmware_iommu =
                        (FirmwareIommu)word_index(value, firmwares, ARRAY_SIZE(firmwares));
        else if (strcmp(line, "vfio built-in") == 0)
                host->vfio_pci_built_in = (host->vfio_pci = MODULE_PRESENT);
        else if (strncmp(line, "vfio ", 5) == 0)
                host->vfio_pci = module_state(value);
        else if (strncmp(line, "framebuffer ", 12) == 0)
                add_framebuffer(host, value);
        else if (strncmp(line, "parameter ", 10) == 0)
                add_parameter(host, value);
        else if (strncmp(line, "backend ", 8) == 0)
                host->iommu_backend = module_state(value);
        else if (strncmp(line, "slot ", 5) == 0)
                add_slot(host, arena_strdup(host->arena, value));
        else if (strcmp(line, "stage initrd") == 0)
                host->stage = STAGE_INITRD;
        else if (strcmp(line, "in initrd") == 0)
                host->initrd.ran = true;
        else if (strcmp(line, "was initrd") == 0)
                host->initrd.existed = true;
        else if (strncmp(line, "masked ", 7) == 0)
                host->masked = arena_strdup(host->arena, value);
        else if (strcmp(line, "enabled") == 0)
                host->enabled = true;
        else if (strncmp(line, "image ", 6) == 0)
                host->image_tool = (ImageTool)word_index(value, tools, ARRAY_SIZE(tools));
        else if (strncmp(line, "images ", 7) == 0)
                add_images(host, value);
        else if (strncmp(line, "line ", 5) == 0)
                host->kernel_line = (KernelLine)word_index(value, lines, ARRAY_SIZE(lines));
        else if (strcmp(line, "crash") == 0)
                host->crash_kernel = true;
        else if (strncmp(line, "policy ", 7) == 0)
                host->policy = arena_strdup(host->arena, value);
        else if (strncmp(line, "disk ", 5) == 0)
                add_disk(host, value);
        else if (strncmp(line, "keyboard ", 9) == 0)
                add_keyboard(host, value);
        else if (strncmp(line, "install ", 8) == 0)
                *arena_push(host->arena, &host->install_lines, &host->n_install_lines) =
                        arena_strdup(host->arena, line);
        else
                cr_assert_fail("a machine has no \"%s\"", line);
}

static int compare(const void *a, const void *b)
{
        return pci_address_compare(((const Function *)a)->address, ((const Function *)b)->address);
}

static Host *make_host(const char *machine)
{
        Host *host = host_new();
        char line[MACHINE_LINE];

        cr_assert(host);
        host->stage = STAGE_SYSTEM;
        host->release = "6.1.0-test";
        host->cmdline = "";
        host->vfio_pci = host->iommu_backend = MODULE_LOADABLE;
        host->iommu_backend_module = "vfio_iommu_type1";
        while (machine_next_line(&machine, line))
                if (!machine_read_functions(line, add_function, host))
                        set_property(host, line);
        if (host->n_functions)
                qsort(host->functions, host->n_functions, sizeof(Function), compare);
        return host;
}

static Config *make_config(Arena *arena, const char *text)
{
        Config *config = NULL;
        ConfigProblems *problems = NULL;
        char *whole = strstr(text, "gpus") ? arena_strdup(arena, text)
                                           : arena_printf(arena, "gpus = ( %s );", text);

        for (char *c = whole; *c; c++)
                if (*c == '\'')
                        *c = '"';
        cr_assert_eq(config_parse("test.conf", whole, strlen(whole), &config, &problems), 0,
                "%s: %s", whole, problems ? problems->items[0].text : "");
        return config;
}

void scene_set(Scene *scene, const char *machine, const char *config, const char *cmdline)
{
        scene_done(scene);
        scene->arena = arena_new();
        scene->host = make_host(machine);
        scene->config = make_config(scene->arena, config);
        scene->host->cmdline = cmdline ? cmdline : "";
        cr_assert_eq(kernel_words_parse(cmdline ? cmdline : "", scene->arena, &scene->words), 0);
}

void scene_done(Scene *scene)
{
        plan_freep(&scene->plan);
        config_free(scene->config);
        host_free(scene->host);
        arena_free(scene->arena);
        *scene = (Scene){0};
}

const Plan *scene_plan_slot(Scene *scene, const PciAddress *slot)
{
        plan_freep(&scene->plan);
        cr_assert_eq(plan_build(scene->config, &scene->words, scene->host, slot, &scene->plan), 0);
        return scene->plan;
}

const Plan *scene_plan(Scene *scene)
{
        return scene_plan_slot(scene, NULL);
}

static void add_claim(Text *text, const Claim *claim)
{
        text_separate(text, " ");
        text_add(text, "%s:%s", claim->entry->name,
                claim->display ? PCI_ADDRESS(claim->display->address) : "-");
        for (size_t i = 0; i < claim->n_functions; i++)
                text_add(text, "%s%u", i ? "," : "{", claim->functions[i]->address.function);
        text_add(text, "%s%s", claim->n_functions ? "}" : "", claim->skipped ? "!skipped" : "");
        for (int reason = 0; reason < _REASON_MAX; reason++)
                if (claim->findings[reason].cause)
                        text_add(text, "!%s", reason_word((Reason)reason));
}

const char *scene_claims_text(Scene *scene, const Claims *claims)
{
        Text text = TEXT_IN(scene->arena);

        for (size_t i = 0; i < claims->n_items; i++)
                add_claim(&text, &claims->items[i]);
        return text.string;
}

const char *scene_steps_text(Scene *scene)
{
        Text text = TEXT_IN(scene->arena);

        for (size_t i = 0; i < scene->plan->n_steps; i++) {
                const Step *step = &scene->plan->steps[i];

                text_separate(&text, "; ");
                text_add(&text, "%s", step_type_name(step->type));
                if (step->claim >= 0)
                        text_add(&text, " %s", PCI_ADDRESS(step->address));
                if (step->target && step->type != STEP_HOLD)
                        text_add(&text, " %s", step->target);
                if (step->type == STEP_LOAD && *step->text)
                        text_add(&text, " %s", step->text);
        }
        return text.string;
}

const Step *scene_find_step(const Scene *scene, StepType type, const char *address)
{
        for (size_t i = 0; i < scene->plan->n_steps; i++) {
                const Step *step = &scene->plan->steps[i];

                if (step->type == type &&
                        (!*address || strcmp(PCI_ADDRESS(step->address), address) == 0))
                        return step;
        }
        return NULL;
}

void scene_take_all_steps(Scene *scene)
{
        for (size_t i = 0; i < scene->plan->n_steps; i++) {
                const Step *step = &scene->plan->steps[i];

                if (step->type == STEP_POLICY)
                        scene->host->policy = arena_strdup(scene->host->arena, step->text);
                if (step->type == STEP_LOAD && strcmp(step->target, "vfio_pci") == 0)
                        scene->host->vfio_pci = MODULE_PRESENT;
                else if (step->type == STEP_LOAD && step->claim == STEP_NO_CLAIM)
                        scene->host->iommu_backend = MODULE_PRESENT;
                if (step->type == STEP_FREE)
                        scene_function(scene, PCI_ADDRESS(step->address))->boot_framebuffer = false;
                if (step->type == STEP_BIND)
                        scene_function(scene, PCI_ADDRESS(step->address))->binding =
                                (Binding){.driver = step->target, .vfio_device = "vfio0"};
        }
}

Function *scene_function(const Scene *scene, const char *address)
{
        for (size_t i = 0; i < scene->host->n_functions; i++)
                if (strcmp(PCI_ADDRESS(scene->host->functions[i].address), address) == 0)
                        return &scene->host->functions[i];
        cr_assert_fail("there is no function %s", address);
        return NULL;
}

Binding *scene_bindings(Scene *scene, const Claim *claim)
{
        Binding *bindings = arena_array(scene->arena, claim->n_functions, sizeof(Binding));

        for (size_t i = 0; i < claim->n_functions; i++)
                bindings[i] = claim->functions[i]->binding;
        return bindings;
}
