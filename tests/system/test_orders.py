# SPDX-License-Identifier: BSD-2-Clause
"""In whatever order snmpd, dhcpfod and the servers start, and whichever of them
is restarted: nobody has to do anything."""
import itertools
import os
import signal
import unittest

import restarts
from fake_kea import FakeKea
from lab import MIB, Server, SnmpTimeout, rel, server, wait
from windows_case import MISSING, Relationship, WindowsLab, dhcpm_server

WINDOWS, LOCAL, KEA = 1, 2, 3
UP = 2
SOON = 5  # seconds, where intervals are 1 s


class OrderLab(WindowsLab):
    """Servers of all types, and each can be started and stopped."""

    def __init__(self):
        super().__init__(dhcpm_server.DhcpmServer(), start=False, subagent={
            "ping-interval": 1, "poll-interval": 1})
        self.dhcpm.add(Relationship("branch"))
        self.dhcpm.stop()
        self.servers = {WINDOWS: None, LOCAL: None, KEA: None}

    def open(self):
        super().open()
        self.servers[LOCAL] = Server(LOCAL, database=self.path("db", "x.db"))
        self.kea = FakeKea(self.path("kea"))
        self.cleanups += [self.dhcpm.close, self.kea.stop]
        return self

    def write_conf(self, text=None):
        super().write_conf(text)
        with open(self.path("dhcpfod.conf"), "a") as file:
            file.write("[server %d]\ntype = local\ndatabase = %s\n"
                       "[server %d]\ntype = kea\nsocket = %s\n" % (
                           LOCAL, self.database(LOCAL), KEA, self.kea.path))

    def start(self, what):
        if what == "snmpd":
            self.start_snmpd()
        elif what == "dhcpfod":
            self.start_agent(ready=False)
        else:
            self.dhcpm.start()
            self.kea.start()
            try:
                os.rename(self.path("away"), self.path("db"))
            except FileNotFoundError:
                os.mkdir(self.path("db"), 0o700)

    def stop(self, what):
        if what == "snmpd":
            self.stop_snmpd(signal.SIGKILL)
        elif what == "dhcpfod":
            self.kill_agent()
        else:
            self.dhcpm.stop()
            self.kea.stop()
            os.rename(self.path("db"), self.path("away"))

    def all_up(self):
        try:
            return [v.value for v in self.pysnmp.walk(
                MIB["dhcpFoServerOperStatus"])] == [UP] * 3
        except (SnmpTimeout, AssertionError):
            return False


@unittest.skipIf(MISSING, MISSING)
class Orders(unittest.TestCase):
    weight = 12
    PARTS = ("snmpd", "dhcpfod", "servers")

    def setUp(self):
        self.addCleanup(os.umask, os.umask(0o077))

    def works(self, lab):
        wait(lab.all_up, "all is there", SOON)
        self.assertEqual(lab.get(rel("Mclt", WINDOWS, "branch")), 3600)
        self.assertEqual(lab.get(server("RelCount", KEA)), 1)

    def test_all_orders_of_start__end_with_all_of_it_served(self):
        for order in itertools.permutations(self.PARTS):
            with self.subTest(order), OrderLab() as lab:
                for what in order:
                    lab.start(what)
                    if what == "dhcpfod":
                        wait(lambda: lab.log(), "it has begun")
                    if "snmpd" in order[:order.index(what)] and \
                            lab.agent is not None:
                        lab.wait_tables()
                self.works(lab)

    def test_all_orders_of_stop_and_start__need_no_person(self):
        with OrderLab() as lab:
            for what in self.PARTS:
                lab.start(what)
            self.works(lab)
            for gone in itertools.combinations(self.PARTS, 2):
                for back in (gone, gone[::-1]):
                    with self.subTest(gone=gone, back=back):
                        for what in gone:
                            lab.stop(what)
                        for what in back:
                            lab.start(what)
                        self.works(lab)


class Restarts(unittest.TestCase):
    weight = 10

    def test_snmpd__restarted_in_all_ways__has_all_tables_back_in_time(self):
        restarts.run(len(restarts.WAYS))


if __name__ == "__main__":
    unittest.main()
