/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/export-scene.h"

#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "lib/report-scene.h"
#include "report/export-ids.h"
#include "report/export-kubevirt.h"
#include "report/export-libvirt.h"
#include "report/export-qemu.h"

int export_of(Scene *scene, const char *const *names, size_t n_names, Export *ret,
        const char **reterr_unknown)
{
        const Report report = report_of_scene(scene, true);

        return export_select(&report, scene->config, scene->host, names, n_names, scene->arena, ret,
                reterr_unknown);
}

static const char *text_of(Scene *scene, void (*format)(Export *e))
{
        const char *unknown = NULL;
        Export e = {0};

        if (export_of(scene, NULL, 0, &e, &unknown) < 0)
                errx(1, "not exported");
        format(&e);
        if (arena_failed(e.arena))
                errx(1, "out of memory");
        return e.text.string;
}

static size_t count(const char *text, const char *what)
{
        size_t n = 0;

        for (; (text = strstr(text, what)); text += strlen(what))
                n++;
        return n;
}

/* Not skipped, and refused for nothing that outlasts a reboot. */
static bool may_go(const Claim *claim)
{
        for (int reason = REASON_NONE + 1; reason < _REASON_MAX; reason++)
                if (claim->findings[reason].cause && reason != REASON_DRIVER_BUSY)
                        return false;
        return claim->display && !claim->skipped;
}

static const Claim *claim_of(const Scene *scene, const Function *f)
{
        for (size_t i = 0; i < scene->plan->claims.n_items; i++) {
                const Claim *claim = &scene->plan->claims.items[i];

                if (may_go(claim) && claim_holds(claim, f))
                        return claim;
        }
        return NULL;
}

/* QEMU and libvirt get the functions of the claims that may go, each once, and nothing else. */
static const char *check_functions(Scene *scene, const char *qemu, const char *libvirt)
{
        size_t n = 0;

        for (size_t i = 0; i < scene->host->n_functions; i++) {
                const Function *f = &scene->host->functions[i];
                PciAddress a = f->address;
                size_t wanted = claim_of(scene, f) != NULL;

                if (count(qemu, arena_printf(scene->arena, "host=%s,", PCI_ADDRESS(a))) != wanted)
                        return arena_printf(scene->arena, "QEMU gets %s otherwise", PCI_ADDRESS(a));
                if (count(libvirt,
                            arena_printf(scene->arena,
                                    "    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' "
                                    "function='0x%x'/>",
                                    a.domain, a.bus, a.device, a.function)) != wanted)
                        return arena_printf(
                                scene->arena, "libvirt gets %s otherwise", PCI_ADDRESS(a));
                n += wanted;
        }
        if (count(qemu, "-device vfio-pci,") != n || count(libvirt, "<hostdev ") != n)
                return "more is exported than there is";
        /* a guest finds nothing in a slot without function 0 */
        return count(qemu, ",addr=00.0") == count(qemu, "-device pcie-root-port,")
                       ? NULL
                       : "a slot of the guest has no function 0";
}

/* What a shell or a boot loader reads has nothing in it that they would read otherwise. */
static bool is_safe(const char *text)
{
        for (; *text; text++)
                if (!isalnum((unsigned char)*text) && !strchr("-_.,:= \n", *text))
                        return false;
        return true;
}

static bool takes(const char *id, const Function *f)
{
        unsigned vendor = 0, device = 0, subvendor = 0, subdevice = 0;
        int n = sscanf(id, "%x:%x:%x:%x", &vendor, &device, &subvendor, &subdevice);

        return vendor == f->id.vendor && device == f->id.device &&
               (n < 4 || (subvendor == f->subsystem.vendor && subdevice == f->subsystem.device));
}

/* With these ids vfio-pci takes nothing that it is not meant to have; and the whole of each card.
 */
static const char *check_ids(Scene *scene, const char *cmdline)
{
        const char *ids = strstr(cmdline, "ids=");
        char *list = ids ? arena_strndup(scene->arena, ids + 4, strcspn(ids + 4, " \n")) : NULL;

        for (char *id; (id = strsep(&list, ","));)
                for (size_t i = 0; i < scene->host->n_functions; i++) {
                        const Function *f = &scene->host->functions[i];
                        const Claim *claim = claim_of(scene, f);

                        if (!claim) /* stuck, and still not the host's */
                                claim = claims_find_kept(&scene->plan->claims, f);
                        if (f->unreadable || !takes(id, f))
                                continue;
                        if (!claim)
                                return arena_printf(scene->arena, "%s takes %s from the host", id,
                                        PCI_ADDRESS(f->address));
                        for (size_t k = 0; k < claim->n_functions; k++)
                                if (claim->functions[k] == f &&
                                        strcmp(claim->drivers[k], "vfio-pci") != 0)
                                        return arena_printf(scene->arena, "%s takes %s from %s", id,
                                                PCI_ADDRESS(f->address), claim->drivers[k]);
                }
        return NULL;
}

/* A machine asks for what is permitted, and no two things are called the same. */
static const char *check_kubevirt(Scene *scene, const char *yaml)
{
        static const char key[] = "        resourceName: ", wish[] = "deviceName: ";
        const char *machine = strstr(yaml, "\n---\n");

        for (const char *at = yaml; (at = strstr(at, key)); at += strlen(key)) {
                const char *name = arena_strndup(
                        scene->arena, at + strlen(key), strcspn(at + strlen(key), "\n"));

                if (count(yaml, arena_printf(scene->arena, "%s%s\n", key, name)) != 1)
                        return arena_printf(scene->arena, "%s is there twice", name);
                if (!machine || !strstr(machine, arena_printf(scene->arena, "%s%s\n", wish, name)))
                        return arena_printf(scene->arena, "nobody asks for %s", name);
        }
        for (const char *at = machine; at && (at = strstr(at, wish)); at += strlen(wish))
                if (!strstr(yaml,
                            arena_printf(scene->arena, "%s%.*s\n", key,
                                    (int)strcspn(at + strlen(wish), "\n"), at + strlen(wish))))
                        return "a machine asks for what is not permitted";
        return NULL;
}

const char *invariants_of_exports(Scene *scene)
{
        const char *qemu = text_of(scene, export_qemu);
        const char *libvirt = text_of(scene, export_libvirt);
        const char *cmdline = text_of(scene, export_ids_cmdline);
        const char *broken = check_functions(scene, qemu, libvirt);

        if (!broken && !(is_safe(qemu) && is_safe(cmdline)))
                broken = "a word needs quotes";
        if (!broken)
                broken = check_ids(scene, cmdline);
        if (!broken)
                broken = check_kubevirt(scene, text_of(scene, export_kubevirt));
        return broken;
}
