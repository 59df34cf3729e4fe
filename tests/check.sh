#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check.sh - run all tests ("make check"), or some:  sh tests/check.sh [SUITE...]
#
# Suites: lint unit system asan, and with CI=true in the environment also tsan
# and valgrind; races, the system tests under tsan, only when it is named.  Each
# program prints TAP; shown are a line for each of them, the whole of what
# failed, and at last the line "N passed, N failed".  A program that ends badly or
# early has failed, whatever it printed.  With CI=true a skipped test has failed,
# too, except under sanitizers and valgrind: there some tests make no sense.
#
# Environment: B, where the programs are; MAKE, CC, JOBS.

cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
MAKE=${MAKE:-make}
JOBS=${JOBS:-$(nproc 2>/dev/null || echo 2)}
export B MAKE JOBS
# Messages are looked at, and make's are not to be taken for those of the tests.
export LC_ALL=C.UTF-8
unset MAKEFLAGS MFLAGS MAKELEVEL

# The sanitizers want addresses where they were before Linux 6.
fixed=
setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R"
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=0:second_deadlock_stack=1

passed=0
failed=0
lenient=
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# Reads what a program printed; prints "OK BAD SKIPPED" and then what to show.
# shellcheck disable=SC2016 # the variables are awk's
read_tap='
function verdict(good) {
	count++
	showing = good ? 0 : 100
	if (good)
		ok++
	else
		bad++
}
# cmocka says "not ok 1 # SKIP" of what is neither.
/^(not )?ok .*# SKIP/ {
	skipped++
	count++
	showing = 0
	if (!lenient)
		show = show "    " $0 "\n"
	if (ci && !lenient)
		bad++
	next
}
/^ok( |$)/ {
	verdict(1)
	next
}
/^not ok( |$)/ {
	verdict(0)
	show = show "    " $0 "\n"
	next
}
/^[0-9]+\.\.[0-9]+$/ {
	sub(/^[0-9]+\.\./, "")
	plan += $0
	plans++
	next
}
# A sanitizer that is not happy may write a million lines.
showing > 0 {
	showing--
	show = show "    " $0 "\n"
	next
}
$0 !~ /^#/ { other[others++ % 50] = "    " $0 "\n" }
END {
	if (status != 0 && bad == 0)
		why = "it ended with status " status
	else if (plans == 0 || plan != count)
		why = count + 0 " tests of " (plans ? plan : "an unknown number of")
	if (why != "") {
		bad++
		for (i = others > 50 ? others - 50 : 0; i < others; i++)
			show = show other[i % 50]
		show = show "    not ok - " why "\n"
	}
	printf "%d %d %d\n%s", ok, bad, skipped, show
}'

now() {
	date +%s%N
}

# tap NAME COMMAND...: run a program that prints TAP.
tap() {
	name=$1
	shift
	began=$(now)
	"$@" >"$tmp/out" 2>&1 </dev/null
	awk -v status=$? -v ci="$([ "$CI" = true ] && echo 1)" \
	    -v lenient="$lenient" "$read_tap" "$tmp/out" >"$tmp/result"
	read -r ok bad skipped <"$tmp/result" || ok=0 bad=1 skipped=0
	ms=$((($(now) - began) / 1000000))
	printf '%-6s %-38s %4d passed' "$([ "$bad" -eq 0 ] && echo ok ||
	    echo FAILED)" "$name" "$ok"
	[ "$bad" -gt 0 ] && printf ', %d failed' "$bad"
	[ "$skipped" -gt 0 ] && printf ', %d skipped' "$skipped"
	printf ', %d.%d s\n' $((ms / 1000)) $((ms % 1000 / 100))
	sed 1d "$tmp/result"
	passed=$((passed + ok))
	failed=$((failed + bad))
}

# What hangs has failed, too.
limited() {
	timeout --foreground -k 10 "$@"
}

# build DIRECTORY WHAT VARIABLE=VALUE...: a test, too.
build() {
	directory=$1
	shift
	tap "build in $directory" make_test B="$directory" "$@"
}

make_test() {
	echo 1..1
	if "$MAKE" -k -j"$JOBS" "$@" >"$tmp/make" 2>&1; then
		echo ok 1
	else
		echo "not ok 1 - make $*"
		grep -v '^  [A-Z]' "$tmp/make" | tail -n 50
	fi
}

# units SUITE DIRECTORY COMMAND...: all unit tests, each behind that command,
# but not those whose names contain $without.
without=
units() {
	suite=$1
	directory=$2
	shift 2
	for source in tests/unit/test_*.c; do
		test=$(basename "$source" .c)
		case $without/$test in
		/*) ;;
		*/*"$without"*) continue ;;
		esac
		tap "$suite/$test" limited 300 env CMOCKA_MESSAGE_OUTPUT=TAP "$@" \
		    "$directory/tests/$test"
	done
}

# systems SUITE DIRECTORY PATTERN...: system tests with the programs of there;
# mostly they wait, so more at a time than there are processors.
systems() {
	suite=$1
	export BUILD="$2"
	shift 2
	tap "$suite/system" limited 1800 /usr/bin/python3 tests/system/run.py "$@"
}

# torture SUITE DIRECTORY COMMAND...: a short round of what "make torture" does.
torture() {
	suite=$1
	directory=$2
	shift 2
	tap "$suite/torture" limited 300 env CMOCKA_MESSAGE_OUTPUT=TAP "$@" \
	    "$directory/torture"
}

# replays SUITE DIRECTORY COMMAND...: the corpora of the fuzzers, once.
replays() {
	suite=$1
	directory=$2
	shift 2
	for corpus in tests/fuzz/corpus/*; do
		fuzzer=$(basename "$corpus")
		tap "$suite/fuzz_$fuzzer" limited 300 "$@" \
		    "$directory/tests/replay_$fuzzer" "$corpus"
	done
}

lint_suite() {
	for script in tests/lint/*.sh; do
		tap "lint/$(basename "$script" .sh)" sh "$script"
	done
}

unit_suite() {
	build "$B" test-programs
	units unit "$B"
	torture unit "$B"
	replays unit "$B"
}

system_suite() {
	build "$B" all test-programs bench-programs
	systems system "$B" -j"$((JOBS * 2))"
}

asan_suite() {
	build build-asan test-programs CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	    SAN='-fsanitize=address,undefined -fno-sanitize-recover=all'
	# shellcheck disable=SC2086 # words
	units asan build-asan $fixed
	# shellcheck disable=SC2086
	torture asan build-asan $fixed
	# shellcheck disable=SC2086
	replays asan build-asan $fixed
	# shellcheck disable=SC2086
	WRAP=$fixed systems asan build-asan -j"$((JOBS * 2))" test_set test_ctl \
	    test_protocol.Transactions test_protocol.Session test_slow.Undo \
	    test_monitor.Reload test_read.ManyRows test_life.Configuration
}

tsan_suite() {
	build build-tsan test-programs CFLAGS='-O1 -g' SAN=-fsanitize=thread
	# shellcheck disable=SC2086
	units tsan build-tsan $fixed
	WRAP=${fixed:-env} systems tsan build-tsan \
	    test_orders.Orders.all_orders_of_start
}

# All of dhcpfod's, and a soak of a minute; dhcpfoctl has but one thread.  Left
# out is test_windows.SlowAndDead, for which the helper starts too slowly here.
races_suite() {
	build build-tsan test-programs CFLAGS='-O1 -g' SAN=-fsanitize=thread
	SOAK=60 WRAP=${fixed:-env} systems races build-tsan -j"$((JOBS * 2))" \
	    test_set test_slow test_life test_monitor test_protocol test_read \
	    test_truth test_hostile test_orders test_kea test_kerberos \
	    'test_windows.[!PS]*' test_windows.Setting test_chaos test_soak
}

valgrind_suite() {
	set -- valgrind -q --error-exitcode=9 --leak-check=full \
	    --errors-for-leak-kinds=definite,indirect,possible
	build "$B" test-programs
	# Minutes, and the sanitizers have seen them.
	without=local_faults
	units valgrind "$B" "$@"
	without=
	WRAP="$*" systems valgrind "$B" -j"$JOBS" test_set.Merging \
	    test_set.CreateAndDestroy test_slow.Undo.
}

# What takes longer than ten minutes in all is for CI, and for whoever asks.
if [ $# -eq 0 ]; then
	set -- lint unit system asan
	[ "$CI" = true ] && set -- "$@" tsan valgrind
fi
for suite; do
	case $suite in
	lint | unit | system) lenient='' && "${suite}_suite" ;;
	asan | tsan | races | valgrind) lenient=1 && "${suite}_suite" ;;
	*) echo "check.sh: no such suite: $suite" >&2 && exit 2 ;;
	esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
