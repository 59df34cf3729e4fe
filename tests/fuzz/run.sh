#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh SECONDS FUZZER...: run each fuzzer over its corpus, tests/fuzz/corpus,
# and then for SECONDS (0: the corpus alone) with inputs of its own.  What it
# learns goes to $FUZZB/corpus, so that the next run goes on from there, and what
# it finds to $FUZZB/found.  Prints TAP.

FUZZB=${FUZZB:-build-fuzz}
seconds=$1
shift

mkdir -p "$FUZZB/found"
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
# The sanitizers want addresses where they were before Linux 6.
fixed=
setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R"

number=0
bad=0
echo "1..$#"
for fuzzer; do
	number=$((number + 1))
	learnt=$FUZZB/corpus/$fuzzer
	mkdir -p "$learnt"
	options="-timeout=120 -rss_limit_mb=2048 -print_final_stats=1"
	if [ "$seconds" -eq 0 ]; then
		options="$options -runs=0"
	else
		options="$options -max_total_time=$seconds"
	fi
	# dhcpfoctl complains of each line on standard error.
	[ "$fuzzer" = json ] && options="$options -close_fd_mask=2"
	dict=tests/fuzz/$fuzzer.dict
	[ -f "$dict" ] && options="$options -dict=$dict"
	log=$FUZZB/found/$fuzzer.log
	# shellcheck disable=SC2086 # words
	if $fixed "$FUZZB/tests/fuzz_$fuzzer" $options -print_pcs=0 \
	    -artifact_prefix="$FUZZB/found/$fuzzer-" "$learnt" \
	    "tests/fuzz/corpus/$fuzzer" >"$log" 2>&1 </dev/null; then
		echo "ok $number - fuzz $fuzzer"
	else
		bad=$((bad + 1))
		echo "not ok $number - fuzz $fuzzer"
		tail -n 60 "$log" | sed 's/^/# /'
	fi
	sed -n 's/^stat::\(number_of_executed_units\|average_exec_per_sec\): */# \1 /p
	    s/^\(#[0-9]*\tDONE.*\)/# \1/p' "$log"
done
[ "$bad" -eq 0 ]
