#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Do the commands that "make run" prints work as they stand, wherever the sources
# are, and is everything gone at the end?  Prints TAP.
#
# Environment: B, where the programs are; MAKE.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

B=${B:-build}
demo=
PATH=$PATH:/usr/sbin:/sbin

stop() {
	[ -z "$demo" ] || { kill "$demo" && wait "$demo"; } 2>/dev/null
	demo=
}
trap 'stop; rm -rf "$tmp"' EXIT

is_ready() {
	tries=300
	until grep -q '^Ctrl-C' "$tmp/said"; do
		[ $((tries -= 1)) -gt 0 ] && kill -0 "$demo" || return 1
		sleep 0.1
	done
}

# Without what the environment of the tests has.
as_printed() {
	sed -n '/^From another terminal/,/^Ctrl-C/p' "$tmp/said" |
	    sed -e 1d -e '$d' >"$tmp/commands"
	env -u MIBS -u MIBDIRS -u DHCPFO_CONF sh "$tmp/commands" >"$tmp/out" 2>&1
}

needs snmpd 'the commands of "make run"' || finish
"$MAKE" -s B="$B" all >/dev/null 2>&1
here="$tmp/it's here"
ln -s "$PWD" "$here"
B=$B PORT=$((20000 + $$ % 10000)) sh "$here/conf/demo/run.sh" \
    >"$tmp/said" 2>&1 &
demo=$!
quiet 'it starts' is_ready
quiet 'the last of its commands succeeds' as_printed
result 'all of them find what they name' \
    "$(grep -e 'Unknown Object' -e 'Cannot find' -e Timeout "$tmp/out")"
result 'dhcpfoctl shows what snmpset has set' "$(grep -q \
    'berlin-hamburg  hotStandby .* 1800  *600 ' "$tmp/out" || cat "$tmp/out")"
stop
directory=$(sed -n 's,.*DHCPFO_CONF=\(.*\)/dhcpfod.conf,\1,p' "$tmp/said")
result 'at the end everything is gone' "$([ ! -e "$directory" ] ||
    echo "$directory")"

finish
