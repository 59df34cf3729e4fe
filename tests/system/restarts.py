#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""restarts.py [N]: restart or kill snmpd N times in a row (default 100); each
time all that was in the tables must be back within the ping interval, and
dhcpfod must not grow."""
import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from lab import ROOT, Lab, Rel, Server, SnmpTimeout, wait  # noqa: E402
from soak import Sample, growth  # noqa: E402

PING = 5
# How it goes, and whether it stays away until dhcpfod has noticed.
WAYS = ((signal.SIGTERM, False), (signal.SIGKILL, False),
        (signal.SIGTERM, True), (signal.SIGKILL, True))
ALONE = "no AgentX master"


def held(lab, number):
    pid = lab.agent.pid
    with open("/proc/%d/statm" % pid) as file:
        rss = int(file.read().split()[1]) * 4
    try:
        descriptors = len(os.listdir("/proc/%d/fd" % pid))
    except PermissionError:
        descriptors = None
    return Sample(number, None, None, rss, descriptors,
                  len(os.listdir("/proc/%d/task" % pid)))


def names(lab):
    """Of all that is served; None while that cannot be said."""
    try:
        return [v.oid for v in lab.pysnmp.walk(ROOT)]
    except (SnmpTimeout, AssertionError):
        return None


def run(times):
    """How long each took to come back, and what dhcpfod held after each."""
    with Lab([Server(1), Server(2, type="local")],
             {"ping-interval": PING, "event-limit": 0}) as lab:
        for number in (1, 2):
            lab.seed(number, [Rel("r%d" % i, ["10.%d.%d.0" % (number, i)])
                              for i in range(8)])
        before = names(lab)
        took, samples = [], []
        for i in range(times):
            how, long = WAYS[i % len(WAYS)]
            said = lab.log().count(ALONE)
            lab.stop_snmpd(how)
            if long:
                wait(lambda n=said: lab.log().count(ALONE) > n,
                     "dhcpfod has noticed")
            lab.start_snmpd()  # which waits until snmpd answers
            began = time.monotonic()
            wait(lambda: names(lab) == before, "all is back")
            took.append(time.monotonic() - began)
            samples.append(held(lab, i))
        if max(took) > PING:
            raise AssertionError("back after %.1f s only" % max(took))
        found = growth(samples)
        if found:
            raise AssertionError("; ".join(found))
        return took, samples


def main():
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    took, samples = run(number)
    print("%d restarts: all back within %.1f s, mostly %.1f; %s\n%s" % (
        number, max(took), sorted(took)[number // 2], samples[0],
        samples[-1]))


if __name__ == "__main__":
    main()
