#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""restarts.py [N]: restart or kill snmpd N times in a row (default 100); each
time all tables must be back within the ping interval and a second."""
import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from lab import PATIENCE, Lab, Rel, Server  # noqa: E402

PING = 5


def run(times):
    """How long it took at most, and the growth of memory in kB."""
    with Lab([Server(1)], {"ping-interval": PING}) as lab:
        lab.seed(1, [Rel("alpha", ["10.1.0.0"])])
        longest, first = 0, None
        for i in range(times):
            lab.stop_snmpd((signal.SIGTERM, signal.SIGKILL)[i % 2])
            lab.start_snmpd()
            began = time.monotonic()
            lab.wait_tables(PING + 1)
            longest = max(longest, time.monotonic() - began)
            with open("/proc/%d/statm" % lab.agent.pid) as file:
                now = int(file.read().split()[1]) * 4
            first = first or now
        if longest > (PING + 1) * PATIENCE:
            raise AssertionError("back after %.1f s only" % longest)
        return longest, now - first


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print("%d restarts: back within %.1f s, %d kB more memory" % (
        (n,) + run(n)))
