#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh SECONDS FUZZER...: run each fuzzer over its corpus, tests/fuzz/corpus,
# and then for SECONDS (0: the corpus alone) with inputs of its own, $JOBS of them
# at a time.  What it learns goes to $FUZZB/corpus, so that the next run goes on
# from there, and what it finds to $FUZZB/found.  Prints TAP.
#
# run.sh keep FUZZER...: take the fewest of what was learnt into tests/fuzz/corpus
# with which all is reached that was reached.

FUZZB=${FUZZB:-build-fuzz}
JOBS=${JOBS:-$(nproc 2>/dev/null || echo 2)}
export FUZZB
seconds=$1
shift

# The sanitizers want addresses where they were before Linux 6.
fixed=
setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R"

# one SECONDS FUZZER: its output, and in the last two lines the processor time that
# it took (user and system) and its exit status.
one() {
	fuzzer=$2
	learnt=$FUZZB/corpus/$fuzzer
	mkdir -p "$learnt"
	options="-timeout=120 -rss_limit_mb=2048 -print_final_stats=1"
	if [ "$1" -eq 0 ]; then
		options="$options -runs=0"
	else
		options="$options -max_total_time=$1"
	fi
	# dhcpfoctl complains of each line on standard error.
	[ "$fuzzer" = json ] && options="$options -close_fd_mask=2"
	dict=tests/fuzz/$fuzzer.dict
	[ -f "$dict" ] && options="$options -dict=$dict"
	# shellcheck disable=SC2086 # words
	nice $fixed "$FUZZB/tests/fuzz_$fuzzer" $options -print_pcs=0 \
	    -artifact_prefix="$FUZZB/found/$fuzzer-" "$learnt" \
	    "tests/fuzz/corpus/$fuzzer" </dev/null
	status=$?
	times
	echo "status: $status"
}

mkdir -p "$FUZZB/found"
case $seconds in
one) # called by xargs, below
	one "$1" "$2" >"$FUZZB/found/$2.log" 2>&1
	exit 0
	;;
keep)
	for fuzzer; do
		# shellcheck disable=SC2086 # words
		$fixed "$FUZZB/tests/fuzz_$fuzzer" -set_cover_merge=1 \
		    "tests/fuzz/corpus/$fuzzer" "$FUZZB/corpus/$fuzzer" \
		    >"$FUZZB/found/$fuzzer.log" 2>&1 || exit 1
		echo "$fuzzer: $(find "tests/fuzz/corpus/$fuzzer" -type f |
		    wc -l) inputs"
	done
	exit 0
	;;
esac

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
printf '%s\n' "$@" | xargs -P "$JOBS" -n 1 sh "$0" one "$seconds"

number=0
bad=0
echo "1..$#"
for fuzzer; do
	number=$((number + 1))
	log=$FUZZB/found/$fuzzer.log
	if [ "$(tail -n 1 "$log")" = "status: 0" ]; then
		echo "ok $number - fuzz $fuzzer"
	else
		bad=$((bad + 1))
		echo "not ok $number - fuzz $fuzzer"
		tail -n 60 "$log" | sed 's/^/# /'
	fi
	sed -n 's/^stat::\(number_of_executed_units\|average_exec_per_sec\): */# \1 /p
	    s/^\(#[0-9]*\tDONE.*\)/# \1/p' "$log"
	tail -n 2 "$log" | sed -n '1s/^/# processor time /p'
done
[ "$bad" -eq 0 ]
