#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Does snmpd's example do what it says, with a real snmpd?  Prints TAP.
#
# Environment: B, where the programs are; MAKE.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

B=${B:-build}
port=$((20000 + $$ % 10000))
agent=127.0.0.1:$port
snmpd=
dhcpfod=
PATH=$PATH:/usr/sbin:/sbin
export SNMPCONFPATH="$tmp" SNMP_PERSISTENT_DIR="$tmp/snmp"
export MIBS=DHCP-FAILOVER-MIB MIBDIRS=mibs:mibs/standin

stop() {
	for pid in $dhcpfod $snmpd; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$tmp"
}
trap stop EXIT

# The example as somebody would fill it in, for a socket of ours and a user and
# a group that are there.  (snmpd does not take root for one.)
fill_in() {
	owner="$(id -un) $(id -gn)"
	[ "$(id -u)" -ne 0 ] || owner='daemon daemon'
	sed -e "s,^agentXSocket .*,agentXSocket $tmp/agentx," \
	    -e "s,^\(agentXPerms .*\) Debian-snmp dhcpfo,\1 $owner," \
	    -e 's,^#rocommunity COMMUNITY 127.0.0.1,rocommunity reader 127.0.0.1,' \
	    -e 's,^#trap2sink 192.0.2.10 COMMUNITY,trap2sink 127.0.0.1:9 reader,' \
	    conf/snmpd-dhcpfo.conf
}

# As the example says, into snmpd's own file.
users() {
	sed -n 's/^# *echo '\''\(createUser.*\)'\'' .*/\1/p' conf/snmpd-dhcpfo.conf |
	    sed 's/AUTHPASSWORD/authpassword/; s/PRIVPASSWORD/privpassword/'
}

waits_for() {
	tries=100
	until "$@" >/dev/null 2>&1; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}

answers() {
	snmpget -v2c -c reader -t 0.5 -r 0 "$agent" "dhcpFoRelState.$row" |
	    grep -q startup
}

admin() {
	command=$1
	level=$2
	shift 2
	$command -v3 -l "$level" -u dhcpfo-admin -a SHA-256 -A authpassword \
	    -x AES -X privpassword "$agent" "$@"
}

# says WHAT PATTERN COMMAND...: is that what comes out?
says() {
	what=$1
	pattern=$2
	shift 2
	said=$("$@" 2>&1)
	if printf '%s\n' "$said" | grep -q -- "$pattern"; then
		result "$what" ''
	else
		result "$what" "wanted: $pattern
$said"
	fi
}

needs snmpd "snmpd's example" || finish
"$MAKE" -s B="$B" all >/dev/null 2>&1
mkdir "$tmp/snmp" "$tmp/snmp/cert_indexes" "$tmp/snmp/mib_indexes"
fill_in >"$tmp/snmpd.conf"
users >"$tmp/snmp/snmpd.conf"
cat >"$tmp/dhcpfod.conf" <<EOT
[subagent]
agentx-socket = $tmp/agentx
state-dir = $tmp
[server 1]
type = local
database = $tmp/db
EOT
quiet 'a relationship to look at' "$B/dhcpfoctl" -c "$tmp/dhcpfod.conf" \
    create fo-a primary=192.0.2.1 secondary=192.0.2.2 scopes=10.1.0.0

MIBS='' snmpd -f -C -c "$tmp/snmpd.conf,$tmp/snmp/snmpd.conf" -Lo \
    -I -smux "udp:$agent" >"$tmp/snmpd.log" 2>&1 &
snmpd=$!
waits_for test -S "$tmp/agentx"
"$B/dhcpfod" -f -c "$tmp/dhcpfod.conf" >"$tmp/dhcpfod.log" 2>&1 &
dhcpfod=$!
row='1."fo-a"'
quiet 'snmpd starts with it, and dhcpfod answers through it' \
    waits_for answers
result 'snmpd has nothing to say about it' \
    "$(grep -viE '^$|AgentX master support|NET-SNMP version|Connection from' \
	"$tmp/snmpd.log")"
result 'the socket is for its owner and its group' \
    "$(stat -c %A "$tmp/agentx" | grep -vx 'srw-rw----')"

says 'the community reads' 'Mclt.*3600' \
    snmpget -v2c -c reader "$agent" "dhcpFoRelMclt.$row"
says 'the community does not see the secret' 'No Such Object' \
    snmpget -v2c -c reader "$agent" "dhcpFoRelSharedSecret.$row"
result 'nor does it in a walk' "$(snmpwalk -v2c -c reader "$agent" \
    dhcpFoMIB 2>&1 | grep -e RelSharedSecret -e Timeout)"
says 'the community cannot write' 'noAccess' \
    snmpset -v2c -c reader "$agent" "dhcpFoRelMclt.$row" = 60
says 'the community sees nothing else' 'No Such Object' \
    snmpget -v2c -c reader "$agent" .1.3.6.1.2.1.25.1.1.0
says 'another community gets no answer' 'Timeout' \
    snmpget -v2c -c public -t 0.5 -r 0 "$agent" "dhcpFoRelMclt.$row"
says 'the user writes, encrypted' 'Mclt.* 60 ' \
    admin snmpset authPriv "dhcpFoRelMclt.$row" = 60
says 'the user writes the secret' 'SharedSecret' \
    admin snmpset authPriv "dhcpFoRelSharedSecret.$row" s hush
says 'and it is there, but not to be read' '= ""' \
    admin snmpget authPriv "dhcpFoRelSharedSecret.$row"
says 'the user writes nothing else' 'noAccess' \
    admin snmpset authPriv .1.3.6.1.2.1.1.5.0 s mine
says 'the user may not, unencrypted' 'authorizationError' \
    admin snmpset authNoPriv "dhcpFoRelMclt.$row" = 90
says 'the user that has no password does not exist' 'Unknown user' \
    snmpget -v3 -l authPriv -u dhcpfo-watch -a SHA-256 -A authpassword \
    -x AES -X privpassword "$agent" "dhcpFoRelMclt.$row"

finish
