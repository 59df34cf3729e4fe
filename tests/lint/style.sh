#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Is everything formatted alike, and are scripts and man pages sound?  Prints
# TAP.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

what='clang-format would change nothing'
# shellcheck disable=SC2046 # no name has a blank
needs clang-format "$what" && result "$what" "$(clang-format --dry-run -Werror \
    $(find src subagent tests docs -name '*.[ch]') 2>&1 | grep 'error:')"

what='shellcheck has nothing to say'
# shellcheck disable=SC2046
needs shellcheck "$what" && quiet "$what" shellcheck -x \
    $(find conf tests -name '*.sh')

what='mandoc has nothing to say'
pages=$(find docs -name '*.[1578]')
# shellcheck disable=SC2086
[ -n "$pages" ] && needs mandoc "$what" && result "$what" \
    "$(mandoc -T lint -W warning $pages 2>&1)"

what='Python programs have no syntax error'
# shellcheck disable=SC2046
needs python3 "$what" && quiet "$what" python3 -c '
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding="utf-8").read(), path)
' $(find tests conf -name '*.py')

finish
