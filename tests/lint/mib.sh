#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Is the MIB sound, and can it be used without the IETF modules?  Prints TAP.
#
# libsmi wants the real IETF modules.  They are taken from $IETF_MIBS if set (a
# directory of files named after their modules, plain or with the suffix .mib or
# .txt), else from Debian's package erlang-snmp.  NET-SNMP-MIB is in $IETF_MIBS,
# too, or in Debian's package libsnmp-base.

case $IETF_MIBS in
'' | /*) ;;
*) IETF_MIBS=$PWD/$IETF_MIBS ;;
esac
cd "$(dirname "$0")/../.." || exit 1

mib=mibs/DHCP-FAILOVER-MIB.txt
net_snmp=/usr/share/snmp/mibs
n=0
failed=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT PIPE TERM

# result WHAT MESSAGES: good if there are no messages.
result() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
		failed=1
	fi
}

# skip WHAT REASON: but not where everything has to be there.
skip() {
	if [ "$CI" = true ]; then
		result "$1" "CANNOT BE TESTED: $2"
	else
		n=$((n + 1))
		echo "ok $n - $1 # SKIP NOT TESTED: $2"
	fi
}

# The directory with the IETF modules, or nothing.
ietf_mibs() {
	if [ -n "$IETF_MIBS" ]; then
		echo "$IETF_MIBS"
		return
	fi
	for dir in /usr/lib/erlang/lib/snmp-*/mibs; do
		if [ -f "$dir/SNMPv2-SMI.mib" ]; then
			echo "$dir"
			return
		fi
	done
}

# Level 6 is the strictest.  No configuration: that may add paths or levels.
lint() {
	SMIPATH=$ietf:$net_snmp smilint -c /dev/null -l 6 "$1" 2>&1
}

lint_mib() {
	what='smilint has nothing to say about the MIB'
	ietf=$(ietf_mibs)
	if ! command -v smilint >/dev/null; then
		skip "$what" 'smilint is missing (Debian: smitools)'
		return
	elif [ -z "$ietf" ]; then
		skip "$what" "no IETF modules (Debian: erlang-snmp; or set IETF_MIBS)"
		return
	fi

	# Its exit status tells nothing, so see that it would speak up.
	sed 's/^    dhcpFoRelMclt  .*/    dhcpFoRelMcltt Unsigned32,/' "$mib" \
	    >"$tmp/DHCP-FAILOVER-MIB.txt"
	if [ -z "$(lint "$tmp/DHCP-FAILOVER-MIB.txt")" ]; then
		result "$what" 'smilint is silent about a broken MIB, too'
	else
		result "$what" "$(lint "$mib")"
	fi
}

# Reads nobody's configuration; without its directories of indexes Net-SNMP
# tells that it makes them.
translate() {
	SNMPCONFPATH=$tmp SNMP_PERSISTENT_DIR=$tmp MIBS='' MIBDIRS='' \
	    snmptranslate -M mibs:mibs/standin -m ALL -Pew "$@" 2>&1
}

parse_mib() {
	mkdir "$tmp/cert_indexes" "$tmp/mib_indexes"
	oid=.1.3.6.1.4.1.8072.9999.9999.647.1.5.1.3.1.4.102.111.45.97.1.4.10.1.0.0
	want='DHCP-FAILOVER-MIB::dhcpFoScopeRowStatus.1."fo-a".ipv4."10.1.0.0"'

	got=$(translate $oid)
	if [ "$got" = "$want" ]; then
		# In the tree a leaf has "-- " and its access, unless its type
		# was not found.  Messages begin at the margin.
		got=$(translate -Tp -IR dhcpFoObjects |
		    grep -e '+--[^ ]' -e '^[^ +]' |
		    grep -v -e '--dhcpFo.*Table(' -e '--dhcpFo.*Entry(' \
			-e '--dhcpFoObjects(' -e '--dhcpFoAgent(' \
			-e '--dhcpFoNotifControl(' -e '--dhcpFoEventLog(')
	else
		got="not just: $want
$got"
	fi
	result 'Net-SNMP loads the MIB with the stand-ins alone' "$got"
}

# RFC 2578 (3.1) advises against longer ones, and some tools cut them.
label_lengths() {
	result 'no label is longer than 32 characters' "$(awk '
		NF == 2 && $2 == "OBJECT-TYPE" {
			objects++
			if (length($1) > 32)
				print $1 " has " length($1)
		}
		END { if (!objects) print "no objects found" }' "$mib" 2>&1)"
}

echo 1..3
lint_mib
parse_mib
label_lengths
exit $failed
