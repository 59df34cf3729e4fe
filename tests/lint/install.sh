#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Is what is installed complete and well, and is it taken away again?  Prints TAP.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

JOBS=${JOBS:-$(nproc)}
B=build-install

# make_in DIRECTORY TARGET [VARIABLE=VALUE]
make_in() {
	directory=$1
	shift
	"$MAKE" -j"$JOBS" B="$B" CFLAGS=-O0 PREFIX=/usr DESTDIR="$directory" "$@"
}

# All files below a directory, as paths on the machine it is made for.
files() {
	(cd "$1" && find . ! -type d | sed 's/^\.//' | sort)
}

# wanted FILE...: those that are missing.
wanted() {
	for file; do
		[ -f "$tmp/root$file" ] || echo "missing: $file"
	done
}

quiet 'make install' make_in "$tmp/root" install
result 'everything is where Debian wants it' "$(wanted \
    /usr/sbin/dhcpfod /usr/bin/dhcpfoctl \
    /usr/share/snmp/mibs/DHCP-FAILOVER-MIB.txt \
    /etc/dhcpfo/dhcpfod.conf \
    /usr/lib/systemd/system/dhcpfod.service \
    /usr/lib/sysusers.d/dhcpfo.conf \
    /usr/share/doc/dhcpfo/README.md /usr/share/doc/dhcpfo/LICENSE \
    /usr/share/doc/dhcpfo/examples/snmpd-dhcpfo.conf)"
result 'no name of the staging directory or @placeholder@ is left' \
    "$(grep -rlE "$tmp|@[a-z]+@" "$tmp/root")"
quiet 'the installed configuration is good' \
    "$tmp/root/usr/sbin/dhcpfod" -t -c "$tmp/root/etc/dhcpfo/dhcpfod.conf"

echo '# mine' >>"$tmp/root/etc/dhcpfo/dhcpfod.conf"
quiet 'make install, again' make_in "$tmp/root" install
quiet 'a configuration that is there stays' \
    grep -q '^# mine' "$tmp/root/etc/dhcpfo/dhcpfod.conf"

unit_is_sound() {
	systemd-analyze security --offline=true --threshold=20 "$1"
}
what='systemd finds the unit sound and little exposed (at most 2.0)'
unit=$tmp/root/usr/lib/systemd/system/dhcpfod.service
needs systemd-analyze "$what" && quiet "$what" unit_is_sound "$unit"

quiet 'make uninstall' make_in "$tmp/root" uninstall
result 'only the configuration is left' \
    "$(files "$tmp/root" | grep -v -x /etc/dhcpfo/dhcpfod.conf)"
result 'no directory of ours is left but that of the configuration' \
    "$(find "$tmp/root" -type d -name '*dhcpfo*' ! -path '*/etc/dhcpfo')"

# Elsewhere, every path has to follow.
quiet 'make install, elsewhere' make_in "$tmp/else" install PREFIX=/opt/fo \
    localstatedir=/opt/fo/var
result 'the unit names what has been installed' "$(
	grep '^ExecStart=' "$tmp/else/opt/fo/lib/systemd/system/dhcpfod.service" |
	    grep -vx 'ExecStart=/opt/fo/sbin/dhcpfod -f'\
' -c /opt/fo/etc/dhcpfo/dhcpfod.conf' ||
	    wanted /../else/opt/fo/sbin/dhcpfod \
		/../else/opt/fo/etc/dhcpfo/dhcpfod.conf)"
unit=$tmp/else/opt/fo/lib/systemd/system/dhcpfod.service
result 'the unit makes the directory of the state, and lets dhcpfod write there' \
    "$(for line in 'ExecStartPre=+/usr/bin/install -d -o dhcpfo -g dhcpfo'\
' -m 750 /opt/fo/var/lib/dhcpfo' 'ReadWritePaths=/opt/fo/var/lib/dhcpfo'; do
	    grep -qxF "$line" "$unit" || echo "missing: $line"
    done; grep '^StateDirectory' "$unit")"
what='that unit is sound and little exposed, too'
needs systemd-analyze "$what" && quiet "$what" unit_is_sound "$unit"
result 'the manual pages name it, too' \
    "$(grep -rnE '[^o]/etc/dhcpfo|[^o]/var/lib/dhcpfo|/usr/(local|share)/|^\.Pa /usr' \
	"$tmp/else/opt/fo/share/man")"
page=$tmp/else/opt/fo/share/man/man7/DHCP-FAILOVER-MIB.7
result 'the manual says where the MIB and its stand-ins are' "$(
	sed -n 's/.*MIBDIRS=+//p' "$page" | tr : '\n' >"$tmp/directories"
	[ -s "$tmp/directories" ] || echo 'nothing found'
	while read -r directory; do
		ls "$tmp/else$directory/"*.txt 2>&1 >/dev/null
	done <"$tmp/directories")"
result 'the configuration names the helper that has been installed' "$(
	grep -x '#helper = .*' "$tmp/else/opt/fo/etc/dhcpfo/dhcpfod.conf" |
	    grep -vx '#helper = /opt/fo/libexec/dhcpfo/dhcpfo-msdhcpm')"

# The library alone, as somebody else's program would use it.
example() {
	cc -std=c11 -Wall -Wextra -Werror -I"$tmp/include" -o "$tmp/example" \
	    docs/example-set.c "$B/libdhcpfo.a" -lsqlite3 -linih -ljansson -lpthread &&
	    printf '[server 1]\ntype = local\ndatabase = %s\n' "$tmp/db" \
		>"$tmp/conf" &&
	    "$B/dhcpfoctl" -c "$tmp/conf" create fo-a primary=192.0.2.1 \
		secondary=192.0.2.2 scopes=10.1.0.0 &&
	    DHCPFO_CONF=$tmp/conf "$tmp/example" fo-a &&
	    "$B/dhcpfoctl" -c "$tmp/conf" --json show fo-a >"$tmp/shown" &&
	    grep -q '"mclt": *1800' "$tmp/shown" &&
	    ! DHCPFO_CONF=$tmp/conf "$tmp/example" nobody
}
mkdir "$tmp/include" && cp src/dhcpsapi.h "$tmp/include"
quiet "the documentation's example works with dhcpsapi.h alone" example

finish
