# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make            the program, for release          make check      unit tests, offline cases, boots
# make install    DESTDIR, prefix                   make demo       watch a machine boot with it
# make lint       format, checkers, purity, docs    make deps       what the distribution must provide
# make fuzz       TIME seconds (60) a fuzz target   make soak       more orders, more accidents, then
# make coverage   what the tests take of src/                       all boots, ROUNDS times (2), or
# make valgrind   all cases below valgrind                          BOOTS boots
# make bench      what it costs, as ratios

VERSION := 0.1.0

prefix     ?= /usr
bindir     ?= $(prefix)/bin
mandir     ?= $(prefix)/share/man
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format

# Folders of systemd and dracut: what they say themselves, else where they have always been, wherever the
# program itself goes.
pkgvar      = $(or $(shell $(PKG_CONFIG) --variable=$(1) $(2) 2>/dev/null),$(3))
unitdir    ?= $(call pkgvar,systemdsystemunitdir,systemd,/usr/lib/systemd/system)
generatordir ?= $(call pkgvar,systemdsystemgeneratordir,systemd,/usr/lib/systemd/system-generators)
udevrulesdir ?= $(call pkgvar,udevdir,udev,/usr/lib/udev)/rules.d
catalogdir ?= $(call pkgvar,catalogdir,systemd,/usr/lib/systemd/catalog)
tmpfilesdir ?= $(call pkgvar,tmpfilesdir,systemd,/usr/lib/tmpfiles.d)
bashdir    ?= $(call pkgvar,completionsdir,bash-completion,/usr/share/bash-completion/completions)
# Debian's zsh does not look where all others do
zshdir     ?= $(firstword $(wildcard /usr/share/zsh/vendor-completions) /usr/share/zsh/site-functions)
dracutdir  ?= $(call pkgvar,dracutmodulesdir,dracut,/usr/lib/dracut/modules.d)

LIBS := libsystemd libkmod libpci libconfig json-c
# loaded when they are needed (base/library.h): of these the headers alone are used to build
LOADED := libarchive smartcols libxml-2.0

# DEV=1 (what check and lint build) is strict and debuggable; the release is hardened.
# SAN=1 adds the address and undefined-behaviour sanitizers to either. FUZZ=1 is for tests/fuzz/run: the
# same, and what libFuzzer wants to know of the program; COV=1 is for tests/coverage: which lines and
# branches are taken; both with clang alone.
DEV ?=
SAN ?=
FUZZ ?=
COV ?=
BUILD := build/$(if $(DEV),dev,release)$(if $(SAN),-san)$(if $(FUZZ),-fuzz)$(if $(COV),-cov)-$(notdir $(firstword $(CC)))

warnings := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith \
            -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wcast-qual -Wconversion -Wno-sign-conversion
comma   := ,
sanitizers := $(if $(SAN)$(FUZZ),address$(comma)undefined)
# The counters are a file mapped into each process: one that is killed has counted, too, and so has one
# with another idea of where the files are.
counters := $(if $(COV),-fprofile-instr-generate=$(CURDIR)/build/coverage/%4m%c.profraw -fprofile-update=atomic)
CFLAGS  ?= $(if $(DEV),-O1 -g3,-O2 -g)
cflags   = -std=gnu11 -Isrc -D_GNU_SOURCE -DVERSION='"$(VERSION)"' $(warnings) -MMD -MP \
           -fPIE -fno-common -ffunction-sections -fdata-sections \
           $(if $(DEV),-Werror) \
           $(if $(sanitizers),-fsanitize=$(sanitizers) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
           $(if $(FUZZ),-fsanitize=fuzzer-no-link) \
           $(if $(COV),$(counters) -fcoverage-mapping -DCOUNTED -mllvm -runtime-counter-relocation) \
           $(if $(DEV)$(sanitizers),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection) \
           $(shell $(PKG_CONFIG) --cflags $(LIBS) $(LOADED))
ldflags  = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed \
           $(if $(sanitizers),-fsanitize=$(sanitizers)) $(counters)
ldlibs   = $(shell $(PKG_CONFIG) --libs $(LIBS))

sources := $(wildcard src/*/*.c)
objects := $(sources:%.c=$(BUILD)/%.o)
tests   := $(wildcard tests/unit/*.c tests/lib/*.c)
test_objects := $(tests:%.c=$(BUILD)/%.o)
lib_objects := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c))
fuzzers := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz-*.c))

# V=1 shows the whole commands.
V ?=
quiet = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

.PHONY: all install uninstall deps soak bench coverage valgrind fuzz fuzzers check unit check-unit check-cases check-vm demo lint clean
.DELETE_ON_ERROR:

all: $(BUILD)/vfio-gpu

$(BUILD)/vfio-gpu: $(objects) $(BUILD)/src/main.o
	$(call quiet,LD) $(CC) $(ldflags) -Wl,--gc-sections $(LDFLAGS) -o $@ $^ $(ldlibs)

# Criterion finds its tests in sections that nothing refers to: --gc-sections would drop them.
# tests/unit/no-memory.c has some of our calls of these fail.
fallible := malloc calloc strdup asprintf vasprintf json_object_array_add json_object_object_add \
            $(addprefix json_object_new_,object array string int boolean)
$(BUILD)/unit: $(objects) $(test_objects)
	$(call quiet,LD) $(CC) $(ldflags) $(fallible:%=-Wl,--wrap=%) $(LDFLAGS) -o $@ $^ $(ldlibs) $(shell $(PKG_CONFIG) --libs criterion)

# Makes the trees of tests/cases.
$(BUILD)/make-machine: $(objects) $(patsubst %,$(BUILD)/tests/%.o,cases/make-machine lib/machine lib/tree)
	$(call quiet,LD) $(CC) $(ldflags) $(LDFLAGS) -o $@ $^ $(ldlibs) $(shell $(PKG_CONFIG) --libs criterion)

# Goes through orders of our steps with those of others.
$(BUILD)/interleave: $(objects) $(lib_objects) $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/interleave/*.c))
	$(call quiet,LD) $(CC) $(ldflags) $(LDFLAGS) -o $@ $^ $(ldlibs) $(shell $(PKG_CONFIG) --libs criterion)

# Runs a script of operations against the running kernel, or the simulated one. Only the objects that it
# needs: it is built in a guest's own tree, too.
ops_script := $(patsubst %,$(BUILD)/src/%.o,base/arena base/clock base/driver-name base/file base/pci-address base/pci-path \
		base/quote base/text host/capabilities host/host host/modules host/module-index host/ops-kernel host/root \
		host/scan-function host/scratch host/step host/trace host/worker) \
	$(patsubst %,$(BUILD)/tests/%.o,lib/machine lib/others-kernel lib/ops-script lib/ops-script-machine lib/sim \
		lib/sim-bus lib/sim-core lib/sim-lock lib/sim-mood lib/sim-others vm/ops-script/main)

$(BUILD)/ops-script: $(ops_script)
	$(call quiet,LD) $(CC) $(ldflags) $(LDFLAGS) -o $@ $^ $(ldlibs)

# Has operations of apply go wrong.
$(BUILD)/operations: $(objects) $(lib_objects) $(BUILD)/tests/faults/operations.o
	$(call quiet,LD) $(CC) $(ldflags) $(LDFLAGS) -o $@ $^ $(ldlibs) $(shell $(PKG_CONFIG) --libs criterion)

# A fuzz target; without FUZZ=1 one that is handed files.
$(BUILD)/fuzz-%: $(objects) $(lib_objects) $(BUILD)/tests/fuzz/fuzz-%.o $(if $(FUZZ),,$(BUILD)/tests/fuzz/replay.o)
	$(call quiet,LD) $(CC) $(ldflags) $(if $(FUZZ),-fsanitize=fuzzer) $(LDFLAGS) -o $@ $^ $(ldlibs) $(shell $(PKG_CONFIG) --libs criterion)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call quiet,CC) $(CC) $(cflags) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(BUILD)/tests/%.o: cflags += -Itests

fuzzers: $(fuzzers)
.SECONDARY: $(fuzzers:$(BUILD)/%=$(BUILD)/tests/fuzz/%.o)

-include $(fuzzers:$(BUILD)/%=$(BUILD)/tests/fuzz/%.d) $(objects:.o=.d) $(test_objects:.o=.d) $(BUILD)/src/main.d $(BUILD)/tests/cases/make-machine.d $(BUILD)/tests/vm/ops-script/main.d

# Each manual page stands beside what it documents.
pages := src/vfio-gpu.8 conf/vfio-gpu.conf.5 units/vfio-gpu.service.8
page_path = $(mandir)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))
install_page = $(at_bindir) $(1) | install -D -m 0644 /dev/stdin $(DESTDIR)$(call page_path,$(1))

# The units, the pages and the dracut module name the program by its full path.
at_bindir = sed 's|/usr/bin/vfio-gpu|$(bindir)/vfio-gpu|g'
# The units for one card, or one entry, have the sandbox of the one for all.
templates := vfio-gpu@.service vfio-gpu-ready@.service
reporters := vfio-gpu-report.service vfio-gpu-report.path
service_section = sed -n '/^\[Service\]$$/,/^\[Install\]$$/ { /^\[Install\]$$/! p }' units/vfio-gpu.service

install: all
	install -D -m 0755 $(BUILD)/vfio-gpu $(DESTDIR)$(bindir)/vfio-gpu
	install -d $(DESTDIR)$(unitdir) $(DESTDIR)$(catalogdir) $(DESTDIR)$(dracutdir)/50vfio-gpu $(DESTDIR)/etc
	$(at_bindir) units/vfio-gpu.service >$(DESTDIR)$(unitdir)/vfio-gpu.service
	chmod 0644 $(DESTDIR)$(unitdir)/vfio-gpu.service
	for unit in $(templates); do \
		{ $(service_section); cat units/$$unit; } | $(at_bindir) >$(DESTDIR)$(unitdir)/$$unit && \
		chmod 0644 $(DESTDIR)$(unitdir)/$$unit || exit 1; done
	for unit in $(reporters); do \
		$(at_bindir) units/$$unit | install -m 0644 /dev/stdin $(DESTDIR)$(unitdir)/$$unit || exit 1; done
	install -D -m 0644 units/vfio-gpu.tmpfiles $(DESTDIR)$(tmpfilesdir)/vfio-gpu.conf
	install -D -m 0644 units/90-vfio-gpu.rules $(DESTDIR)$(udevrulesdir)/90-vfio-gpu.rules
	install -D -m 0755 units/vfio-gpu-generator $(DESTDIR)$(generatordir)/vfio-gpu-generator
	install -m 0644 units/vfio-gpu.catalog $(DESTDIR)$(catalogdir)/vfio-gpu.catalog
	$(foreach page,$(pages),$(call install_page,$(page)) &&) true
	@# one page for all that the service consists of
	for name in $(templates) $(reporters) vfio-gpu-generator; do \
		ln -sf vfio-gpu.service.8 $(DESTDIR)$(mandir)/man8/$$name.8 || exit 1; done
	install -D -m 0644 conf/completion/vfio-gpu.bash $(DESTDIR)$(bashdir)/vfio-gpu
	install -D -m 0644 conf/completion/_vfio-gpu $(DESTDIR)$(zshdir)/_vfio-gpu
	for f in module-setup.sh vfio-gpu-hook.sh; do \
		$(at_bindir) dracut/50vfio-gpu/$$f >$(DESTDIR)$(dracutdir)/50vfio-gpu/$$f && \
		chmod 0755 $(DESTDIR)$(dracutdir)/50vfio-gpu/$$f || exit 1; done
	@# a config that is there is the user's
	[ -e $(DESTDIR)/etc/vfio-gpu.conf ] || install -m 0644 conf/vfio-gpu.conf $(DESTDIR)/etc/vfio-gpu.conf
	[ -n "$(DESTDIR)" ] || journalctl --update-catalog || true

uninstall:
	@# what others were told of the cards: after this, nobody takes it away at a boot
	[ -n "$(DESTDIR)" ] || ! command -v systemd-tmpfiles >/dev/null || systemd-tmpfiles --remove --boot vfio-gpu.conf || true
	rm -f $(DESTDIR)$(bindir)/vfio-gpu $(DESTDIR)$(unitdir)/vfio-gpu.service $(DESTDIR)$(catalogdir)/vfio-gpu.catalog
	rm -f $(addprefix $(DESTDIR)$(unitdir)/,$(templates) $(reporters)) $(DESTDIR)$(udevrulesdir)/90-vfio-gpu.rules
	rm -f $(DESTDIR)$(generatordir)/vfio-gpu-generator $(DESTDIR)$(tmpfilesdir)/vfio-gpu.conf
	rm -f $(foreach page,$(pages),$(DESTDIR)$(call page_path,$(page)))
	rm -f $(patsubst %,$(DESTDIR)$(mandir)/man8/%.8,$(templates) $(reporters) vfio-gpu-generator)
	rm -f $(DESTDIR)$(bashdir)/vfio-gpu $(DESTDIR)$(zshdir)/_vfio-gpu
	rm -rf $(DESTDIR)$(dracutdir)/50vfio-gpu
	@! cmp -s conf/vfio-gpu.conf $(DESTDIR)/etc/vfio-gpu.conf || rm -f $(DESTDIR)/etc/vfio-gpu.conf

deps:
	@tests/deps

# Both commands of the README: all the set-up, then the work, in a make that sees what was set up.
check: deps
	@$(MAKE) --no-print-directory DEV=1 all $(if $(SAN),SAN=1)
	@tests/check unit fuzz interleave faults cases bench consumers dracut completion lint coverage valgrind vm

demo: deps
	@tests/vm/demo

check-unit:
	@tests/check unit

# Builds and runs the Criterion tests alone; ARGS are Criterion's.
unit: $(BUILD)/unit
	$(BUILD)/unit --timeout 60 $(ARGS)

check-cases:
	@tests/check cases

check-vm:
	@tests/check vm

lint:
	@tests/lint/run

# All accidents of operations, and many random hosts; then all boots, so many times; with BOOTS that many boots.
ROUNDS ?= 2
BOOTS ?=
soak: deps
	@"$$(tests/lib/built interleave)/interleave" --more
	@tests/faults/run --whole --seeds 20000
	@tests/vm/run $(if $(BOOTS),--boots $(BOOTS),--rounds $(ROUNDS))

coverage: deps
	@tests/coverage/run

valgrind: deps
	@tests/valgrind/run --all

# What the program costs: the table of the README.
bench: deps
	@tests/bench/run

TIME ?= 60
fuzz: deps
	@tests/fuzz/run --time $(TIME)

clean:
	rm -rf build
