# dhcpfo: GNU make and pkg-config are all it takes.  CFLAGS, DESTDIR and PREFIX
# are the packager's; ours come first, so that theirs win.

VERSION    := 0.1.0
PREFIX     ?= /usr/local
DESTDIR    ?=
CC         ?= cc
CFLAGS     ?= -O2 -g
PKG_CONFIG ?= pkg-config
B          ?= build
V          ?=

sbindir    ?= $(PREFIX)/sbin
bindir     ?= $(PREFIX)/bin
datadir    ?= $(PREFIX)/share
mandir     ?= $(datadir)/man
docdir     ?= $(datadir)/doc/dhcpfo
mibdir     ?= $(datadir)/snmp/mibs
# Where an installed dhcpfod looks for its files.
sysconfdir ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
localstatedir ?= /var
unitdir    ?= $(PREFIX)/lib/systemd/system
sysusersdir ?= $(PREFIX)/lib/sysusers.d

WARN := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
        -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wundef -Wvla
FLAGS = $(WARN) $(CFLAGS) $(SAN) -MMD -MP \
        -DDHCPFO_VERSION='"$(VERSION)"' \
        -DDHCPFO_CONF='"$(sysconfdir)/dhcpfo/dhcpfod.conf"' \
        -DDHCPFO_STATE='"$(localstatedir)/lib/dhcpfo"'

# src/ sees neither Net-SNMP's flags nor more than POSIX: a wall between layers.
LIB_PKGS   := sqlite3 inih jansson
CTL_PKGS   := jansson
AGENT_PKGS := netsnmp-agent netsnmp
TEST_PKGS  := cmocka

lib_cflags   = $(shell $(PKG_CONFIG) --cflags $(LIB_PKGS))
ctl_cflags   = $(shell $(PKG_CONFIG) --cflags $(CTL_PKGS))
agent_cflags = $(shell $(PKG_CONFIG) --cflags $(AGENT_PKGS))
test_cflags  = $(shell $(PKG_CONFIG) --cflags $(TEST_PKGS))
lib_libs    := $(shell $(PKG_CONFIG) --libs $(LIB_PKGS) 2>/dev/null) -lpthread
ctl_libs    := $(shell $(PKG_CONFIG) --libs $(CTL_PKGS) 2>/dev/null)
agent_libs  := $(shell $(PKG_CONFIG) --libs $(AGENT_PKGS) 2>/dev/null)
test_libs   := $(shell $(PKG_CONFIG) --libs $(TEST_PKGS) 2>/dev/null)

objects = $(patsubst %.c,$(B)/%.o,$(1))

TYPES   := src/server_types.c
LIB     := $(filter-out $(TYPES),$(wildcard src/*.c))
CTL     := $(wildcard src/ctl/*.c)
AGENT   := $(filter-out subagent/main.c,$(wildcard subagent/*.c))
MOCK    := $(wildcard tests/mock/*.c)
UNIT    := $(wildcard tests/unit/test_*.c)
UNITS   := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT))

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' '$(1)' '$@')

.SECONDARY:

.PHONY: all
all: $(B)/dhcpfod $(B)/dhcpfoctl

$(B)/libdhcpfo.a: $(call objects,$(LIB) $(TYPES))
	$(call say,AR)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

$(B)/libagent.a: $(call objects,$(AGENT))
	$(call say,AR)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

$(B)/dhcpfod: $(B)/subagent/main.o $(B)/libagent.a $(B)/libdhcpfo.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(agent_libs) $(lib_libs)

$(B)/dhcpfoctl: $(call objects,$(CTL)) $(B)/libdhcpfo.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(ctl_libs) $(lib_libs)

# Another compiler, flag or path makes all objects anew.
.PHONY: FORCE
$(B)/flags: FORCE
	$(shell mkdir -p $(@D))$(file >$@.new,$(CC) $(FLAGS))
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(B)/src/%.o: src/%.c $(B)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -D_POSIX_C_SOURCE=200809L -Isrc \
	    $(if $(filter src/ctl/%,$<),$(ctl_cflags),$(lib_cflags)) -c -o $@ $<

$(B)/subagent/%.o: subagent/%.c $(B)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -D_DEFAULT_SOURCE -Isrc -Isubagent $(agent_cflags) \
	    -c -o $@ $<

$(B)/tests/%.o: tests/%.c $(B)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -D_DEFAULT_SOURCE -Isrc -Isubagent -Itests/mock \
	    $(agent_cflags) $(lib_cflags) $(test_cflags) -c -o $@ $<

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- tests

# The tests' dhcpfod and dhcpfoctl have one more server type, which fails and
# sleeps on command; it is never part of what is installed.
mock = $(call objects,$(MOCK)) $(call objects,$(LIB))

.PHONY: test-programs test
test-programs: $(UNITS) $(B)/tests/dhcpfod $(B)/tests/dhcpfoctl

$(B)/libmock.a: $(mock)
	$(call say,AR)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

$(B)/tests/test_%: $(B)/tests/unit/test_%.o $(B)/libagent.a $(B)/libmock.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ \
	    $(agent_libs) $(test_libs) $(lib_libs)

$(B)/tests/dhcpfod: $(B)/subagent/main.o $(B)/libagent.a $(B)/libmock.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(agent_libs) $(lib_libs)

$(B)/tests/dhcpfoctl: $(call objects,$(CTL)) $(B)/libmock.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(ctl_libs) $(lib_libs)

# Unit tests alone: seconds, no network.
test: $(UNITS)
	$(Q)for t in $(UNITS); do $$t || exit 1; done

# Everything: see tests/check.sh, which can also run a part.
.PHONY: check lint
check: check-deps
	$(Q)B='$(B)' MAKE='$(MAKE)' sh tests/check.sh

lint: check-deps
	$(Q)B='$(B)' MAKE='$(MAKE)' sh tests/check.sh lint

# Whatever comes from outside, by libFuzzer: "make fuzz-run T=60" lets each target
# have so many seconds.  New cases stay in the build directory.
FUZZ  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ))
CLANG ?= clang
T     ?= 60
fuzz_san = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

.PHONY: fuzz fuzz-run
fuzz: $(FUZZS)

$(B)/fuzz/%: tests/fuzz/%.c $(LIB) $(wildcard src/*.h)
	$(call say,FUZZ)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(filter-out -MMD -MP,$(FLAGS)) $(fuzz_san) \
	    -D_POSIX_C_SOURCE=200809L -Isrc $(lib_cflags) -o $@ $< $(LIB) \
	    $(TYPES) $(lib_libs)

fuzz-run: $(FUZZS)
	$(Q)for t in $(FUZZS); do \
	    c=tests/fuzz/corpus/$$(basename $$t | sed 's/fuzz_//; s/_.*//'); \
	    mkdir -p $$t.corpus && $$t -max_total_time=$(T) -timeout=10 \
		-rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix=$$t- $$t.corpus $$c || exit 1; \
	done

# ---------------------------------------------------------------- try it

# Each installs the Debian packages that it needs and that are missing.
.PHONY: deps run-deps check-deps run
deps:
	$(Q)sh conf/packages.sh build
run-deps:
	$(Q)sh conf/packages.sh build run
check-deps:
	$(Q)sh conf/packages.sh build run check

# Another make, for what this one has found out before the packages were there.
run: run-deps
	$(Q)$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j4) all
	@B='$(B)' PORT='$(PORT)' exec sh conf/demo/run.sh

# ---------------------------------------------------------------- install

INSTALL    ?= install
standindir ?= $(datadir)/dhcpfo/standin
MAN        := $(wildcard docs/*.[1578])
man         = $(mandir)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))
STANDINS   := $(notdir $(wildcard mibs/standin/*.txt))
configured  = sed -e 's,@sbindir@,$(sbindir),' \
    -e 's,/etc/dhcpfo/,$(sysconfdir)/dhcpfo/,' \
    -e 's,/var/lib/,$(localstatedir)/lib/,' \
    -e 's,/usr/share/snmp/mibs,$(mibdir),'
# $(call install,FILE,AS): with the paths that are true here.
install     = $(configured) $(1) >$(B)/installed && \
    $(INSTALL) -m 644 $(B)/installed $(DESTDIR)$(2)

.PHONY: install uninstall dist
install: all
	$(Q)$(INSTALL) -d $(addprefix $(DESTDIR),$(sbindir) $(bindir) $(mibdir) \
	    $(standindir) $(sysconfdir)/dhcpfo $(unitdir) $(sysusersdir) \
	    $(docdir)/examples $(sort $(dir $(foreach m,$(MAN),$(call man,$m)))))
	$(Q)$(INSTALL) $(B)/dhcpfod $(DESTDIR)$(sbindir)
	$(Q)$(INSTALL) $(B)/dhcpfoctl $(DESTDIR)$(bindir)
	$(Q)$(INSTALL) -m 644 mibs/DHCP-FAILOVER-MIB.txt $(DESTDIR)$(mibdir)
	$(Q)$(INSTALL) -m 644 $(addprefix mibs/standin/,$(STANDINS)) \
	    $(DESTDIR)$(standindir)
	$(Q)test -e $(DESTDIR)$(sysconfdir)/dhcpfo/dhcpfod.conf || { \
	    $(call install,conf/dhcpfod.conf,$(sysconfdir)/dhcpfo/dhcpfod.conf); }
	$(Q)$(call install,conf/dhcpfod.service,$(unitdir)/dhcpfod.service)
	$(Q)$(INSTALL) -m 644 conf/dhcpfo.sysusers \
	    $(DESTDIR)$(sysusersdir)/dhcpfo.conf
	$(Q)$(INSTALL) -m 644 README.md LICENSE $(DESTDIR)$(docdir)
	$(Q)$(INSTALL) -m 644 conf/snmpd-dhcpfo.conf $(DESTDIR)$(docdir)/examples
	$(Q)$(foreach m,$(MAN),$(call install,$m,$(call man,$m)) &&) :

# What install has put there.  The configuration and the state stay.
uninstall:
	$(Q)rm -f $(addprefix $(DESTDIR),$(sbindir)/dhcpfod $(bindir)/dhcpfoctl \
	    $(mibdir)/DHCP-FAILOVER-MIB.txt $(addprefix $(standindir)/,$(STANDINS)) \
	    $(unitdir)/dhcpfod.service $(sysusersdir)/dhcpfo.conf \
	    $(docdir)/README.md $(docdir)/LICENSE \
	    $(docdir)/examples/snmpd-dhcpfo.conf $(foreach m,$(MAN),$(call man,$m)))
	$(Q)for d in $(addprefix $(DESTDIR),$(standindir) $(dir $(standindir)) \
	    $(docdir)/examples $(docdir)); do \
	    rmdir $$d 2>/dev/null || :; done

dist:
	git archive --prefix=dhcpfo-$(VERSION)/ -o dhcpfo-$(VERSION).tar.gz HEAD

.PHONY: clean
clean:
	rm -rf $(B)
