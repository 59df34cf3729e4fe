#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Are the manual pages sound, and do they say all that there is?  Prints TAP.
#
# Environment: B, where the programs are; MAKE.

# shellcheck source=tests/tap.sh
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

mib=mibs/DHCP-FAILOVER-MIB.txt
conf=conf/dhcpfod.conf
programs=${B:-build}

# The pages, on lines of their own.
pages() {
	ls docs/*.[1-9]
}

# differ LEFT RIGHT FILE1 FILE2: what only one of two sorted lists has.
differ() {
	if [ ! -s "$3" ] || [ ! -s "$4" ]; then
		echo 'nothing found to compare'
	fi
	comm -23 "$3" "$4" | sed "s/\$/: only in $1/"
	comm -13 "$3" "$4" | sed "s/\$/: only in $2/"
}

# lacking FILE PAGE: the lines of FILE that are no words of PAGE.
lacking() {
	if [ ! -s "$1" ]; then
		echo 'nothing found to look for'
	fi
	tr -c 'A-Za-z0-9-' '\n' <"$2" | sort -u >"$tmp/words"
	comm -23 "$1" "$tmp/words" | sed 's/$/: missing/'
}

lint_page() {
	mandoc -Tlint -Wwarning "$1" 2>&1
}

lint_pages() {
	for page in $(pages); do
		what="mandoc has nothing to say about ${page#docs/}"
		needs mandoc "$what" && result "$what" "$(lint_page "$page")"
	done

	# See that it would speak up.
	what='mandoc speaks up about a bad page'
	needs mandoc "$what" || return
	printf '.Dd x\n.Dt X 1\n.Os\n.Sh NAME\n.Sh NAME\n' >"$tmp/bad.1"
	result "$what" "$([ -n "$(lint_page "$tmp/bad.1")" ] || echo silent)"
}

titles() {
	result 'the title of each page is its name' "$(for page in $(pages); do
		name=${page#docs/}
		awk -v name="${name%.*}" -v section="${name##*.}" '
		$1 == ".Dt" && (tolower($2) != tolower(name) ||
		    $3 != section) { print FILENAME ": " $0 }
		$1 == ".Nm" && !seen++ && $2 != name {
			print FILENAME ": " $0
		}' "$page"
	done 2>&1)"
}

# Some keys are comments that show the default, others are set.
configuration() {
	sed -n 's/^#\{0,1\}\([a-z][a-z-]*\) =.*/\1/p' "$conf" |
	    sort -u >"$tmp/conf"
	sed -n 's/^\.It Cm \([a-z-]*\) No = Em .*/\1/p' docs/dhcpfod.conf.5 |
	    sort -u >"$tmp/page"
	result 'dhcpfod.conf.5 has the keys of the configuration, and no other' \
	    "$(differ "${conf##*/}" dhcpfod.conf.5 "$tmp/conf" "$tmp/page")"
}

# "#key = value" in the one is "Default: value." in the other.
defaults() {
	sed -n 's/^#\([a-z][a-z-]*\) = *\([0-9]*\)$/\1 \2/p' "$conf" |
	    grep ' [0-9]' | grep -v '^pair-with ' | sort -u >"$tmp/conf"
	awk '
	/^\.It Cm [a-z-]* No = Em number/ {
		if (!fresh)
			nkeys = 0
		keys[++nkeys] = $3
		fresh = 1
		next
	}
	/^\.It / { nkeys = 0 }
	{ fresh = 0 }
	/^Default: [0-9]/ && nkeys == 1 { print keys[1], $2 + 0 }
	/^Defaults: / && nkeys == 2 {
		print keys[1], $2 + 0
		print keys[2], $4 + 0
	}' docs/dhcpfod.conf.5 | sort -u >"$tmp/page"
	result 'the numbers that are defaults are the same in both' \
	    "$(differ "${conf##*/}" dhcpfod.conf.5 "$tmp/conf" "$tmp/page")"
}

# In the help commands begin the lines that are indented by two, up to options.
commands() {
	what='dhcpfoctl.1 has every command of dhcpfoctl --help, and no other'
	if ! "$MAKE" B="$programs" "$programs/dhcpfoctl" >"$tmp/make" 2>&1; then
		result "$what" "$(cat "$tmp/make")"
		return
	fi
	"$programs/dhcpfoctl" --help |
	    sed -n '/^options:/q; s/^  \([a-z][a-z-]*\)\( .*\)*$/\1/p' |
	    sort -u >"$tmp/help"
	sed -n 's/^\.It Cm \([a-z][a-z-]*\)\( .*\)*$/\1/p' docs/dhcpfoctl.1 |
	    sort -u >"$tmp/page"
	result "$what" "$(differ 'the help' dhcpfoctl.1 "$tmp/help" "$tmp/page")"
}

# Options begin the lines that are indented by two.
options() {
	what='dhcpfod.8 has every option of dhcpfod -h, and no other'
	if ! "$MAKE" B="$programs" "$programs/dhcpfod" >"$tmp/make" 2>&1; then
		result "$what" "$(cat "$tmp/make")"
		return
	fi
	"$programs/dhcpfod" -h | sed -n 's/^  -\([A-Za-z]\) .*/\1/p' |
	    sort -u >"$tmp/help"
	sed -n 's/^\.It Fl \([A-Za-z]\)\( .*\)*$/\1/p' docs/dhcpfod.8 |
	    sort -u >"$tmp/page"
	result "$what" "$(differ 'the help' dhcpfod.8 "$tmp/help" "$tmp/page")"
}

# objects ACCESS...: the objects of the MIB with one of these.
objects() {
	awk -v wanted=" $* " '
	NF == 2 && ($2 == "OBJECT-TYPE" || $2 == "NOTIFICATION-TYPE") {
		name = $1
		if (index(wanted, " " $2 " "))
			print name
	}
	$1 == "MAX-ACCESS" && index(wanted, " " $2 " ") { print name }
	' "$mib" | sort -u
}

guide() {
	objects NOTIFICATION-TYPE >"$tmp/names"
	result 'DHCP-FAILOVER-MIB.7 mentions every notification' \
	    "$(lacking "$tmp/names" docs/DHCP-FAILOVER-MIB.7)"
	objects read-write read-create >"$tmp/names"
	result 'DHCP-FAILOVER-MIB.7 mentions every object that can be written' \
	    "$(lacking "$tmp/names" docs/DHCP-FAILOVER-MIB.7)"
}

# What a page names of the MIB is there.
no_strangers() {
	sed -n 's/^ *\(dhcpFo[A-Za-z]*\) .*OBJECT.*/\1/p
	    s/^\(dhcpFo[A-Za-z]*\) *NOTIFICATION-TYPE/\1/p
	    s/^\(dhcpFoMIB\) .*/\1/p' "$mib" | sort -u >"$tmp/known"
	for page in $(pages) docs/*.md; do
		grep -o 'dhcpFo[A-Z][A-Za-z]*' "$page"
	done | sort -u >"$tmp/named"
	result 'the pages name no object that the MIB does not have' \
	    "$(comm -13 "$tmp/known" "$tmp/named")"
}

export LC_ALL=C
lint_pages
titles
configuration
defaults
commands
options
guide
no_strangers
finish
