#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh - "make run": dhcpfod with some relationships and an snmpd of its own,
# for everybody on this host to try, until Ctrl-C.
#
# Environment: B, where the programs are; PORT, the first UDP port to try.
# Everything is in a temporary directory, and gone at the end.

set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
programs=${B:-build}
port=${PORT:-1161}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
samples=conf/demo/relationships.json
tmp='' snmpd='' dhcpfod='' nap=''

# Only our own children, by their numbers.
finish() {
	trap '' HUP INT TERM
	for pid in $nap $dhcpfod $snmpd; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$tmp"
}

die() {
	printf 'make run: %s\n' "$*" >&2
	exit 1
}

# failed WHAT LOG: with the end of that log.
failed() {
	printf 'make run: %s; the end of its log:\n' "$1" >&2
	tail -n 10 "$tmp/$2" >&2
	exit 1
}

check_daemons() {
	kill -0 "$snmpd" 2>/dev/null || failed 'snmpd has ended' snmpd.log
	[ -z "$dhcpfod" ] || kill -0 "$dhcpfod" 2>/dev/null ||
	    failed 'dhcpfod has ended' dhcpfod.log
}

# A trap runs when "wait" is interrupted, but only after "sleep" has ended.
pause() {
	sleep "$1" &
	nap=$!
	wait $nap
	nap=
}

# within_10_seconds COMPLAINT LOG CONDITION...
within_10_seconds() {
	complaint=$1
	log=$2
	shift 2
	tries=100
	until "$@"; do
		check_daemons
		[ $((tries -= 1)) -gt 0 ] || failed "$complaint" "$log"
		pause 0.1
	done
}

taken() {
	cat /proc/net/udp /proc/net/udp6 2>/dev/null |
	    grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$1") "
}

choose_port() {
	case $port in
	'' | *[!0-9]* | ??????*) die "PORT=$port is no port" ;;
	esac
	first=$port
	while taken "$port"; do
		port=$((port + 1))
		[ "$port" -le 65535 ] || die "no free UDP port from $first on"
	done
	[ "$port" = "$first" ] ||
	    echo "Port $first is taken: using $port.  (PORT=... chooses another.)"
	agent=127.0.0.1:$port
}

# $guard: even if we are killed, nothing of ours goes on.
start() {
	guard=
	setpriv --pdeathsig TERM true 2>/dev/null &&
	    guard='setpriv --pdeathsig TERM'
	for file in snmpd.conf dhcpfod.conf; do
		sed "s,@dir@,$tmp," "conf/demo/$file" >"$tmp/$file" || exit 1
	done
	"$programs/dhcpfoctl" -c "$tmp/dhcpfod.conf" load "$samples" \
	    >"$tmp/load.log" 2>&1 ||
	    failed 'the samples could not be loaded' load.log

	MIBS='' $guard snmpd -f -C -c "$tmp/snmpd.conf" -Lo \
	    -I -smux,mteTrigger,mteTriggerConf "udp:$agent" \
	    </dev/null >"$tmp/snmpd.log" 2>&1 &
	snmpd=$!
	# Without its socket dhcpfod would try again only a second later.
	within_10_seconds "snmpd does not start" snmpd.log test -S "$tmp/agentx"
	$guard "$programs/dhcpfod" -f -c "$tmp/dhcpfod.conf" \
	    </dev/null >"$tmp/dhcpfod.log" 2>&1 &
	dhcpfod=$!
}

all_there() {
	[ "$(snmpget -v2c -c public -t 1 -r 0 -Oqv "$agent" dhcpFoRelCount.0 \
	    2>/dev/null)" = "$(grep -c '"name"' "$samples")" ]
}

# Some columns of the table: snmptable, which shows all, needs four parts.
show_table() {
	snmpbulkwalk -v2c -c public -OqsU "$agent" dhcpFoRelTable | awk '
	BEGIN {
		n = split("State Mode Percentage Mclt SafePeriod", shown, " ")
		row("Index", shown)
	}
	function row(index_, values, i, line) {
		line = sprintf("  %-30s  %-16s  %-11s  %10s  %6s  %10s", index_,
		    values[1], values[2], values[3], values[4], values[5])
		print line
	}
	{
		column = substr($1, 1, index($1, ".") - 1)
		sub(/^dhcpFoRel/, "", column)
		at = substr($0, index($0, ".") + 1)
		value = at
		sub(/" .*/, "\"", at)
		sub(/.*" /, "", value)
		if (column == shown[1])
			order[++rows] = at
		table[at, column] = value
	}
	END {
		for (r = 1; r <= rows; r++) {
			for (i = 1; i <= n; i++)
				cells[i] = table[order[r], shown[i]]
			row(order[r], cells)
		}
	}'
}

# A word as a shell takes it.
quoted() {
	case $1 in
	*[!A-Za-z0-9_.:/-]*)
		printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
		;;
	*) printf %s "$1" ;;
	esac
}

show_commands() {
	row='1."berlin-hamburg"'
	case $programs in
	/*) ctl=$programs/dhcpfoctl ;;
	*) ctl=$top/$programs/dhcpfoctl ;;
	esac
	cat <<EOT
From another terminal:

  export MIBDIRS=$(quoted "$MIBDIRS") MIBS=$MIBS

  # Everything about the relationships.
  snmptable -v2c -c public -Cb -Ci -Cw 100 $agent dhcpFoRelTable
  snmpbulkwalk -v2c -c public $agent dhcpFoRelStatusTable

  # One column: one set-relationship call.
  snmpset -v2c -c private $agent 'dhcpFoRelMclt.$row' = 1800

  # Three columns of a row: still one call, with all three flags.
  snmpset -v2c -c private $agent \\
      'dhcpFoRelMode.$row' = hotStandby \\
      'dhcpFoRelPercentage.$row' = 5 \\
      'dhcpFoRelSafePeriod.$row' = 600

  # What it was and how it went.
  snmpget -v2c -c public $agent 'dhcpFoRelLastSetFlags.$row' \\
      'dhcpFoRelSetStatus.$row'

  # Refused, wrongValue.  (-Ir: or else snmpset itself would not send it.)
  snmpset -v2c -c private -Ir $agent 'dhcpFoRelPercentage.$row' = 101

  # Refused, inconsistentValue: scopes can be added in state normal only ...
  snmpset -v2c -c private $agent \\
      'dhcpFoScopeRowStatus.1."muc-fra".ipv4.4.10.9.0.0' = createAndGo

  # ... as here.
  snmpset -v2c -c private $agent \\
      'dhcpFoScopeRowStatus.$row.ipv4.4.10.9.0.0' = createAndGo

  # Without SNMP.
  export DHCPFO_CONF=$(quoted "$tmp/dhcpfod.conf")
  $(quoted "$ctl") list

Ctrl-C ends it, and everything is gone.
EOT
}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/dhcpfo.XXXXXX") || exit 1
trap finish EXIT
trap 'exit 0' HUP INT TERM
mkdir "$tmp/snmp" "$tmp/snmp/cert_indexes" "$tmp/snmp/mib_indexes" || exit 1

# Nobody's own configuration counts here.  Of modules that are in two
# directories the later is used: the real ones, where there are any.
export SNMPCONFPATH="$tmp" SNMP_PERSISTENT_DIR="$tmp/snmp"
export MIBS=DHCP-FAILOVER-MIB MIBDIRS="$top/mibs:$top/mibs/standin"
for dir in /usr/share/snmp/mibs /usr/share/snmp/mibs/ietf /var/lib/mibs/ietf; do
	[ -e "$dir/SNMPv2-SMI" ] || [ -e "$dir/SNMPv2-SMI.txt" ] &&
	    MIBDIRS=$MIBDIRS:$dir
done

choose_port
start
within_10_seconds 'dhcpfod does not answer through snmpd' dhcpfod.log all_there
echo
echo "dhcpfod answers through snmpd on $agent: dhcpFoRelTable, in part"
echo
show_table
echo
show_commands

# The parent is make.  It goes without a word if it is killed, and it does not
# tell us when the terminal goes.
[ -t 1 ] && terminal=yes || terminal=
while [ -d "/proc/$PPID" ] && { [ -z "$terminal" ] || [ -t 1 ]; }; do
	check_daemons
	pause 1
done
