/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The machine as data. scan.c fills it; policy/ reasons about it; tests write it down by hand.
 * Every string and array lives in the Host's arena.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/pci-address.h"
#include "base/pci-path.h"

/* PCI Code and ID Assignment Specification: base and sub class, without the programming interface
 */
#define PCI_CLASS_BASE_STORAGE            0x01
#define PCI_CLASS_BASE_NETWORK            0x02
#define PCI_CLASS_BASE_DISPLAY            0x03
#define PCI_CLASS_BASE_ACCELERATOR        0x12
#define PCI_CLASS_BASE_BRIDGE             0x06
#define PCI_CLASS_VGA                     0x0300
#define PCI_CLASS_3D                      0x0302
#define PCI_CLASS_DISPLAY_OTHER           0x0380
#define PCI_CLASS_AUDIO_HDA               0x0403
#define PCI_CLASS_HOST_BRIDGE             0x0600
#define PCI_CLASS_ISA_BRIDGE              0x0601
#define PCI_CLASS_PCI_BRIDGE              0x0604
#define PCI_CLASS_CARDBUS_BRIDGE          0x0607
#define PCI_CLASS_SEMI_TRANSPARENT_BRIDGE 0x0609
#define PCI_CLASS_BRIDGE_OTHER            0x0680
#define PCI_CLASS_SD_HOST                 0x0805
#define PCI_CLASS_USB                     0x0c03
#define PCI_CLASS_SERIAL_OTHER            0x0c80

#define PCI_VENDOR_AMD    0x1002
#define PCI_VENDOR_NVIDIA 0x10de
#define PCI_VENDOR_INTEL  0x8086

typedef enum Stage {
        STAGE_INITRD,
        STAGE_SYSTEM,
} Stage;

/* Who holds a function now, and whether VFIO has it: all that reading back needs. */
typedef struct Binding {
        const char *driver;      /* target of the `driver` link, or NULL */
        const char *vfio_device; /* "vfio0", the name in <device>/vfio-dev, or NULL */
        bool vfio_cdev;          /* it has a node of its own, /dev/vfio/devices/vfio0 */
} Binding;

/* Who uses a function through the driver that has it. Looked for only where the driver is to let
 * go, and in the real root only: in the initrd nobody uses anything yet. */
typedef struct Users {
        bool known;        /* somebody looked; otherwise the rest says nothing */
        const char *names; /* "Xorg (pid 812), USB device 3-1", or NULL: nobody was found */
        const char *doubt; /* why there may be more, or NULL */
} Users;

typedef enum ModuleState {
        MODULE_MISSING,
        MODULE_LOADABLE,
        MODULE_PRESENT, /* loaded or built in */
} ModuleState;

/* A driver that the kernel offers for handing a function to VFIO, by an alias `vfio_pci:...`. */
typedef struct VfioDriver {
        const char *module; /* with `_` */
        unsigned wildcards; /* in the alias: fewer mean that it knows the card better */
        bool for_vfs;       /* needs a driver of the host for this very card loaded: it is made for
                               the virtual functions of a card that stays with the host */
        ModuleState state;
} VfioDriver;

/* PCIe Device Serial Number: read only where somebody asks, since that wakes a sleeping card. */
typedef enum SerialState {
        SERIAL_UNREAD,
        SERIAL_NONE,    /* the card has none */
        SERIAL_KNOWN,   /* it is `number` */
        SERIAL_UNKNOWN, /* `trouble` says why */
} SerialState;

typedef struct Serial {
        SerialState state;
        uint64_t number;
        const char *trouble;
} Serial;

/* What the kernel may do with a function on its own: read where an entry wants it otherwise. */
typedef struct Settings {
        bool known;               /* somebody looked; otherwise the rest says nothing */
        const char *reset_method; /* names in their order; NULL: there is no such attribute */
        int d3cold;               /* d3cold_allowed: 0 or 1; -1: there is no such attribute */
} Settings;

/* A slot of the case, as the firmware or a hotplug driver names it. */
typedef struct Slot {
        const char *name;
        PciAddress address;
        bool whole_bus; /* any device of the bus */
} Slot;

typedef struct Function {
        PciAddress address;
        PciAddress parent;      /* the bridge that it lies behind, */
        bool has_parent;        /* unless it is on a root bus, or the tree does not tell */
        const char *unreadable; /* why it could not be read whole, or NULL; then only `address`,
                                   `parent`, `iommu_group` and `binding` count */
        const char *silent;     /* why the card itself does not answer, or NULL: all that the kernel
                                   once found of it counts, but nobody can use it */
        PciId id;
        PciId subsystem;       /* zeros for what is no GPU */
        uint32_t class;        /* 24 bits, as in lspci -nn plus the programming interface */
        bool bridge;           /* header type 1 or 2 */
        bool virtual_function; /* an SR-IOV VF */
        unsigned enabled_vfs;  /* of an SR-IOV PF */
        int iommu_group;       /* or -1 */
        Binding binding;
        bool boot_vga;         /* the kernel's default VGA device */
        bool boot_framebuffer; /* the firmware's framebuffer lies in its BARs */
        const char *stuck;     /* who of an earlier run never came back from it ("process 412 of the
                                  initrd stage"), or NULL; then it must not be touched */
        bool released;         /* `release` has given it back; told to those who ask for it */
        Users users;           /* who would miss its driver; scan-users.c */
        const char **modules;  /* modules whose aliases match; of what drivers of GPUs take */
        size_t n_modules;
        VfioDriver *vfio_drivers; /* the variants of vfio-pci for it, best first; looked for where
                                     function_may_have_variant() */
        size_t n_vfio_drivers;
        bool asked; /* whether it answers; scan-card.c */
        Serial serial;
        Settings settings;
        const char *name; /* "TU104GL [Tesla T4]" of pci.ids when asked for, or NULL */
} Function;

/* What the firmware says about an IOMMU: the tables below /sys/firmware/acpi/tables. */
typedef enum FirmwareIommu {
        FIRMWARE_IOMMU_UNKNOWN, /* no ACPI, or not there to read */
        FIRMWARE_IOMMU_NONE,
        FIRMWARE_IOMMU_INTEL, /* DMAR */
        FIRMWARE_IOMMU_AMD,   /* IVRS */
        FIRMWARE_IOMMU_ARM,   /* IORT */
} FirmwareIommu;

/* A line of crypttab(5) that is set up at boot. */
typedef struct EncryptedDisk {
        const char *name;
        const char *device;
        bool asks; /* for a passphrase: no key file, no TPM, no token */
} EncryptedDisk;

/* A keyboard that exists now. */
typedef struct Keyboard {
        bool on_pci;        /* not so one behind the i8042, say */
        PciAddress address; /* of the function that it hangs on */
} Keyboard;

/* What makes this host's initramfs, as far as the tree shows it. */
typedef enum ImageTool {
        IMAGE_TOOL_UNKNOWN,
        IMAGE_TOOL_DRACUT,         /* and one kernel is installed */
        IMAGE_TOOL_DRACUT_ALL,     /* and several are */
        IMAGE_TOOL_KERNEL_INSTALL, /* unified kernel images */
        IMAGE_TOOL_RPM_OSTREE,
        IMAGE_TOOL_INITRAMFS_TOOLS, /* which does not know vfio-gpu */
        IMAGE_TOOL_MKINITCPIO,      /* which does not, either */
        _IMAGE_TOOL_MAX,
} ImageTool;

/* How this host sets the kernel command line for good, as far as the tree shows it. */
typedef enum KernelLine {
        KERNEL_LINE_UNKNOWN,
        KERNEL_LINE_RPM_OSTREE,
        KERNEL_LINE_GRUBBY,
        KERNEL_LINE_KERNEL_INSTALL, /* /etc/kernel/cmdline */
        KERNEL_LINE_PROXMOX,        /* the same, without GRUB */
        KERNEL_LINE_PROXMOX_EITHER, /* with systemd-boot or GRUB: only the partition knows */
        KERNEL_LINE_UPDATE_GRUB,    /* GRUB, as Debian has it, */
        KERNEL_LINE_GRUB2,          /* as openSUSE has it, */
        KERNEL_LINE_GRUB,           /* and as it comes */
        _KERNEL_LINE_MAX,
} KernelLine;

/* What the initrd of this boot left behind; known to the real root alone. */
typedef struct Initrd {
        bool existed;
        bool ran;           /* vfio-gpu did, in it */
        const char *config; /* text of what it worked with, or NULL */
} Initrd;

/* A file that is an image, or goes into one. */
typedef struct ImageFile {
        const char *kernel;   /* of an image: its release */
        const char *path;     /* NULL: none was found where dracut puts it */
        int64_t time;         /* of its last change, in ns since 1970 */
        const char *when;     /* the same for people */
        bool hidden;          /* only root may look where it could be */
        int64_t modules_time; /* of an image: when the modules of its kernel changed */
        const char *modules_when;
} ImageFile;

/* What dracut has made that the next boots take, and what it makes it of. */
typedef struct Images {
        ImageFile *items; /* one for each kernel; nobody has looked: none */
        size_t n_items;
        ImageFile newest_source; /* the last that was changed of all that goes into them */
        int64_t boot_time;       /* when this kernel started, in ns since 1970 */
} Images;

/* What else of this machine takes cards, or keeps drivers from them: policy/rivals.c judges it. */
typedef enum RivalKind {
        RIVAL_IDS,       /* gives vfio-pci ids, `value`: all cards of these models */
        RIVAL_STUB_IDS,  /* the same for pci-stub */
        RIVAL_LOADS,     /* has vfio-pci loaded */
        RIVAL_KEEPS_OFF, /* a driver, `value`, from all cards */
        RIVAL_HIDES,     /* the file that vfio-gpu writes for modprobe */
        RIVAL_DRIVERCTL, /* binds the function at `address` to `value` */
        RIVAL_LIBVIRT,   /* the domain `value` has it with managed='yes' */
        RIVAL_SCRIPT,    /* binds cards by itself */
        RIVAL_OPERATOR,  /* a pod with the container `value` is on this node */
        RIVAL_UNSEEN,    /* `value` says what could not be looked at, why, and what to do */
        _RIVAL_KIND_MAX,
} RivalKind;

typedef struct Rival {
        RivalKind kind;
        bool on_cmdline;  /* of the kernel; `file` and `line` then tell where that is written, */
        const char *file; /* or are NULL and 0: not found */
        unsigned line;    /* 0: all of the file */
        const char *text; /* the line, or the word of the command line */
        const char *value;
        PciAddress address;
} Rival;

typedef struct ModuleParameter {
        const char *name;
        const char *value; /* as in /sys/module */
} ModuleParameter;

/* The kernel's device for the firmware's framebuffer, wherever that lies. */
typedef struct Framebuffer {
        const char *device; /* of the platform bus, "efi-framebuffer.0"; NULL: there is none */
        const char *driver; /* that has it, or NULL */
} Framebuffer;

typedef struct Host {
        Arena *arena;
        Stage stage;
        bool crash_kernel;   /* /proc/vmcore exists */
        const char *release; /* of the kernel */
        const char *cmdline; /* of the kernel, "" when unreadable */
        ImageTool image_tool;
        KernelLine kernel_line;
        Initrd initrd;
        Images images;       /* looked for on request; scan-image-files.c */
        bool enabled;        /* vfio-gpu.service is */
        const char *masked;  /* the link to /dev/null that stands in its place, or NULL */
        Function *functions; /* sorted by address */
        size_t n_functions;
        Slot *slots; /* sorted by name */
        size_t n_slots;
        FirmwareIommu firmware_iommu;
        Framebuffer framebuffer;
        EncryptedDisk *disks;
        size_t n_disks;
        Keyboard *keyboards; /* where no input driver is loaded yet, there are none */
        size_t n_keyboards;
        ModuleState vfio_pci; /* the driver that takes any function */
        bool vfio_pci_built_in;
        ModuleParameter *vfio_parameters; /* of vfio-pci, in force, that the kernel shows */
        size_t n_vfio_parameters;
        ModuleState iommu_backend;
        const char *iommu_backend_module; /* "vfio_iommu_type1", "iommufd"; NULL when missing */
        const char **install_lines; /* of modprobe.d, for what may have to be loaded: they run a
                                       command in its place */
        size_t n_install_lines;
        Rival *rivals; /* looked for on request; scan-rivals.c */
        size_t n_rivals;
        bool recipes_known;    /* also those that do no harm, and no good either */
        const char *policy;    /* text of /run/modprobe.d/vfio-gpu.conf, or NULL */
        const char **warnings; /* what was left out of this picture, and why */
        size_t n_warnings;
} Host;

/* Returns an empty Host that lives in an arena of its own, or NULL when memory is out. */
Host *host_new(void);
/* Frees a Host of host_new() and all that its arena holds. NULL is allowed. */
void host_free(Host *host);
DEFINE_CLEANUP(Host *, host_free);

/* True when the driver that has the function is `driver`, spelled either way. */
bool binding_is_on(const Binding *binding, const char *driver);

/* Adds to `warnings`. NULL is allowed: memory that has run out is remembered by the arena. */
void host_add_warning(Host *host, const char *text);

/* Makes `f` unreadable, for that reason, and warns of it. */
void host_leave_out(Host *host, Function *f, const char *why);

/* Why nothing can be done with `f`, or NULL: `unreadable` or `silent`. */
const char *function_trouble(const Function *f);

/* The function at `address`, or NULL. */
const Function *host_find(const Host *host, PciAddress address);

/*
 * The functions of the slot of `address`, in their order: the one behind `after` (NULL: the first),
 * or NULL. By the macro: `for_each_in_slot (f, host, address)`.
 */
const Function *host_next_in_slot(const Host *host, PciAddress address, const Function *after);
#define for_each_in_slot(f, host, address)                                                         \
        for (const Function *f = NULL; (f = host_next_in_slot((host), (address), f));)

/* Where `f` is plugged. False when the bridges on the way are not all known. */
bool host_path(const Host *host, const Function *f, PciPath *ret);

/* Class without the programming interface, e.g. 0x0302; and the base class, e.g. 0x03. */
static inline unsigned function_class(const Function *f)
{
        return f->class >> 8;
}

static inline unsigned function_base_class(const Function *f)
{
        return f->class >> 16;
}

/* True when `f` is in the IOMMU group of one of the `n` functions. */
bool function_shares_group(const Function *const *functions, size_t n, const Function *f);

/* A readable function of base class 03. */
bool function_is_display(const Function *f);

/* One that a monitor may hang on: not a 3D controller, and not `silent`. */
bool function_drives_monitor(const Function *f);

/* A readable switch of an NVLink fabric, which is handed over as a GPU is. */
bool function_is_nvswitch(const Function *f);

/* Either: what drivers take for itself, and not because it belongs to something else. */
bool function_is_gpu(const Function *f);

/* On vfio-pci or a variant of it, whose names all tell: a VM may hold it, even while VFIO does not
 * know it yet, or no longer. */
bool binding_is_vfio(const Binding *binding);

/* Of a kind that a card may bring along: audio, USB, UCSI. */
bool function_may_be_companion(const Function *f);

/* Storage (SD cards and eMMC too) and network controllers: the host may live on them. */
bool function_may_carry_host(const Function *f);

/* What is handed over at all: the displays, what they bring along, NVIDIA's switches. */
bool function_may_have_variant(const Function *f);
