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
localstatedir ?= $(if $(filter /usr,$(PREFIX)),/var,$(PREFIX)/var)
unitdir    ?= $(PREFIX)/lib/systemd/system
sysusersdir ?= $(PREFIX)/lib/sysusers.d

WARN := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
        -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wundef -Wvla
FLAGS = $(WARN) $(CFLAGS) $(SAN) -MMD -MP \
        -DDHCPFO_VERSION='"$(VERSION)"' \
        -DDHCPFO_CONF='"$(sysconfdir)/dhcpfo/dhcpfod.conf"' \
        -DDHCPFO_STATE='"$(localstatedir)/lib/dhcpfo"'

# src/ sees neither Net-SNMP's flags nor more than POSIX: a wall between layers.
LIB_PKGS   := sqlite3 inih
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

$(B)/src/%.o: src/%.c
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -D_POSIX_C_SOURCE=200809L -Isrc \
	    $(if $(filter src/ctl/%,$<),$(ctl_cflags),$(lib_cflags)) -c -o $@ $<

$(B)/subagent/%.o: subagent/%.c
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -D_DEFAULT_SOURCE -Isrc -Isubagent $(agent_cflags) \
	    -c -o $@ $<

$(B)/tests/%.o: tests/%.c
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

.PHONY: clean
clean:
	rm -rf $(B)
