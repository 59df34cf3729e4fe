# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
#
# tap.sh - for test scripts to read in: TAP, a directory $tmp, and the top of the
# sources as working directory.

cd "$(dirname "$0")/../.." || exit 1
MAKE=${MAKE:-make}
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

# quiet WHAT COMMAND...: good if it succeeds, whatever it says.
quiet() {
	what=$1
	shift
	if said=$("$@" 2>&1); then
		result "$what" ''
	else
		# Not what make says of each thing that it makes.
		result "$what" "$(printf '%s\n%s' "$*" "$said" |
		    grep -v '^  [A-Z]* ' | tail -n 40)"
	fi
}

# needs COMMAND WHAT: false, and WHAT is skipped, where it is not installed.
needs() {
	command -v "$1" >/dev/null && return
	n=$((n + 1))
	echo "ok $n - $2 # SKIP $1 is missing"
	false
}

finish() {
	echo "1..$n"
	exit $failed
}
