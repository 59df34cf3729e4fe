#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# packages.sh - install the Debian packages that are missing, if any are.
#
#   sh conf/packages.sh [-n] build|run|check|bench...
#
# As root or by sudo, without asking.  -n only tells what is missing.  Silent
# when nothing is.  Where there is no apt-get, nothing can be installed, and the
# tools and libraries themselves are looked for instead.

# README.md says what each is for.
build='gcc libc6-dev make pkg-config libsnmp-dev libsqlite3-dev libinih-dev
    libjansson-dev'
run='snmpd snmp libsnmp-base'
check='libcmocka-dev clang clang-format valgrind smitools erlang-snmp mandoc
    shellcheck systemd python3 python3-pysnmp4 snmptrapd kea-dhcp4-server samba-dev
    python3-impacket krb5-kdc krb5-admin-server krb5-user python3-gssapi faketime'
# npm, for one more peer, is used if it is there.
bench='libcmocka-dev valgrind libsnmp-perl python3'

# The same for machines without apt-get: commands, and modules of pkg-config.
build_tools='cc make pkg-config netsnmp-agent.pc sqlite3.pc inih.pc jansson.pc'
run_tools='snmpd snmpget snmpset snmptable snmpbulkwalk'
bench_tools='cmocka.pc valgrind perl python3'
check_tools='cmocka.pc clang clang-format valgrind smilint mandoc shellcheck
    python3 dcerpc.pc krb5kdc kinit faketime'

die() {
	printf 'packages.sh: %s\n' "$*" >&2
	exit 1
}

# The packages among $* that are not installed.
missing_packages() {
	# shellcheck disable=SC2016 # the braces are dpkg-query's
	there=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" \
	    2>/dev/null | sed -n 's/^installed //p' | tr '\n' ' ')
	for package; do
		case " $there " in
		*" $package "*) ;;
		*) printf ' %s' "$package" ;;
		esac
	done
}

# The tools among $* that make would not find.  Daemons are often hidden from
# users.
missing_tools() {
	PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	for tool; do
		case $tool in
		*.pc) pkg-config --exists "${tool%.pc}" 2>/dev/null ;;
		*) command -v "$tool" >/dev/null ;;
		esac || printf ' %s' "$tool"
	done
}

# A machine that has just started may be busy with its own updates: wait.
apt_get() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq \
	    -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1
}

install_packages() {
	set -- install -y --no-install-recommends "$@"
	# Fetch the lists of packages only if there are none, or old ones.
	apt_get "$@" || { apt_get update && apt_get "$@"; }
}

only_tell=
packages=
tools=
for word; do
	case $word in
	-n) only_tell=yes ;;
	build) packages="$packages $build" tools="$tools $build_tools" ;;
	run) packages="$packages $run" tools="$tools $run_tools" ;;
	check) packages="$packages $check" tools="$tools $check_tools" ;;
	bench) packages="$packages $bench" tools="$tools $bench_tools" ;;
	*) packages='' && break ;;
	esac
done
[ -n "$packages" ] || die 'usage: sh conf/packages.sh [-n] build|run|check|bench...'

# From here on lists of words are meant to be split.
# shellcheck disable=SC2086
{
	if ! command -v apt-get >/dev/null; then
		missing=$(missing_tools $tools)
		[ -z "$missing" ] && exit 0
		die "not found:$missing.  Please install what is called here, in" \
		    Debian: $packages
	fi

	missing=$(missing_packages $packages)
	[ -z "$missing" ] && exit 0
	[ -n "$only_tell" ] && die "missing:$missing"

	sudo=
	if [ "$(id -u)" -ne 0 ]; then
		sudo=sudo
		command -v sudo >/dev/null ||
		    die "please do as root: apt-get install$missing"
	fi
	log=$(mktemp) || exit 1
	trap 'rm -f "$log"' EXIT
	trap 'exit 1' HUP INT TERM
	echo "Installing Debian packages:$missing"
	install_packages $missing || {
		tail -n 5 "$log" >&2
		die 'they could not be installed'
	}
}

# Debian starts a daemon with its package, and that is not ours to stop.
daemons=
for package in snmpd kea-dhcp4-server krb5-kdc krb5-admin-server; do
	case " $missing " in
	*" $package "*) daemons="$daemons $package" ;;
	esac
done
if [ -n "$daemons" ] && [ -d /run/systemd/system ]; then
	echo "Debian may have started services with them, which are not used" \
	    "here.  To stop them: systemctl disable --now$daemons"
fi
exit 0
