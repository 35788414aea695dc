/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-kubevirt.h"

#include <ctype.h>
#include <string.h>

#include "base/driver-name.h"
#include "policy/driver.h"

/* What virtual machines ask for: KubeVirt tells devices apart by their model, and by nothing else
 * (pkg/virt-handler/device-manager of KubeVirt). */
typedef struct Resource {
        PciId id;
        const char *name;
        const Entry *entry; /* that gave it the name */
} Resource;

typedef struct Device {
        const Claim *claim;
        size_t resource; /* index */
} Device;

typedef struct Kubevirt {
        Export *e;
        Resource *resources;
        size_t n_resources;
        Device *devices;
        size_t n_devices;
} Kubevirt;

/* In the qualified names of Kubernetes the part behind the slash has at most so many letters. */
#define NAME_MAX_LENGTH 63

/* NVIDIA's plugin serves all cards of NVIDIA, also those that a variant of vfio-pci has. */
static bool is_the_plugins(const Kubevirt *k, PciId id)
{
        return k->e->nvidia_plugin && id.vendor == PCI_VENDOR_NVIDIA;
}

/* The name as that plugin makes it of pci.ids: capitals; white space, points and slashes become
 * underscores; and of the rest letters and digits are kept. */
static const char *plugin_name(const Kubevirt *k, const Function *f)
{
        Text name = TEXT_IN(k->e->arena);

        for (const char *c = f->name; c && *c; c++) {
                bool gap = isspace((unsigned char)*c), again = gap && isspace((unsigned char)c[1]);

                if (again)
                        continue;
                if (gap || *c == '.' || *c == '/' || *c == '_')
                        text_add(&name, "_");
                else if (isalnum((unsigned char)*c))
                        text_add(&name, "%c", toupper((unsigned char)*c));
        }
        if (!f->name)
                text_add(&name, "%04x", f->id.device);
        return arena_printf(k->e->arena, "nvidia.com/%s", name.string);
}

/* An entry's name, as far as Kubernetes takes it: it wants a letter or digit at either end. */
static const char *entry_name(const Kubevirt *k, const Entry *entry)
{
        const char *name = entry->name;
        size_t length;

        while (*name && !isalnum((unsigned char)*name))
                name++;
        length = strnlen(name, NAME_MAX_LENGTH - strlen("-vvvv-dddd"));
        while (length > 0 && !isalnum((unsigned char)name[length - 1]))
                length--;
        return length > 0 ? arena_strndup(k->e->arena, name, length) : "gpu";
}

/* virt-launcher finds a resource's devices in a variable of the environment, for whose name
 * capitals are made of all letters, and underscores of points and slashes. */
static bool same_variable(const char *a, const char *b)
{
        for (; *a && *b; a++, b++) {
                char x = *a == '.' || *a == '/' ? '_' : (char)toupper((unsigned char)*a);
                char y = *b == '.' || *b == '/' ? '_' : (char)toupper((unsigned char)*b);

                if (x != y)
                        return false;
        }
        return *a == *b;
}

static bool is_taken(const Kubevirt *k, const char *name)
{
        for (size_t i = 0; i < k->n_resources; i++)
                if (same_variable(k->resources[i].name, name))
                        return true;
        return false;
}

/* NULL: there is no name that is not taken, or memory is out. */
static const char *resource_name(const Kubevirt *k, const Claim *claim)
{
        const Function *d = claim->display;
        const char *short_name = entry_name(k, claim->entry), *name = NULL;

        if (is_the_plugins(k, d->id))
                name = plugin_name(k, d);
        else if (short_name)
                name = arena_printf(k->e->arena, "vfio-gpu/%s", short_name);
        if (name && is_taken(k, name) && short_name)
                name = arena_printf(k->e->arena, "vfio-gpu/%s-%04x-%04x", short_name, d->id.vendor,
                        d->id.device);
        return name && !is_taken(k, name) ? name : NULL;
}

/* Returns the index, or -ENOENT after a warning. */
static ssize_t find_resource(Kubevirt *k, const Claim *claim)
{
        PciId id = claim->display->id;

        for (size_t i = 0; i < k->n_resources; i++) {
                const Resource *r = &k->resources[i];

                if (!pci_id_equal(r->id, id))
                        continue;
                if (r->entry != claim->entry && !is_the_plugins(k, id))
                        export_warn(k->e,
                                "%s and %s are of one model (%04x:%04x), and KubeVirt tells them "
                                "not apart: both are %s",
                                r->entry->name, claim->entry->name, id.vendor, id.device, r->name);
                return (ssize_t)i;
        }

        const char *name = resource_name(k, claim);
        Resource *r = name ? arena_push(k->e->arena, &k->resources, &k->n_resources) : NULL;
        if (!r) {
                export_leave_out(k->e, "%s is left out: another entry has its name already",
                        claim->entry->name);
                return -ENOENT;
        }
        *r = (Resource){.id = id, .name = name, .entry = claim->entry};
        if (is_the_plugins(k, id) && !claim->display->name)
                export_warn(k->e,
                        "pci.ids of this host does not know %04x:%04x: if that of the plugin does, "
                        "the resource is not %s",
                        id.vendor, id.device, name);
        return (ssize_t)k->n_resources - 1;
}

/* Why KubeVirt would not take the card, or NULL. */
static const char *obstacle(const Kubevirt *k, const Claim *claim)
{
        const Function *d = claim->display;
        const char *driver = claim_display_driver(claim);

        if (!driver_name_equal(driver, DRIVER_VFIO_PCI) && !is_the_plugins(k, d->id))
                return arena_printf(k->e->arena,
                        "KubeVirt takes only what is on vfio-pci, and this gets %s: set driver = "
                        "\"vfio-pci\" in its entry",
                        driver);
        for (size_t i = 0; i < k->n_devices; i++)
                if (k->devices[i].claim->display->iommu_group == d->iommu_group)
                        return arena_printf(k->e->arena,
                                "KubeVirt hands out one device an IOMMU group, and %s is in group "
                                "%d, too",
                                PCI_ADDRESS(k->devices[i].claim->display->address), d->iommu_group);
        return NULL;
}

static void add_device(Kubevirt *k, const Claim *claim)
{
        const char *why = obstacle(k, claim);
        ssize_t resource = 0;
        Device *device = NULL;

        if (why) {
                export_leave_out(k->e, "%s (%s) is left out: %s", claim->entry->name,
                        PCI_ADDRESS(claim->display->address), why);
                return;
        }
        resource = find_resource(k, claim);
        if (resource >= 0)
                device = arena_push(k->e->arena, &k->devices, &k->n_devices);
        if (device)
                *device = (Device){.claim = claim, .resource = (size_t)resource};
}

static bool is_exported(const Kubevirt *k, const Function *f)
{
        for (size_t i = 0; i < k->n_devices; i++)
                if (k->devices[i].claim->display == f)
                        return true;
        return false;
}

/* KubeVirt finds it, now or once the config is in force. */
static bool is_found(const Kubevirt *k, const Function *f)
{
        const Claim *claim = claims_find_kept(k->e->all, f);

        return binding_is_on(&f->binding, DRIVER_VFIO_PCI) ||
               (claim && driver_name_equal(claim_display_driver(claim), DRIVER_VFIO_PCI));
}

/* A selector takes every device of the model that vfio-pci has, whoever has put it there. */
static void warn_of_others(const Kubevirt *k, const Resource *r)
{
        const Host *host = k->e->host;

        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (pci_id_equal(f->id, r->id) && !is_exported(k, f) && is_found(k, f))
                        export_warn(k->e,
                                "%s is of the same model (%04x:%04x), and KubeVirt hands it out as "
                                "%s, too, while vfio-pci has it",
                                PCI_ADDRESS(f->address), f->id.vendor, f->id.device, r->name);
        }
}

static void add_permission(Text *text, const Kubevirt *k, const Resource *r)
{
        text_add(text,
                "      - pciVendorSelector: \"%04x:%04x\"\n"
                "        resourceName: \"%s\"\n",
                r->id.vendor, r->id.device, r->name);
        if (is_the_plugins(k, r->id))
                text_add(text, "        externalResourceProvider: true\n");
}

static void add_permissions(Text *text, const Kubevirt *k)
{
        text_add(text,
                "# for the KubeVirt resource: kubectl edit kubevirt --namespace kubevirt kubevirt\n"
                "apiVersion: \"kubevirt.io/v1\"\n"
                "kind: \"KubeVirt\"\n"
                "spec:\n"
                "  configuration:\n"
                "    permittedHostDevices:\n"
                "      pciHostDevices:\n");
        for (size_t i = 0; i < k->n_resources; i++)
                add_permission(text, k, &k->resources[i]);
}

/* libvirt makes an alias of a device's name, in which no point may be. */
static const char *device_name(const Kubevirt *k, size_t index)
{
        const char *entry = k->devices[index].claim->entry->name;
        char *name = arena_printf(k->e->arena, "gpu%zu-%s", index + 1, entry);

        for (char *c = name; c && *c; c++)
                if (*c == '.')
                        *c = '-';
        return name;
}

/* GPUs, or what is none: switches. */
static void add_devices(Text *text, const Kubevirt *k, const char *list, bool displays)
{
        size_t n = 0;

        for (size_t i = 0; i < k->n_devices; i++) {
                const Device *device = &k->devices[i];

                if (function_is_display(device->claim->display) != displays)
                        continue;
                if (n++ == 0)
                        text_add(text, "          %s:\n", list);
                text_add(text,
                        "          - name: \"%s\" # %s\n"
                        "            deviceName: \"%s\"\n",
                        device_name(k, i), PCI_ADDRESS(device->claim->display->address),
                        k->resources[device->resource].name);
        }
        if (n > 0 && !displays)
                export_warn(k->e,
                        "NVSwitches are %s for KubeVirt, which wants the feature gate HostDevices "
                        "for them",
                        list);
}

static void add_machine(Text *text, const Kubevirt *k)
{
        text_add(text, "---\n"
                       "# for a machine that is to have all of these: kubectl edit vm NAME\n"
                       "apiVersion: \"kubevirt.io/v1\"\n"
                       "kind: \"VirtualMachine\"\n"
                       "spec:\n"
                       "  template:\n"
                       "    spec:\n"
                       "      domain:\n"
                       "        devices:\n");
        add_devices(text, k, "gpus", true);
        add_devices(text, k, "hostDevices", false);
}

void export_kubevirt(Export *e)
{
        Kubevirt k = {.e = e};

        for (size_t i = 0; i < e->n_claims; i++)
                add_device(&k, e->claims[i]);
        if (k.n_devices == 0 || arena_failed(e->arena))
                return;
        for (size_t i = 0; i < k.n_resources; i++)
                warn_of_others(&k, &k.resources[i]);
        add_permissions(&e->text, &k);
        add_machine(&e->text, &k);
}
