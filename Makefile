# dhcpfo: GNU make and pkg-config are all it takes.  CPPFLAGS, CFLAGS, LDFLAGS,
# DESTDIR and PREFIX are the packager's; our flags come first, so that theirs win.

VERSION    := 0.1.0
PREFIX     ?= /usr/local
DESTDIR    ?=
CC         ?= cc
CFLAGS     ?= -O2 -g
PKG_CONFIG ?= pkg-config
OBJCOPY    ?= objcopy
B          ?= build
V          ?=

sbindir    ?= $(PREFIX)/sbin
bindir     ?= $(PREFIX)/bin
datadir    ?= $(PREFIX)/share
libexecdir ?= $(PREFIX)/libexec
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
FLAGS = $(WARN) $(CPPFLAGS) $(CFLAGS) $(SAN) -MMD -MP \
        -DDHCPFO_VERSION='"$(VERSION)"' \
        -DDHCPFO_CONF='"$(sysconfdir)/dhcpfo/dhcpfod.conf"' \
        -DDHCPFO_STATE='"$(localstatedir)/lib/dhcpfo"' \
        -DDHCPFO_LIBEXEC='"$(libexecdir)/dhcpfo"'

# src/ sees neither Net-SNMP's flags nor more than POSIX: a wall between layers.
LIB_PKGS   := sqlite3 inih jansson
CTL_PKGS   := jansson
SAMBA_PKGS := dcerpc samba-credentials samba-hostconfig talloc tevent
AGENT_PKGS := netsnmp-agent netsnmp
TEST_PKGS  := cmocka

lib_cflags   = $(shell $(PKG_CONFIG) --cflags $(LIB_PKGS))
ctl_cflags   = $(shell $(PKG_CONFIG) --cflags $(CTL_PKGS))
agent_cflags = $(shell $(PKG_CONFIG) --cflags $(AGENT_PKGS))
test_cflags  = $(shell $(PKG_CONFIG) --cflags $(TEST_PKGS))
lib_libs    := $(shell $(PKG_CONFIG) --libs $(LIB_PKGS) 2>/dev/null) -lpthread
ctl_libs    := $(shell $(PKG_CONFIG) --libs $(CTL_PKGS) 2>/dev/null)
agent_libs  := $(shell $(PKG_CONFIG) --libs $(AGENT_PKGS) 2>/dev/null)
# Samba's headers do not survive our warnings, and its .pc files forget one.
samba_cflags = $(subst -I,-isystem ,$(shell $(PKG_CONFIG) --cflags $(SAMBA_PKGS)))
samba_libs   = $(shell $(PKG_CONFIG) --libs $(SAMBA_PKGS)) -lsamba-errors
test_libs   := $(shell $(PKG_CONFIG) --libs $(TEST_PKGS) 2>/dev/null)

objects = $(patsubst %.c,$(B)/%.o,$(1))

TYPES   := src/server_types.c
LIB     := $(filter-out $(TYPES),$(wildcard src/*.c))
CTL     := $(wildcard src/ctl/*.c)
MSDHCPM := $(wildcard src/msdhcpm/*.c)
AGENT   := $(filter-out subagent/main.c,$(wildcard subagent/*.c))
MOCK    := $(wildcard tests/mock/*.c)
UNIT    := $(wildcard tests/unit/test_*.c)
UNITS   := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT))

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' '$(1)' '$@')

.SECONDARY:

.PHONY: all
all: $(B)/dhcpfod $(B)/dhcpfoctl helpers

# What speaks to Windows servers, if Samba's libraries are there.
helper := $(B)/libexec/dhcpfo/dhcpfo-msdhcpm
HAVE_SAMBA := $(shell $(PKG_CONFIG) --exists $(SAMBA_PKGS) 2>/dev/null && \
    echo yes)

.PHONY: helpers
ifeq ($(HAVE_SAMBA),yes)
helpers: $(helper)
else
helpers:
	@echo '  --   $(helper) is left out: servers of type'
	@echo '       "windows" need samba-dev to build ($(SAMBA_PKGS))'
endif

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

$(helper): $(call objects,$(MSDHCPM)) $(B)/libdhcpfo.a
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(samba_libs)

# The only file that sees Samba, and nothing else of ours.
$(B)/src/msdhcpm/samba.o: src/msdhcpm/samba.c $(B)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -D_DEFAULT_SOURCE $(samba_cflags) -c -o $@ $<

$(B)/src/msdhcpm/%.o: src/msdhcpm/%.c $(B)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -D_GNU_SOURCE -Isrc -c -o $@ $<

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

FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAYS := $(FUZZERS:%=$(B)/tests/replay_%)

.PHONY: test-programs test
test-programs: $(UNITS) $(B)/tests/dhcpfod $(B)/tests/dhcpfoctl \
    $(B)/tests/heap.so $(B)/torture $(REPLAYS) helpers

$(B)/libmock.a: $(mock)
	$(call say,AR)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^

# Of dhcpfoctl the files behind its main(), which come before their library.
CTL_OBJECTS := $(call objects,$(filter-out src/ctl/main.c src/ctl/help.c,$(CTL)))
$(B)/tests/unit/test_ctl_%.o: private FLAGS += -Isrc/ctl $(ctl_cflags)
$(B)/tests/test_ctl_%: $(B)/tests/unit/test_ctl_%.o $(CTL_OBJECTS) \
    $(B)/libmock.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ \
	    $(ctl_libs) $(test_libs) $(lib_libs)

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

# No sanitizer: it would count what theirs allocate.
$(B)/tests/heap.so: tests/system/heap.c $(B)/flags
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(WARN) $(CFLAGS) -D_DEFAULT_SOURCE -fPIC -shared \
	    $(LDFLAGS) -o $@ $<

# ---------------------------------------------------------------- benchmark

BENCH   := load echo netsnmp commits master refresh
PEERS   := echo netsnmp

.PHONY: bench-programs bench bench-smoke
bench-programs: $(BENCH:%=$(B)/bench/%) $(B)/dhcpfod $(B)/tests/dhcpfod

$(B)/bench/load: $(B)/tests/bench/load.o $(B)/tests/bench/ber.o
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^

$(B)/bench/master: $(B)/tests/bench/master.o
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^

# It counts what is allocated.
$(B)/bench/refresh: $(B)/tests/bench/refresh.o $(B)/libmock.a
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -Wl,--wrap=malloc \
	    -Wl,--wrap=calloc -Wl,--wrap=realloc -o $@ $^ $(lib_libs)

$(B)/bench/commits: $(B)/tests/bench/commits.o
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(lib_libs)

$(PEERS:%=$(B)/bench/%): $(B)/bench/%: $(B)/tests/bench/peers/%.o
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $^ $(agent_libs)

# Side by side with what one would take instead; an hour.  BENCH_ARGS: see
# "tests/bench/bench.py -h".
bench:
	$(Q)sh conf/packages.sh build run bench
	$(Q)$(MAKE) bench-programs
	$(Q)python3 tests/bench/bench.py -b $(B) $(BENCH_ARGS)

# Wrong answers only, never times; 20 seconds.
bench-smoke: bench-programs
	$(Q)python3 tests/bench/bench.py -b $(B) --smoke

# Unit tests alone: seconds, no network.
test: $(UNITS)
	$(Q)for t in $(UNITS); do $$t || exit 1; done

# Everything: see tests/check.sh, which can also run a part.
.PHONY: check lint
check: check-deps
	$(Q)B='$(B)' MAKE='$(MAKE)' sh tests/check.sh

# A part of it: servers of type windows with a KDC.
.PHONY: check-kerberos
check-kerberos: test-programs
	$(Q)BUILD='$(B)' /usr/bin/python3 tests/system/run.py test_kerberos

lint: check-deps
	$(Q)B='$(B)' MAKE='$(MAKE)' sh tests/check.sh lint

# ---------------------------------------------------------------- worst days

# Each runs for T seconds, prints its seed and its figures, and ends with a
# status other than 0 when something was found: docs/reliability.md.  JOBS: how
# many fuzzers at a time.
T       ?= 30
FUZZCC  ?= clang
FUZZB   ?= build-fuzz
FUZZSAN := -fsanitize=address,undefined -fno-sanitize-recover=all

.PHONY: fuzz fuzz-build fuzz-run fuzz-keep
# Once over the corpora: seconds.
fuzz: fuzz-build
	$(Q)FUZZB='$(FUZZB)' sh tests/fuzz/run.sh 0 $(FUZZERS)
fuzz-run: fuzz-build
	$(Q)FUZZB='$(FUZZB)' sh tests/fuzz/run.sh $(T) $(FUZZERS)
# What was learnt, to be committed.
fuzz-keep: fuzz-build
	$(Q)FUZZB='$(FUZZB)' sh tests/fuzz/run.sh keep $(FUZZERS)
fuzz-build:
	$(Q)$(MAKE) --no-print-directory B='$(FUZZB)' CC='$(FUZZCC)' \
	    CFLAGS='-O1 -g' SAN='$(FUZZSAN) -fsanitize=fuzzer-no-link' \
	    $(patsubst %,$(FUZZB)/tests/fuzz_%,$(FUZZERS))

$(B)/tests/fuzz/fuzz_json.o: private FLAGS += -Isrc/ctl $(ctl_cflags)
$(B)/tests/fuzz_json $(B)/tests/replay_json: $(CTL_OBJECTS)
$(B)/tests/fuzz_json $(B)/tests/replay_json: private more = $(CTL_OBJECTS)
$(B)/tests/fuzz_json $(B)/tests/replay_json: private libs = $(ctl_libs)
$(B)/tests/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/libagent.a $(B)/libmock.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< \
	    $(more) $(B)/libagent.a $(B)/libmock.a \
	    $(libs) $(agent_libs) $(lib_libs)

# The corpora alone, with any compiler.
$(B)/tests/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o \
    $(B)/libagent.a $(B)/libmock.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) -o $@ $< $(B)/tests/fuzz/replay.o \
	    $(more) $(B)/libagent.a $(B)/libmock.a \
	    $(libs) $(agent_libs) $(lib_libs)

# Each allocation, step of the database, system call and call of a server that
# fails, one after the other, in each operation.  TORTURE_ARGS: parts of their
# names.
TORTURE_SRC := $(wildcard tests/torture/*.c)
WRAPPED := open fopen stat fstat read write unlink eventfd pthread_create \
    pthread_mutex_init pthread_cond_init socket socketpair connect getsockopt \
    poll send recv access posix_spawn waitpid nanosleep
.PHONY: torture
torture: $(B)/torture
	$(Q)TORTURE=1 $(B)/torture $(TORTURE_ARGS)
# dhcpfoctl is in it, under another name than main().
$(B)/tests/torture/dhcpfoctl.o: $(B)/src/ctl/main.o
	$(Q)mkdir -p $(@D) && $(OBJCOPY) --redefine-sym main=dhcpfoctl_main $< $@
$(B)/torture: $(call objects,$(TORTURE_SRC) $(filter-out src/ctl/main.c,$(CTL))) \
    $(B)/tests/torture/dhcpfoctl.o $(B)/libagent.a $(B)/libmock.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(SAN) $(LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) -o $@ \
	    $^ $(ctl_libs) $(agent_libs) $(test_libs) $(lib_libs)

# A master that says anything: minutes; a short round is among the tests.
.PHONY: hostile
hostile: test-programs
	$(Q)BUILD='$(B)' LONG=1 LIMIT=1800 /usr/bin/python3 \
	    tests/system/run.py -j3 test_hostile

.PHONY: chaos
chaos: $(B)/tests/dhcpfod helpers
	$(Q)BUILD='$(B)' /usr/bin/python3 tests/system/chaos.py -t $(T)

# Whether dhcpfod grows.
.PHONY: soak
soak: $(B)/tests/dhcpfod $(B)/tests/heap.so helpers
	$(Q)BUILD='$(B)' /usr/bin/python3 tests/system/soak.py -t $(T) -p 6

# 10,000 requests, outages and restarts under valgrind: three minutes.
LEAKS := valgrind -q --error-exitcode=9 --leak-check=full \
    --errors-for-leak-kinds=definite,indirect,possible

.PHONY: leaks
leaks: $(B)/tests/dhcpfod helpers
	$(Q)BUILD='$(B)' WRAP='$(LEAKS)' /usr/bin/python3 \
	    tests/system/soak.py -r 10000

# Threads that get in each other's way: all tests under ThreadSanitizer, with a
# soak of a minute; ten minutes.
.PHONY: races
races: check-deps
	$(Q)MAKE='$(MAKE)' sh tests/check.sh tsan races

# snmpd is restarted N times in a row.
N ?= 100
.PHONY: restarts
restarts: $(B)/tests/dhcpfod
	$(Q)BUILD='$(B)' /usr/bin/python3 tests/system/restarts.py $(N)

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
    -e 's,/usr/share/snmp/mibs,$(mibdir),' \
    -e 's,/usr/share/dhcpfo/standin,$(standindir),' \
    -e 's,/usr/local/libexec/,$(libexecdir)/,'
# StateDirectory= is always below /var/lib.
ifneq ($(localstatedir),/var)
statedir   := $(localstatedir)/lib/dhcpfo
configured += -e '/^StateDirectoryMode=/d' -e 's,^StateDirectory=.*,$\
    ExecStartPre=+/usr/bin/install -d -o dhcpfo -g dhcpfo -m 750 $(statedir)\n$\
    ReadWritePaths=$(statedir),'
endif
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
	$(Q)if test -e $(helper); then \
	    $(INSTALL) -d $(DESTDIR)$(libexecdir)/dhcpfo && \
	    $(INSTALL) $(helper) $(DESTDIR)$(libexecdir)/dhcpfo; fi
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
	    $(libexecdir)/dhcpfo/$(notdir $(helper)) \
	    $(mibdir)/DHCP-FAILOVER-MIB.txt $(addprefix $(standindir)/,$(STANDINS)) \
	    $(unitdir)/dhcpfod.service $(sysusersdir)/dhcpfo.conf \
	    $(docdir)/README.md $(docdir)/LICENSE \
	    $(docdir)/examples/snmpd-dhcpfo.conf $(foreach m,$(MAN),$(call man,$m)))
	$(Q)for d in $(addprefix $(DESTDIR),$(standindir) $(dir $(standindir)) \
	    $(docdir)/examples $(docdir) $(libexecdir)/dhcpfo); do \
	    rmdir $$d 2>/dev/null || :; done

dist:
	git archive --prefix=dhcpfo-$(VERSION)/ -o dhcpfo-$(VERSION).tar.gz HEAD

.PHONY: clean
clean:
	rm -rf $(B)
