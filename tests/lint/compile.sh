#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Is each header complete, and does everything build without a warning, with two
# compilers?  Prints TAP.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

JOBS=${JOBS:-$(nproc)}
flags='-std=c11 -D_DEFAULT_SOURCE -fsyntax-only -x c -Isrc -Isrc/ctl -Isubagent
    -Itests/mock'

# headers COMPILER DIRECTORY...
headers() {
	compiler=$1
	shift
	libraries=$(pkg-config --cflags netsnmp-agent sqlite3 inih jansson cmocka)
	find "$@" -name '*.h' | while read -r header; do
		# shellcheck disable=SC2086 # words
		$compiler $flags $libraries "$header" 2>&1 |
		    grep -v 'pragma once in main file'
	done
}

# unheeded FILE...: the packager's flags that do not reach it.
unheeded() {
	for file in "$@"; do
		"$MAKE" -n B="$tmp/none" V=1 CC=cc CPPFLAGS=-DPP CFLAGS=-DCC \
		    LDFLAGS=-DLD "$tmp/none/$file" |
		    sed -e :join -e '/\\$/{N;s/\\\n//;b join' -e '}' |
		    grep -e " -o $tmp/none/$file " |
		    grep -v -e ' -DPP .*-DCC .* -c ' -e ' -DCC .*-DLD '
	done
}
result "the packager's flags are heeded" \
    "$(unheeded src/key.o src/ctl/main.o src/msdhcpm/main.o subagent/main.o \
	dhcpfod dhcpfoctl)"

for compiler in gcc clang; do
	what="each header compiles alone with $compiler"
	needs $compiler "$what" &&
	    result "$what" "$(headers $compiler src subagent tests/mock)"

	what="$compiler has nothing to warn of"
	needs $compiler "$what" && quiet "$what" "$MAKE" -k -j"$JOBS" \
	    B="build-$compiler" CC=$compiler CFLAGS='-O2 -g -Werror' \
	    all test-programs
done

finish
