/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/mishap.h"

#include <err.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"

const int *mishap_errnos(StepType type)
{
        static const int files[] = {ENOSPC, EROFS, EACCES, EIO, 0};
        static const int overrides[] = {ENOENT, ENODEV, EINVAL, ENOMEM, 0};
        static const int loads[] = {ENOENT, EPERM, ENOEXEC, EINVAL, ENOMEM, EBUSY, 0};
        static const int unbinds[] = {ENOENT, ENODEV, EACCES, 0};
        static const int settings[] = {ENOENT, EINVAL, EOPNOTSUPP, EIO, 0};
        static const int binds[] = {ENOENT, ENODEV, EBUSY, EINVAL, EIO, ENOMEM, ENOTTY, 0};
        static const int others[] = {ENOENT, ENODEV, EINVAL, 0};
        static const int *const errnos[_STEP_TYPE_MAX] = {
                [STEP_POLICY] = files,
                [STEP_HOLD] = overrides,
                [STEP_LOAD] = loads,
                [STEP_UNBIND] = unbinds,
                [STEP_OVERRIDE] = overrides,
                [STEP_RESET_METHOD] = settings,
                [STEP_D3COLD] = settings,
                [STEP_BIND] = binds,
                [STEP_CLEAR] = overrides,
        };

        return errnos[type] ? errnos[type] : others;
}

bool accident_has(const Accident *accident, MishapType type)
{
        for (size_t i = 0; i < MISHAPS; i++)
                if (accident->mishaps[i].type == type)
                        return true;
        return false;
}

static const char *describe_step(size_t index, const Step *steps, size_t n_steps, Arena *arena)
{
        return index < n_steps ? step_describe(&steps[index], arena) : "nothing";
}

const char *accident_describe(
        const Accident *accident, const Step *steps, size_t n_steps, Arena *arena)
{
        static const char *const mishaps[_MISHAP_TYPE_MAX] = {"", "fails", "has no effect", "hangs",
                "its worker dies", "the program is killed", "is done, and fails",
                "is done, and hangs", "is done, and its worker dies",
                "is done, and the program is killed"};
        static const char *const others[_OTHERS_TYPE_MAX] = {"", "others load drivers",
                "udev finds", "others unbind", "somebody unplugs",
                "somebody unplugs, and plugs in,"};
        const Meddling *other = &accident->others;
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < MISHAPS; i++) {
                const Mishap *mishap = &accident->mishaps[i];

                if (mishap->type == MISHAP_NONE)
                        continue;
                text_separate(&text, "; ");
                text_add(&text, "%s: %s", describe_step(mishap->step, steps, n_steps, arena),
                        mishaps[mishap->type]);
                if (mishap->error)
                        text_add(&text, " (%s)", strerror(mishap->error));
        }
        if (other->type != OTHERS_REST) {
                text_separate(&text, "; ");
                text_add(&text, "before %s: %s %s",
                        describe_step(other->step, steps, n_steps, arena), others[other->type],
                        PCI_ADDRESS(other->address));
        }
        return text_is_empty(&text) ? "nothing goes wrong" : text.string;
}

static bool is_step(const Step *step, unsigned types, PciAddress address, const char *target)
{
        if (!(types & 1u << step->type))
                return false;
        if (step->claim >= 0 && step->type != STEP_FREE &&
                pci_address_compare(step->address, address) != 0)
                return false;
        return !target || (step->target && strcmp(step->target, target) == 0);
}

static size_t find_step(const Mishaps *m, unsigned types, PciAddress address, const char *target)
{
        for (size_t i = 0; i < m->n_steps; i++)
                if (is_step(&m->steps[i], types, address, target))
                        return i;
        return SIZE_MAX;
}

static void act_as_others(const Mishaps *m)
{
        const Meddling *others = &m->accident.others;
        const Ops *ops = sim_ops(m->sim);

        switch (others->type) {
        case OTHERS_LOAD:
                sim_load(m->sim, "nouveau");
                sim_load(m->sim, "snd_hda_intel");
                break;
        case OTHERS_COLDPLUG:
                (void)ops->announce(ops->context, others->address);
                break;
        case OTHERS_UNBIND:
                (void)ops->unbind(
                        ops->context, others->address, sim_driver(m->sim, others->address));
                break;
        case OTHERS_UNPLUG:
                sim_plug(m->sim, others->address, false);
                break;
        case OTHERS_REPLUG:
                sim_plug(m->sim, others->address, false);
                sim_plug(m->sim, others->address, true);
                break;
        case OTHERS_REST:
        case _OTHERS_TYPE_MAX:
                break;
        }
}

/* The mishap that this call meets, or NULL. Whoever comes first meets it, and then nobody does: a
 * step that is taken again (udev is told once more) goes well. */
static const Mishap *meet(Mishaps *m, unsigned types, PciAddress address, const char *target)
{
        size_t step = find_step(m, types, address, target);
        unsigned n = __atomic_fetch_add(&m->n_calls, 1, __ATOMIC_SEQ_CST);

        if (n < ARRAY_SIZE(m->calls))
                m->calls[n] = (MishapCall){step, address, sim_is_readable(m->sim, address)};
        if (m->accident.others.step == step &&
                !__atomic_test_and_set(&m->others_came, __ATOMIC_SEQ_CST))
                act_as_others(m);
        for (size_t i = 0; i < MISHAPS; i++)
                if (m->accident.mishaps[i].type != MISHAP_NONE &&
                        m->accident.mishaps[i].step == step &&
                        !__atomic_test_and_set(&m->happened[i], __ATOMIC_SEQ_CST))
                        return &m->accident.mishaps[i];
        return NULL;
}

static int suffer(const Mishaps *m, const Mishap *mishap, int r)
{
        switch (mishap ? mishap->type : MISHAP_NONE) {
        case MISHAP_FAILS:
        case MISHAP_FAILS_LATE:
                return -mishap->error;
        case MISHAP_KILLED:
        case MISHAP_KILLED_LATE:
                /* no kernel leaves a probe half done because who asked for it is killed */
                sim_stand_still(m->sim);
                (void)kill(m->program, SIGKILL);
                break;
        case MISHAP_DIES:
        case MISHAP_DIES_LATE:
                (void)raise(SIGKILL);
                break;
        case MISHAP_HANGS:
        case MISHAP_HANGS_LATE:
                break;
        case MISHAP_NONE:
        case MISHAP_NO_EFFECT:
        case _MISHAP_TYPE_MAX:
                return r;
        }
        for (;;)
                pause();
}

/* Calls `operation` of the simulated kernel, unless something comes in between. */
#define CALL(types, address, target, operation, ...)                                               \
        ({                                                                                         \
                Mishaps *m_ = context;                                                             \
                const Ops *ops_ = sim_ops(m_->sim);                                                \
                const Mishap *met_ = meet(m_, types, address, target);                             \
                int r_ = 0;                                                                        \
                if (!met_ || met_->type >= MISHAP_FAILS_LATE)                                      \
                        r_ = ops_->operation(ops_->context, __VA_ARGS__);                          \
                suffer(m_, met_, r_);                                                              \
        })

#define NO_ADDRESS ((PciAddress){0})

static int write_policy(void *context, const char *text)
{
        return CALL(1u << STEP_POLICY, NO_ADDRESS, NULL, write_policy, text);
}

static int set_override(void *context, PciAddress address, const char *driver)
{
        return CALL(driver ? 1u << STEP_HOLD | 1u << STEP_OVERRIDE : 1u << STEP_CLEAR, address,
                driver, set_override, address, driver);
}

static int load(void *context, const char *module, const char *options)
{
        return CALL(1u << STEP_LOAD, NO_ADDRESS, module, load, module, options);
}

static int free_framebuffer(void *context, const char *device, const char *driver)
{
        return CALL(1u << STEP_FREE, NO_ADDRESS, driver, free_framebuffer, device, driver);
}

static int unbind(void *context, PciAddress address, const char *driver)
{
        return CALL(1u << STEP_UNBIND, address, driver, unbind, address, driver);
}

static int set_reset_method(void *context, PciAddress address, const char *methods)
{
        return CALL(1u << STEP_RESET_METHOD, address, methods, set_reset_method, address, methods);
}

static int set_d3cold(void *context, PciAddress address, const char *allowed)
{
        return CALL(1u << STEP_D3COLD, address, allowed, set_d3cold, address, allowed);
}

static int bind(void *context, PciAddress address, const char *driver)
{
        return CALL(1u << STEP_BIND, address, driver, bind, address, driver);
}

static int forget_id(void *context, PciId id)
{
        char text[sizeof("ffff:ffff")];

        snprintf(text, sizeof(text), "%04x:%04x", id.vendor, id.device);
        return CALL(1u << STEP_FORGET, NO_ADDRESS, text, forget_id, id);
}

static int probe(void *context, PciAddress address)
{
        return CALL(1u << STEP_PROBE, address, NULL, probe, address);
}

static int settle(void *context, PciAddress address)
{
        return CALL(1u << STEP_SETTLE, address, NULL, settle, address);
}

static int announce(void *context, PciAddress address)
{
        return CALL(1u << STEP_ANNOUNCE, address, NULL, announce, address);
}

static int set_readable(void *context, PciAddress address, bool readable)
{
        const Ops *ops = sim_ops(((Mishaps *)context)->sim);

        return ops->set_readable(ops->context, address, readable);
}

static int read_binding(void *context, PciAddress address, Arena *arena, Binding *ret)
{
        const Ops *ops = sim_ops(((Mishaps *)context)->sim);

        return ops->read_binding(ops->context, address, arena, ret);
}

Mishaps *mishaps_new(Sim *sim, const Step *steps, size_t n_steps, const Accident *accident)
{
        Mishaps *m = mmap(
                NULL, sizeof(Mishaps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (m == MAP_FAILED)
                errx(1, "out of memory");
        m->sim = sim;
        m->steps = steps;
        m->n_steps = n_steps;
        m->accident = *accident;
        m->ops = (Ops){
                .context = m,
                .write_policy = write_policy,
                .set_override = set_override,
                .load = load,
                .free_framebuffer = free_framebuffer,
                .unbind = unbind,
                .set_reset_method = set_reset_method,
                .set_d3cold = set_d3cold,
                .bind = bind,
                .set_readable = set_readable,
                .forget_id = forget_id,
                .probe = probe,
                .settle = settle,
                .announce = announce,
                .read_binding = read_binding,
        };
        return m;
}

bool mishaps_happened(const Mishaps *mishaps)
{
        for (size_t i = 0; i < MISHAPS; i++)
                if (mishaps->accident.mishaps[i].type != MISHAP_NONE && !mishaps->happened[i])
                        return false;
        return true;
}

void mishaps_free(Mishaps *m)
{
        if (m)
                (void)munmap(m, sizeof(Mishaps));
}
