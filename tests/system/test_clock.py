# SPDX-License-Identifier: BSD-2-Clause
"""The clock of the host is set while dhcpfod and snmpd run."""
import calendar
import os
import signal
import struct
import threading
import time
import unittest

import clock
from lab import Lab, Later, Rel, Server, rel, server, wait

TICKS = os.sysconf("SC_CLK_TCK")
SUCCEEDED, PENDING = 3, 2
HOURS = 3600


def seconds_of(date_and_time):
    """Seconds since 1970 of a DateAndTime."""
    year, month, day, hour, minute, second = struct.unpack(
        ">HBBBBB", date_and_time[:7])
    there = calendar.timegm((year, month, day, hour, minute, second))
    if len(date_and_time) == 8:
        return there
    away = date_and_time[9] * 3600 + date_and_time[10] * 60
    return there - away if date_and_time[8:9] == b"+" else there + away


@unittest.skipIf(clock.MISSING, clock.MISSING)
class Jumps(unittest.TestCase):
    """Forwards, backwards, and back to what is true."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1)], {"poll-interval": 1, "ping-interval": 1,
                                    "set-deadline": 500}, start=False)
        cls.lab.open()
        cls.clock = clock.Clock(cls.lab.path("clock"))
        cls.lab.env.update(cls.clock.env)
        cls.addClassCleanup(lambda: cls.clock.forget(cls.lab.pids))
        cls.addClassCleanup(cls.lab.close)
        cls.lab.start_snmpd()
        cls.lab.start_agent()
        cls.lab.seed(1, [Rel("alpha", ["10.1.0.0"])])

    def jumps(self):
        for offset in (5 * HOURS, -7 * HOURS, 0):
            self.clock.set(offset)
            yield offset

    def assert_now(self, date_and_time):
        self.assertAlmostEqual(seconds_of(date_and_time),
                               time.time() + self.clock.offset, delta=300)

    def test_polls__after_a_jump__go_on_and_are_of_the_new_time(self):
        for _ in self.jumps():
            # Before the next poll, mostly: nothing has aged by it.
            self.assertLess(self.lab.get(server("DataAge", 1)), 300)
            self.lab.forget(1)
            wait(lambda: len(self.lab.calls(1, "list")) >= 3, "polls")
            self.assert_now(self.lab.get(server("LastPollTime", 1)))

    def test_sets__after_a_jump__are_done_and_are_of_the_new_time(self):
        for mclt, _ in enumerate(self.jumps(), 60):
            reply = self.lab.set((rel("Mclt", 1, "alpha"), ("u", mclt)))
            self.assertEqual(reply.status, "noError")
            self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), mclt)
            self.assert_now(self.lab.get(rel("LastSetTime", 1, "alpha")))

    def test_deadline__of_a_set_within_which_the_clock_jumps__holds(self):
        for mclt, jump in enumerate((HOURS, -HOURS), 90):
            self.lab.forget(1)
            self.lab.control(1, "set 4000 0 before 1")
            reply = Later(self.lab.set, (rel("Mclt", 1, "alpha"),
                                         ("u", mclt)))
            wait(lambda: self.lab.calls(1, "set"), "the server is called")
            self.clock.set(self.clock.offset + jump)
            self.assertEqual(reply.get().status, "noError")
            self.assertEqual(self.lab.get(rel("SetStatus", 1, "alpha")),
                             PENDING)
            wait(lambda: self.lab.get(rel("SetStatus", 1, "alpha")) ==
                 SUCCEEDED, "it is done")
            self.lab.control(1)

    def test_snmpd__killed_after_a_jump__has_the_tables_back(self):
        for _ in self.jumps():
            self.lab.stop_snmpd(signal.SIGKILL)
            self.lab.start_snmpd()
            self.lab.wait_tables()

    def test_snmpd__that_hangs_while_the_clock_jumps__is_served_again(self):
        for _ in self.jumps():
            self.lab.freeze(self.lab.snmpd)
            self.clock.set(self.clock.offset + HOURS)
            self.lab.forget(1)
            wait(lambda: len(self.lab.calls(1, "list")) >= 2,
                 "polls, while nobody answers a ping")
            self.lab.thaw()
            self.lab.wait_tables()

    def test_dhcpfod__after_a_jump__rests(self):
        for _ in self.jumps():
            before = self.cpu()
            threading.Event().wait(0.5)
            self.assertLess(self.cpu() - before, 0.25, "seconds of CPU time")

    def cpu(self):
        with open("/proc/%d/stat" % self.lab.agent.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    unittest.main()
