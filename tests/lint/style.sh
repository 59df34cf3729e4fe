#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Is everything formatted alike, and are the scripts sound?  Prints TAP.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

what='clang-format would change nothing'
# shellcheck disable=SC2046 # no name has a blank
needs clang-format "$what" && result "$what" "$(clang-format --dry-run -Werror \
    $(find src subagent tests docs -name '*.[ch]') 2>&1 | grep 'error:')"

what='shellcheck has nothing to say'
# shellcheck disable=SC2046
needs shellcheck "$what" && quiet "$what" shellcheck -x -e SC2317 \
    $(find conf tests -name '*.sh')

what='Python programs have no syntax error'
# shellcheck disable=SC2046
needs python3 "$what" && quiet "$what" python3 -c '
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding="utf-8").read(), path)
' $(find tests conf -name '*.py')

finish
