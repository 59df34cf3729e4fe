#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the system tests: run.py [-jN] [-l] [PATTERN ...]

Runs all test_*.py of this directory, one process for each class, and prints
TAP.  PATTERN: only tests whose "file.Class.name" contains it, or matches it if
it has a * or ?.  -jN: N classes at a time.  -l: list the names.  Exit status 1
when a test fails; with CI=true in the environment a skipped test fails, too.
BUILD and WRAP: see lab.py.  LIMIT: seconds for a class, 240 by default.
"""
import fnmatch
import getopt
import glob
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = int(os.environ.get("LIMIT", 240)) * (
    4 if os.environ.get("WRAP") else 1)  # seconds for a class


# ---- in the process of a class

class Result(unittest.TestResult):
    """Writes each outcome at once, as a line of JSON."""

    def __init__(self, out):
        super().__init__()
        self.out = out
        self.failed_subtests = {}
        self.began = time.monotonic()

    def say(self, test, outcome, text=""):
        name = test if isinstance(test, str) else name_of(test)
        self.out.write(json.dumps([outcome, name, text]) + "\n")
        self.out.flush()

    def startTest(self, test):
        super().startTest(test)
        self.failed_subtests.pop(test.id(), None)

    def addSuccess(self, test):
        self.say(test, "ok")

    def addFailure(self, test, error):
        self._bad(test, error)

    def addError(self, test, error):
        self._bad(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            text = self.failed_subtests.setdefault(test.id(), [])
            text.append("%s\n%s" % (subtest._subDescription(),
                                    self._exc_info_to_string(error, test)))

    def addSkip(self, test, reason):
        self.say(test, "skip", reason)

    def addExpectedFailure(self, test, error):
        self.say(test, "ok")

    def addUnexpectedSuccess(self, test):
        self.say(test, "not ok", "succeeded, though it was expected to fail")

    def stopTest(self, test):
        super().stopTest(test)
        if test.id() in self.failed_subtests:
            self.say(test, "not ok",
                     "\n".join(self.failed_subtests.pop(test.id())))

    def _bad(self, test, error):
        text = self._exc_info_to_string(error, test)
        if not hasattr(test, "_testMethodName"):  # setUpClass and the like
            test = name_of(test)
        self.say(test, "not ok", text)


def name_of(test):
    if hasattr(test, "_testMethodName"):
        return "%s.%s.%s" % (
            type(test).__module__, type(test).__qualname__,
            test._testMethodName[len("test_"):])
    return str(test)


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def load(module):
    sys.path.insert(0, HERE)
    return list(flatten(
        unittest.defaultTestLoader.loadTestsFromName(module)))


def wanted(test, patterns):
    name = name_of(test)
    return not patterns or any(
        fnmatch.fnmatch(name, p) if "*" in p or "?" in p else p in name
        for p in patterns)


def run_class(module, cls, patterns):
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what tests print is not TAP
    tests = [t for t in load(module)
             if type(t).__qualname__ == cls and wanted(t, patterns)]
    unittest.TestSuite(tests).run(Result(out))


# ---- in the process of the runner

class Unit:
    def __init__(self, module, cls, tests):
        self.module, self.cls, self.tests = module, cls, tests


def units(patterns):
    found = {}
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        module = os.path.basename(path)[:-len(".py")]
        for test in load(module):
            if wanted(test, patterns):
                key = module, type(test).__qualname__
                found.setdefault(key, []).append(test)
    result = [Unit(m, c, t) for (m, c), t in found.items()]
    # What takes longest comes first: a class says so by its `weight`.
    result.sort(key=lambda u: -getattr(type(u.tests[0]), "weight", 0))
    return result


class Tap:
    def __init__(self):
        self.lock = threading.Lock()
        self.number = self.bad = self.skipped = 0
        self.ci = os.environ.get("CI") == "true"

    def line(self, outcome, name, text=""):
        with self.lock:
            self.number += 1
            good = outcome == "ok" or (outcome == "skip" and not self.ci)
            self.bad += not good
            self.skipped += outcome == "skip"
            line = "%s %d - %s" % ("ok" if good else "not ok", self.number,
                                   name)
            if outcome == "skip":
                text = " ".join(text.split())
                sys.stderr.write("SKIPPED: %s: %s\n" % (name, text))
                if good:
                    line, text = line + " # SKIP " + text, ""
                else:
                    text = "skipped, which is a failure here: " + text
            print(line)
            for row in text.rstrip().split("\n") if text else []:
                print("# " + row)
            sys.stdout.flush()


def run_unit(unit, patterns, tap):
    seen = set()
    child = subprocess.Popen(
        [sys.executable, os.path.abspath(__file__), "--class", unit.module,
         unit.cls] + patterns, stdout=subprocess.PIPE, text=True,
        start_new_session=True)
    timer = threading.Timer(LIMIT, os.killpg, (child.pid, signal.SIGKILL))
    timer.start()
    try:
        for line in child.stdout:
            outcome, name, text = json.loads(line)
            seen.add(name)
            tap.line(outcome, name, text)
        status = child.wait()
    finally:
        timer.cancel()
    missing = {name_of(t) for t in unit.tests} - seen
    if status != 0:
        tap.line("not ok", "%s.%s" % (unit.module, unit.cls),
                 "its process ended with %d; not run: %s" % (
                     status, ", ".join(sorted(missing)) or "nothing"))


def work(todo, patterns, tap):
    while True:
        try:
            unit = todo.pop(0)
        except IndexError:
            return
        try:
            run_unit(unit, patterns, tap)
        except BaseException:
            tap.line("not ok", "%s.%s" % (unit.module, unit.cls),
                     traceback.format_exc())


def main():
    options, patterns = getopt.getopt(sys.argv[1:], "j:lh",
                                      ["class", "help"])
    options = dict(options)
    if "-h" in options or "--help" in options:
        print(__doc__)
        return 0
    if "--class" in options:
        run_class(patterns[0], patterns[1], patterns[2:])
        return 0
    todo = units(patterns)
    if "-l" in options:
        for unit in todo:
            print("\n".join(map(name_of, unit.tests)))
        return 0
    began, tap = time.monotonic(), Tap()
    workers = [threading.Thread(target=work, args=(todo, patterns, tap))
               for _ in range(int(options.get("-j", 1)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("1..%d" % tap.number)
    print("# %d failed, %d skipped, %.0f s" % (
        tap.bad, tap.skipped, time.monotonic() - began))
    if tap.number == 0:
        print("# no such test", file=sys.stderr)
    return 1 if tap.bad or tap.number == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
