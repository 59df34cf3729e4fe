#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Does each file know only what it may know?  Prints TAP.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

result 'src/ knows nothing of Net-SNMP' \
    "$(grep -rnE 'net-snmp|netsnmp_' src)"

# The peers are what one would take instead.
result 'only subagent/ includes <net-snmp/...>' \
    "$(grep -rn '#include <net-snmp/' --include='*.[ch]' src tests |
	grep -v '^tests/bench/peers/')"

# A type of server knows its own headers and what all types share.
result 'no type of server knows another, or who asks it' "$(
	for file in src/server_*.[ch]; do
		type=${file#src/server_}
		type=${type%%[_.]*}
		[ "$type" = types ] && continue
		grep -n '#include "' "$file" | grep -E '"(server_|change|worker|'\
'snapshot|roster|history|watch|event)' | grep -v "\"server_$type" |
		    sed "s,^,$file:,"
	done)"

# Wherever it was made, it has to work elsewhere.
result 'no file names a path of the machine it was written on' "$(
	git ls-files -co --exclude-standard 2>/dev/null | while read -r file; do
		[ -f "$file" ] && grep -nIE \
		    '(^|[^A-Za-z0-9._-])/(home|root|work|Users)/[A-Za-z]' \
		    "$file" /dev/null
	done | grep -v "^$0:")"

result 'every source says what licence it has' "$(
	find src subagent tests conf -type f -regex '.*\.\(c\|h\|sh\|py\)' \
	    -exec grep -L 'SPDX-License-Identifier: BSD-2-Clause' {} +)"

finish
