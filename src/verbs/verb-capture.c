/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/stat.h>

#include "base/mask.h"
#include "base/text.h"
#include "config/kernel-mask.h"
#include "host/capture.h"
#include "host/domain-xml.h"
#include "host/scan-card.h"
#include "host/scan-recipes.h"
#include "host/scan-settings.h"
#include "host/scan-users.h"
#include "host/scan.h"
#include "verbs/output.h"
#include "verbs/say.h"
#include "verbs/standing.h"
#include "verbs/verbs.h"

#define CONFIG (&CONFIG_PATH[1]) /* below the root */

#define LEFT_OUT_SHOWN 10

/* Of every card that a config might mean: whoever has the capture may try another one. */
static ExitStatus look_at_settings(Session *s)
{
        Host *host = s->host;
        Function **functions = arena_array(s->arena, host->n_functions, sizeof(*functions));
        size_t n = 0;

        if (!functions)
                return session_out_of_memory(s);
        for (size_t i = 0; i < host->n_functions; i++) {
                Function *f = &host->functions[i];

                if (!function_may_have_variant(f) || f->virtual_function || f->stuck)
                        continue;
                functions[n++] = f;
                (void)scan_users_attached(&s->root, f, s->arena);
        }
        scan_settings(&s->root, host, functions, n);
        return arena_failed(host->arena) ? session_out_of_memory(s) : EXIT_STATUS_OK;
}

/* Those that no entry has asked for yet. */
static ExitStatus ask_serials(Session *s)
{
        Host *host = s->host;
        unsigned *wanted = arena_array(s->arena, host->n_functions, sizeof(*wanted));

        if (!wanted)
                return session_out_of_memory(s);
        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (function_is_gpu(f) && !f->virtual_function && !f->silent && !f->stuck &&
                        f->serial.state == SERIAL_UNREAD)
                        wanted[i] = SCAN_CARD_SERIAL;
        }
        return scan_cards(&s->root, host, wanted) < 0 ? session_out_of_memory(s) : EXIT_STATUS_OK;
}

static void look_at_records(Session *s)
{
        Stages stages = {0};

        stages_read(&s->root, s->arena, &stages);
        stages_done(&stages);
}

/* All that any verb looks at, and what another config would have it look at. A wrong config is told
 * of, and captured like a right one. */
static ExitStatus look(Session *s)
{
        unsigned discreet = s->options->serials ? 0 : SCAN_DISCREET;
        ExitStatus status = session_scan(s, SCAN_RELEASED | SCAN_RIVALS | SCAN_RECIPES | discreet);

        if (status != EXIT_STATUS_OK)
                return status;
        if (!s->options->config)
                trace_note(s->root.fd, CONFIG, TRACE_READ, false);
        look_at_records(s);
        status = session_read_config(s, !s->options->config);
        if (status == EXIT_STATUS_CONFIG && s->options->config)
                return status;
        if (status == EXIT_STATUS_OK)
                status = session_plan(s);
        if (status == EXIT_STATUS_OK)
                status = session_ask_users(s);
        if (status == EXIT_STATUS_OK && s->options->serials)
                status = ask_serials(s);
        if (status == EXIT_STATUS_OK || status == EXIT_STATUS_CONFIG)
                status = look_at_settings(s);
        return status;
}

static ExitStatus look_and_trace(Session *s, Trace *trace)
{
        int r = trace_begin(trace, s->root.fd, s->arena);

        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r,
                        "what is read cannot be followed: %s", strerror(-r));

        ExitStatus status = look(s);

        trace_end(trace);
        return status;
}

typedef struct Extras {
        CaptureExtra *items;
        size_t n_items;
} Extras;

static void add_extra(Session *s, Extras *extras, const char *path, const void *data, size_t size)
{
        CaptureExtra *item = arena_push(s->arena, &extras->items, &extras->n_items);

        if (item)
                *item = (CaptureExtra){.path = path, .data = data, .size = size};
}

/* As an entry of the config names it: that is masked, too. */
static void mask_serial(Mask *mask, Serial *serial)
{
        char text[PCI_SERIAL_SIZE];
        const char *masked = mask_identifiers(mask, pci_serial_format(serial->number, text));

        if (serial->state == SERIAL_KNOWN &&
                (!masked || pci_serial_parse(masked, &serial->number) < 0))
                serial->state = SERIAL_UNKNOWN;
}

static void add_card(Session *s, Mask *mask, const Function *card, Extras *extras)
{
        Function f = *card;
        size_t size = 0;

        if (!s->options->serials)
                mask_serial(mask, &f.serial);

        const void *space = scan_card_retell(&f, s->arena, &size);

        if (space)
                add_extra(s, extras,
                        arena_printf(
                                s->arena, "sys/bus/pci/devices/%s/config", PCI_ADDRESS(f.address)),
                        space, size);
}

static ExitStatus collect_extras(Session *s, Mask *mask, Extras *extras)
{
        const char *release = s->options->release;

        if (s->options->config)
                add_extra(s, extras, CONFIG, s->config_text, strlen(s->config_text));
        if (release)
                add_extra(s, extras, "proc/sys/kernel/osrelease", release, strlen(release));
        for (size_t i = 0; i < s->host->n_functions; i++)
                add_card(s, mask, &s->host->functions[i], extras);
        return arena_failed(s->arena) ? session_out_of_memory(s) : EXIT_STATUS_OK;
}

/* How much of a file may be shown to others. */
typedef enum Share {
        SHARE_ALL,     /* it tells of no one, and some of its numbers look like what does */
        SHARE_CMDLINE, /* a kernel's command line */
        SHARE_WORDS,   /* such ones, among other things */
        SHARE_LINES,   /* scripts and units: those lines that bind cards */
        SHARE_DOMAIN,  /* a virtual machine of libvirt's */
        SHARE_MASKED,
} Share;

static Share share_of(const char *path)
{
        static const struct {
                const char *start;
                Share share;
        } starts[] = {
                {"sys/", SHARE_ALL},
                {"proc/iomem", SHARE_ALL},
                {"lib/modules/", SHARE_ALL},
                {"usr/lib/modules/", SHARE_ALL},
                {"proc/cmdline", SHARE_CMDLINE},
                {"etc/kernel/cmdline", SHARE_CMDLINE},
                {"etc/cmdline.d/", SHARE_WORDS},
                {"etc/default/grub", SHARE_WORDS},
                {"etc/dracut.conf.d/", SHARE_WORDS},
                {"boot/", SHARE_WORDS},
                {"efi/", SHARE_WORDS},
                {"usr/lib/bootc/", SHARE_WORDS},
                {"etc/initramfs-tools/scripts/", SHARE_LINES},
                {"etc/udev/", SHARE_LINES},
                {"etc/systemd/", SHARE_LINES},
                {"etc/libvirt/hooks/", SHARE_LINES},
                {"var/lib/vz/", SHARE_LINES},
                {"etc/rc.local", SHARE_LINES},
                {"etc/libvirt/", SHARE_DOMAIN},
        };

        for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
                if (strncmp(path, starts[i].start, strlen(starts[i].start)) == 0)
                        return starts[i].share;
        return SHARE_MASKED;
}

/* Each of them keeps its number. */
static const char *binding_lines(const char *text, Arena *arena)
{
        char *rest = arena_strdup(arena, text);
        Text out = TEXT_IN(arena);

        for (char *line; (line = strsep(&rest, "\n"));)
                text_add(&out, "%s%s", scan_recipes_binds(line) ? line : "", rest ? "\n" : "");
        return arena_failed(arena) ? NULL : out.string;
}

typedef struct Discretion {
        Mask mask;
        bool serials;
} Discretion;

/* Sets `*reterr_why` where nothing of a domain may be shown. */
static const char *domain_excerpt(const char *text, Arena *arena, const char **reterr_why)
{
        const char *excerpt = NULL;
        int r = domain_xml_excerpt(text, arena, &excerpt);

        if (r == -ENOMEM) /* of the library's, too */
                arena_fail(arena);
        if (r == -ENOENT || r == -ENOSYS)
                *reterr_why = "without libxml2 (the package libxml2) its passwords cannot be told "
                              "from the rest";
        return excerpt;
}

static const char *share_text(Share share, const char *text, Arena *arena, const char **reterr_why)
{
        switch (share) {
        case SHARE_CMDLINE:
                return kernel_mask(text, arena);
        case SHARE_WORDS:
                return kernel_mask_file(text, arena);
        case SHARE_LINES:
                return binding_lines(text, arena);
        case SHARE_DOMAIN:
                return domain_excerpt(text, arena, reterr_why);
        case SHARE_ALL:
        case SHARE_MASKED:
                break;
        }
        return text;
}

/* Passwords are nobody's to see, --serials or not. What masks them reads text, to its end. */
static void filter(void *context, const char *path, CaptureView *view)
{
        Discretion *discretion = context;
        Arena *arena = discretion->mask.arena;
        Share share = share_of(path);

        if (share == SHARE_ALL)
                return;
        if (memchr(view->data, '\0', view->size)) {
                view->left_out = "it has NUL bytes, and so nobody knows what is to be masked in it";
                return;
        }

        const char *text = arena_strndup(arena, view->data, view->size);

        if (text)
                text = share_text(share, text, arena, &view->left_out);
        if (text && !discretion->serials)
                text = mask_identifiers(&discretion->mask, text);
        view->data = text;
        view->size = text ? strlen(text) : 0;
}

static void say_result(Session *s, const char *file, const CaptureResult *result, int fd)
{
        struct stat st = {0};

        for (size_t i = 0; i < result->n_left_out && i < LEFT_OUT_SHOWN; i++)
                say_error("left out: %s", result->left_out[i]);
        if (result->n_left_out > LEFT_OUT_SHOWN)
                say_error("left out: %zu more", result->n_left_out - LEFT_OUT_SHOWN);
        if (s->root.real && geteuid() != 0)
                say_error("only root sees all: which card holds the firmware's framebuffer may be "
                          "missing");
        printf("%s: %zu files and links, %lld KiB, %s\n", file, result->n_members,
                fstat(fd, &st) < 0 ? 0LL : ((long long)st.st_size + 1023) / 1024,
                s->options->serials ? "with serial numbers and other identifiers"
                                    : "without serial numbers; identifiers are masked");
}

static ExitStatus pack(Session *s, const Trace *trace, const char *file)
{
        _cleanup_(output_done) Output output = OUTPUT_NULL;
        Extras extras = {0};
        Discretion discretion = {.mask = MASK_IN(s->arena), .serials = s->options->serials};
        CaptureResult result = {0};
        const char *trouble = NULL;
        ExitStatus status = collect_extras(s, &discretion.mask, &extras);

        if (status == EXIT_STATUS_OK)
                status = output_begin(s, file, 0644, &output);
        if (status != EXIT_STATUS_OK)
                return status;

        const CaptureInput input = {
                .root = &s->root,
                .trace = trace,
                .extras = extras.items,
                .n_extras = extras.n_items,
                .filter = filter,
                .context = &discretion,
                .arena = s->arena,
        };
        int r = capture_write(&input, output.draft.fd, &result, &trouble);

        if (r < 0)
                return session_fail(
                        s, EXIT_STATUS_MACHINE, -r, "%s is not written: %s", file, trouble);
        status = output_commit(s, &output);
        if (status == EXIT_STATUS_OK)
                say_result(s, file, &result, output.draft.fd);
        return status;
}

ExitStatus verb_capture(const Options *options)
{
        Session s;
        Trace trace = {0};
        ExitStatus status = EXIT_STATUS_OK;

        if (options->n_arguments != 1) {
                say_error("capture wants the name of one file, that it writes");
                return EXIT_STATUS_USAGE;
        }
        status = session_start(options, &s);
        if (status == EXIT_STATUS_OK)
                status = look_and_trace(&s, &trace);
        if (status == EXIT_STATUS_OK)
                status = pack(&s, &trace, options->arguments[0]);
        session_done(&s);
        return status;
}
