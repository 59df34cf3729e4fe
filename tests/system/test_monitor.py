# SPDX-License-Identifier: BSD-2-Clause
"""What a monitoring system sees: status, history, drift, events, traps."""
import os
import re
import signal
import subprocess
import time
import unittest

from lab import (MIB, MIB_ENV, Lab, NetSnmp, Rel, Server, rel, scalar, scope,
                 server, wait)
from ports import Port
from test_set import LabCase, creation, member

HEALTH = dict(ok=1, warning=2, critical=3, unknown=4)
KIND = dict(other=1, stateChange=2, created=3, deleted=4, configChange=5,
            scopeAdded=6, scopeRemoved=7, setDone=8, setFailed=9, serverUp=10,
            serverDown=11, thresholdLow=12, thresholdOk=13, driftFound=14,
            driftGone=15)
DRIFT = ("mclt", "safePeriod", "percentage", "mode", "scopes", "auth",
         "missing", "role")
NORMAL, INTERRUPTED, DOWN = 3, 4, 5


class Trapd:
    """A real snmptrapd, and what it has written."""

    def __init__(self, directory, more=""):
        self.file = os.path.join(directory, "traps")
        self.reserved = Port()
        self.port = self.reserved.number
        conf = os.path.join(directory, "snmptrapd.conf")
        with open(conf, "w") as file:
            file.write("disableAuthorization yes\n" + more)
        persistent = os.path.join(directory, "t")
        os.makedirs(persistent, exist_ok=True)
        self.process = subprocess.Popen(
            ["snmptrapd", "-f", "-C", "-c", conf, "-On", "-Lf", self.file,
             "-F", "%P|%N|%W|%v\n", "udp:127.0.0.1:%d" % self.port],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **MIB_ENV, "SNMP_PERSISTENT_DIR": persistent,
                 "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
        wait(self._bound, "snmptrapd listens")

    def _bound(self):
        with open("/proc/net/udp") as file:
            return ":%04X " % self.port in file.read()

    def close(self):
        self.process.terminate()
        self.process.wait(10)

    def lines(self, name, *words):
        """Those about notification `name` that have all the words."""
        if not os.path.exists(self.file):
            return []
        want = "." + ".".join(map(str, MIB["dhcpFo" + name]))
        with open(self.file, encoding="utf-8", errors="replace") as file:
            return [x for x in file if re.search(re.escape(want) + r"\b", x)
                    and all(w in x for w in words)]

    def wait(self, name, *words, n=1):
        wait(lambda: len(self.lines(name, *words)) >= n,
             "%d x %s %s" % (n, name, words))
        return self.lines(name, *words)


class MonitorCase(LabCase):
    SUBAGENT = {"poll-interval": 1, "notify-min-interval": 0}

    def row(self, number, name, *labels):
        return self.lab.columns(number, name, *labels)

    def events(self, *kinds):
        """(kind, server, relationship, text) of the log."""
        def column(label):
            return [v.value for v in self.lab.pysnmp.walk(
                MIB["dhcpFoEvent" + label])]
        words = {n: w for w, n in KIND.items()}
        found = zip(map(words.get, column("Kind")),
                    *([x.decode() for x in column(label)]
                      for label in ("Server", "RelName", "Text")))
        return [e for e in found if not kinds or e[0] in kinds]

    def wait_event(self, kind, name, text=""):
        wait(lambda: any(e[2] == name and text in e[3]
                         for e in self.events(kind)),
             "an event %s about %s" % (kind, name))

    def behind(self, number, sql, *args):
        """What somebody else does on the server itself."""
        db = self.lab.connect(number)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(sql, args)
        db.close()

    def drift(self, number, name):
        octets = self.lab.get(rel("Drift", number, name))
        return {w for i, w in enumerate(DRIFT) if octets[0] & 0x80 >> i}


class Polling(MonitorCase):
    SERVERS = [Server(1), Server(2)]
    ROWS = {1: [Rel("alpha", ["10.0.0.0"])], 2: [Rel("beta")]}

    def test_server__that_fails__keeps_its_rows_and_says_why(self):
        lab = self.lab
        lab.control(1, "list 0 1722 before")
        wait(lambda: lab.get(server("OperStatus", 1)) == 3, "unreachable")
        self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 3600)
        self.assertEqual(lab.get(rel("Health", 1, "alpha")),
                         HEALTH["unknown"])
        self.assertEqual(lab.get(scalar("Health")), HEALTH["critical"])
        self.assertEqual(lab.get(server("LastError", 1)), 1722)
        self.assertNotEqual(lab.get(server("LastErrorText", 1)), b"")
        wait(lambda: lab.get(server("DataAge", 1)) >= 2, "the data get old")
        self.assertEqual(lab.get(server("OperStatus", 2)), 2)
        self.assertLess(lab.get(server("DataAge", 2)), 3)
        before = lab.get(server("CallFailures", 1))
        wait(lambda: lab.get(server("CallFailures", 1)) > before, "it counts")
        lab.control(1)
        wait(lambda: lab.get(server("OperStatus", 1)) == 2, "it is back")
        self.assertEqual(lab.get(scalar("Health")), HEALTH["ok"])
        self.wait_server_events(1)

    def wait_server_events(self, number):
        name = "server%d" % number
        wait(lambda: ("serverUp", name) in [e[:2] for e in self.events()],
             "the event of its return")
        self.assertIn(("serverDown", name), [e[:2] for e in self.events()])

    def test_server__that_hangs__does_not_hold_up_gets(self):
        lab = self.lab
        lab.control(1, "list 4000 0 none")
        lab.forget(1)
        wait(lambda: lab.calls(1, "list"), "the poll begins")
        slowest = 0
        for _ in range(200):
            began = time.monotonic()
            self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 3600)
            slowest = max(slowest, time.monotonic() - began)
        self.assertLess(slowest, 1)
        wait(lambda: lab.get(server("DataAge", 1)) >= 2, "the data get old")
        self.assertLess(lab.get(server("DataAge", 2)), 3)

    def test_sigusr1__polls_at_once(self):
        lab = self.lab
        reply = lab.set((scalar("PollInterval"), ("u", 86400)))
        self.assertEqual(reply.status, "noError")
        try:
            lab.forget(2)
            lab.agent.send_signal(signal.SIGUSR1)
            wait(lambda: lab.calls(2, "list"), "a poll")
        finally:
            lab.set((scalar("PollInterval"), ("u", 1)))

    def test_set__is_seen_in_the_next_get_and_by_the_next_poll(self):
        for value in range(1, 20):
            self.ok(member("Mclt", 1, "alpha", value))
            self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), value)
        self.lab.refresh(1)
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 19)
        self.assertFalse([e for e in self.events("configChange")
                          if e[2] == "alpha"])


class History(MonitorCase):
    ROWS = {1: [Rel("alpha", safe_period=600), Rel("beta")]}

    def test_state__that_changes__is_counted_and_timed(self):
        before = self.row(1, "alpha", "Transitions", "CommInterruptions")
        self.assertEqual(self.lab.get(rel("TimeToPartnerDown", 1, "alpha")),
                         -1)
        self.behind(1, "UPDATE relationship SET state = 4 WHERE name = 'alpha'")
        wait(lambda: self.lab.get(rel("State", 1, "alpha")) == INTERRUPTED,
             "it is seen")
        now = self.row(1, "alpha", "Transitions", "CommInterruptions",
                       "TimeToPartnerDown", "StateAge", "Health")
        self.assertEqual(now["Transitions"], before["Transitions"] + 1)
        self.assertEqual(now["CommInterruptions"],
                         before["CommInterruptions"] + 1)
        self.assertTrue(590 <= now["TimeToPartnerDown"] <= 600, now)
        self.assertEqual(now["Health"], HEALTH["warning"])
        self.wait_event("stateChange", "alpha", "normal -> communicationInt")
        self.assertEqual(self.lab.get(scalar("Health")), HEALTH["warning"])
        self.assertEqual(self.lab.get(scalar("RelNotNormalCount")), 1)

    def test_history__survives_kill_and_restart(self):
        lab = self.lab
        self.ok(member("State", 1, "alpha", DOWN))
        self.ok(member("State", 1, "alpha", NORMAL))
        wait(lambda: len(self.events()) > 0, "events")
        labels = ("Transitions", "CommInterruptions", "StateTime")
        before = self.row(1, "alpha", *labels)
        events = self.events()
        kept = lambda: self.stored() >= len(events)
        wait(kept, "the events are on disk")
        lab.kill_agent()
        lab.start_agent()
        self.assertEqual(self.row(1, "alpha", *labels), before)
        self.assertEqual(self.events()[:len(events)], events)

    def stored(self):
        import sqlite3
        db = sqlite3.connect(self.lab.path("dhcpfod-state.db"))
        try:
            return db.execute("SELECT count(*) FROM event").fetchone()[0]
        finally:
            db.close()

    def test_change__while_dhcpfod_is_away__is_a_transition_afterwards(self):
        lab = self.lab
        before = lab.get(rel("Transitions", 1, "beta"))
        lab.stop_agent()
        self.behind(1, "UPDATE relationship SET state = 5 WHERE name = 'beta'")
        lab.start_agent()
        self.assertEqual(lab.get(rel("Transitions", 1, "beta")), before + 1)
        self.wait_event("stateChange", "beta", "normal -> partnerDown")

    def test_row__that_came_or_changed_while_dhcpfod_is_away__is_no_event(
            self):
        lab = self.lab
        lab.stop_agent()
        self.behind(1, "UPDATE relationship SET mclt = 17 WHERE name = 'beta'")
        self.behind(1, "INSERT INTO relationship SELECT 'gamma', "
                    "primary_server, secondary_server, mode, server_type, "
                    "state, prev_state, mclt, safe_period, primary_name, "
                    "secondary_name, percentage, secret FROM relationship "
                    "WHERE name = 'beta'")
        lab.start_agent()
        self.assertEqual(lab.get(rel("Mclt", 1, "gamma")), 17)
        self.assertEqual([e for e in self.events()
                          if e[2] == "gamma" or "mclt" in e[3]], [])

    def test_server__away_when_dhcpfod_starts__has_no_rows_before_it_answers(
            self):
        lab = self.lab
        lab.stop_agent()
        lab.control(1, "list 0 1722 before")
        lab.start_agent()
        wait(lambda: lab.get(server("OperStatus", 1)) == 3, "unreachable")
        self.assertEqual(lab.get(scalar("RelCount")), 0)
        self.assertEqual(lab.get(server("LastSuccessTime", 1)), bytes(8))
        self.refused("resourceUnavailable", 1, member("Mclt", 1, "beta", 5))
        lab.control(1)
        wait(lambda: lab.get(scalar("RelCount")) == 2, "it answers")


class Drift(MonitorCase):
    SERVERS = [Server(1, name="berlin", address="192.0.2.1"),
               Server(2, name="hamburg", address="192.0.2.2")]
    ROWS = {1: [Rel("alpha", ["10.0.0.0"])],
            2: [Rel("alpha", ["10.0.0.0"], role=1)]}

    def both_drift(self, want):
        wait(lambda: self.drift(1, "alpha") == self.drift(2, "alpha") == want,
             "drift %s" % want)

    def test_drift__of_each_member__is_named_and_goes_away(self):
        self.both_drift(set())
        for column, value, back, word in (
                ("mclt", 1, 3600, "mclt"), ("safe_period", 1, 0xffffffff,
                                            "safePeriod"),
                ("percentage", 1, 50, "percentage"), ("mode", 1, 0, "mode"),
                ("secret", "x", None, "auth"), ("server_type", 0, 1, "role")):
            with self.subTest(word):
                sql = "UPDATE relationship SET %s = ?" % column
                self.behind(2, sql, value)
                self.both_drift({word})
                self.wait_event("driftFound", "alpha", word)
                self.behind(2, sql, back)
                self.both_drift(set())

    def test_drift__of_scopes__is_named(self):
        self.behind(2, "UPDATE scope SET relationship = NULL")
        self.both_drift({"scopes"})

    def test_relationship__that_the_partner_lacks__is_missing(self):
        self.behind(2, "DELETE FROM relationship")
        wait(lambda: self.drift(1, "alpha") == {"missing"}, "missing")

    def test_state_of_the_partner__is_shown_on_both_sides(self):
        self.ok(member("State", 1, "alpha", DOWN))
        wait(lambda: (self.lab.get(rel("PartnerState", 2, "alpha")),
                      self.lab.get(rel("PartnerState", 1, "alpha"))) ==
             (DOWN, NORMAL), "the partners' states")


class Pair(MonitorCase):
    SERVERS = [Server(1, name="berlin", address="192.0.2.1", pair_with=2,
                      apply_to_both="yes"),
               Server(2, name="hamburg", address="192.0.2.2", pair_with=1,
                      apply_to_both="yes")]
    ROWS = {1: [Rel("alpha", ["10.0.0.0"])],
            2: [Rel("alpha", ["10.0.0.0"], role=1)]}

    def test_set__is_done_on_both_but_for_states(self):
        wait(lambda: self.drift(1, "alpha") == set(), "no drift")
        before = len(self.events("driftFound"))
        self.ok(member("Mclt", 1, "alpha", 5), member("State", 1, "alpha", 5))
        self.assertEqual(self.lab.changes(1), ["set alpha 0x05"])
        self.assertEqual(self.lab.changes(2), ["set alpha 0x01"])
        self.assertEqual(len(self.events("driftFound")), before)

    def test_create__makes_the_other_role_on_the_partner(self):
        self.ok(*creation(1, "new", "10.9.0.0"))
        self.assertEqual(self.lab.rows(1)["new"]["server_type"], 0)
        self.assertEqual(self.lab.rows(2)["new"]["server_type"], 1)
        self.ok((rel("RowStatus", 2, "new"), ("i", 6)))
        self.assertNotIn("new", self.lab.rows(1))
        self.assertNotIn("new", self.lab.rows(2))

    def test_set__that_the_partner_refuses__is_undone_here(self):
        self.lab.control(2, "set 0 20120 before")
        self.refused("inconsistentValue", 1, member("Mclt", 1, "alpha", 5))
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], 3600)
        self.assertEqual(self.lab.rows(2)["alpha"]["mclt"], 3600)
        self.assertEqual(self.lab.get(rel("SetStatus", 1, "alpha")), 5)

    def test_scopes__come_and_go_on_both(self):
        self.ok((scope(1, "alpha", "10.5.0.0"), ("i", 4)))
        self.assertEqual(self.lab.scopes(2, "alpha"),
                         ["10.0.0.0", "10.5.0.0"])
        self.ok((scope(2, "alpha", "10.5.0.0"), ("i", 6)))
        self.assertEqual(self.lab.scopes(1, "alpha"), ["10.0.0.0"])


class Doubt(MonitorCase):
    SERVERS = [Server(1, atomic="no")]
    ROWS = {1: [Rel("alpha")]}

    def test_answer__that_gets_lost__is_looked_up_and_not_repeated(self):
        self.lab.control(1, "set 0 1726 after")
        self.ok(member("Mclt", 1, "alpha", 5))
        self.assertEqual(self.lab.calls(1, "set"), ["set alpha 0x01"])

    def test_call__that_stays_not_done__fails(self):
        self.lab.control(1, "set 0 1726 before")
        self.refused("undoFailed", 1, member("Mclt", 1, "alpha", 5))
        wait(lambda: self.lab.get(rel("SetStatus", 1, "alpha")) != 6,
             "the doubt ends")
        self.assertEqual(self.lab.get(rel("SetStatus", 1, "alpha")), 4)
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)

    def test_call__nobody_can_tell_of__is_in_doubt_until_it_is_seen(self):
        for when, status, mclt in (("after", 3, 5), ("before", 4, 5)):
            self.lab.control(1, "set 0 1726 " + when, "get 0 1722 before 2",
                             "list 0 1722 before")
            reply = self.lab.set(member("Mclt", 1, "alpha",
                                        5 if when == "after" else 6))
            self.assertEqual(reply.status, "undoFailed")
            self.assertEqual(self.lab.get(rel("SetStatus", 1, "alpha")), 6)
            self.lab.control(1)
            wait(lambda: self.lab.get(rel("SetStatus", 1, "alpha")) == status,
                 "the doubt ends")
            self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), mclt)


class Scopes(MonitorCase):
    ROWS = {1: [Rel("alpha", ["10.0.0.0", "10.1.0.0"])]}

    def counts(self, address):
        return {x: self.lab.get(scope(1, "alpha", address, x))
                for x in ("Addresses", "Free", "FreePercent", "Health")}

    def test_threshold__has_a_lower_and_an_upper_edge(self):
        sql = "UPDATE scope SET num_addr = 100, addr_free = ? WHERE address = ?"
        address = 0x0a000000
        for free, health in ((12, 1), (9, 2), (12, 2), (14, 2), (15, 1),
                             (12, 1), (0, 3), (100, 1)):
            self.behind(1, sql, free, address)
            wait(lambda: self.counts("10.0.0.0") ==
                 dict(Addresses=100, Free=free, FreePercent=free,
                      Health=health), "%d free: %d" % (free, health))
        names = [e[0] for e in self.events("thresholdLow", "thresholdOk")]
        self.assertEqual(names[-4:], ["thresholdLow", "thresholdOk"] * 2)
        self.assertEqual(self.lab.get(scope(1, "alpha", "10.1.0.0",
                                            "AddrText")), b"10.1.0.0")
        self.assertEqual(self.lab.get(scope(1, "alpha", "10.1.0.0",
                                            "RelName")), b"alpha")

    def test_scope__between_the_thresholds_at_the_start__is_not_low(self):
        sql = "UPDATE scope SET num_addr = 100, addr_free = ? WHERE address = ?"
        address = 0x0a010000
        lows = len(self.events("thresholdLow"))
        self.behind(1, sql, 9, address)
        wait(lambda: self.counts("10.1.0.0")["Health"] == 2, "it is low")
        self.behind(1, sql, 12, address)
        wait(lambda: self.counts("10.1.0.0")["Free"] == 12, "it rises")
        self.assertEqual(self.counts("10.1.0.0")["Health"], 2)
        oks = len(self.events("thresholdOk"))
        self.lab.stop_agent()
        self.lab.start_agent()
        self.assertEqual(self.counts("10.1.0.0")["Health"], 1)
        self.behind(1, sql, 20, address)
        wait(lambda: self.counts("10.1.0.0")["Free"] == 20, "it rises")
        self.assertEqual(len(self.events("thresholdLow")), lows + 1)
        self.assertEqual(len(self.events("thresholdOk")), oks)

    def test_scope__that_loses_all_its_addresses__is_short_of_none(self):
        sql = "UPDATE scope SET num_addr = ?, addr_free = ?"
        for count, free, percent, health in ((100, 5, 5, 2), (0, 0, 100, 1)):
            self.behind(1, sql, count, free)
            wait(lambda: self.counts("10.1.0.0") ==
                 dict(Addresses=count, Free=free, FreePercent=percent,
                      Health=health), "%d of %d free" % (free, count))
        self.wait_event("thresholdOk", "alpha", "10.1.0.0")

    def test_thresholds__that_cross__are_refused(self):
        low, high = scalar("ScopeFreeLow"), scalar("ScopeFreeHigh")
        self.refused("inconsistentValue", 1, (low, ("u", 16)))
        self.refused("inconsistentValue", 1, (high, ("u", 9)))
        self.refused("wrongValue", 1, (high, ("u", 101)))
        self.ok((low, ("u", 50)), (high, ("u", 60)))
        self.ok((low, ("u", 10)), (high, ("u", 15)))


class Notifications(MonitorCase):
    SERVERS = [Server(1)]
    SUBAGENT = {"poll-interval": 1, "notify-min-interval": 0}
    ROWS = {1: [Rel("alpha", ["10.0.0.0"])]}

    @classmethod
    def setUpClass(cls):
        import tempfile
        import shutil
        cls.dir = tempfile.mkdtemp(prefix="ft")
        cls.addClassCleanup(shutil.rmtree, cls.dir, True)
        cls.trapd = Trapd(cls.dir, 'createUser -e 0x8000000001020304 trapper '
                          'SHA "trap-auth-phrase" AES "trap-priv-phrase"\n')
        cls.addClassCleanup(cls.trapd.close)
        port = cls.trapd.port
        cls.SNMPD = (
            "trap2sink 127.0.0.1:%d traps\ninformsink 127.0.0.1:%d informs\n"
            "trapsess -v3 -u trapper -e 0x8000000001020304 -l authPriv -a SHA "
            "-A trap-auth-phrase -x AES -X trap-priv-phrase 127.0.0.1:%d\n" %
            (port, port, port))
        super().setUpClass()

    def oid(self, label):
        return "." + ".".join(map(str, rel(label, 1, "alpha")))

    def test_state_changes__raise_and_clear_in_all_ways_of_delivery(self):
        began = len(self.trapd.lines("StateChange"))
        for state, name in ((INTERRUPTED, "CommInterrupted"),
                            (DOWN, "PartnerDown"), (NORMAL, "Recovered")):
            n = len(self.trapd.lines(name))
            self.behind(1, "UPDATE relationship SET state = %d" % state)
            found = self.trapd.wait(name, self.oid("Name"), n=n + 3)
            self.assertEqual(len(found), n + 3)
            self.assertTrue(all('alpha' in x for x in found))
        found = self.trapd.wait("StateChange", n=began + 9)
        self.assertEqual(len(found), began + 9)
        text = "".join(found)
        self.assertIn("traps", text)
        self.assertIn("informs", text)
        self.assertIn("trapper", text)

    def test_somebody_else__who_changes_a_row__is_reported(self):
        told = ("ConfigChange", "changed on the server: mclt")
        n = len(self.trapd.lines(*told))
        self.behind(1, "UPDATE relationship SET mclt = 1")
        self.trapd.wait(*told, n=n + 3)

    def test_row__made_anew_by_somebody_else__is_reported(self):
        since = self.lab.get(rel("LastChange", 1, "alpha"))
        self.behind(1, "UPDATE relationship SET secondary_server = 0xc0000209,"
                    " percentage = 77")
        self.trapd.wait("ConfigChange",
                        "changed on the server: percentage,servers", n=3)
        self.behind(1, "UPDATE relationship SET secondary_name = 'other'")
        self.trapd.wait("ConfigChange", "changed on the server: servers", n=3)
        self.assertGreater(self.lab.get(rel("LastChange", 1, "alpha")), since)

    def test_server__that_goes_and_comes__is_reported(self):
        down, up = (len(self.trapd.lines(x)) for x in
                    ("ServerDown", "ServerUp"))
        self.lab.control(1, "list 0 1722 before")
        self.trapd.wait("ServerDown", 'server1', n=down + 3)
        self.lab.control(1)
        self.trapd.wait("ServerUp", 'server1', n=up + 3)

    def test_set__that_fails__is_reported_with_its_result(self):
        self.lab.control(1, "set 0 20120 before")
        n = len(self.trapd.lines("SetFailed"))
        self.refused("inconsistentValue", 1, member("Mclt", 1, "alpha", 5))
        self.trapd.wait("SetFailed", "20120", n=n + 3)

    def test_kind__that_is_turned_off__is_an_event_only(self):
        self.ok((scalar("NotifEnable"), ("x", bytes([0x7f, 0x80]))))
        try:
            n = len(self.trapd.lines("StateChange"))
            down = len(self.trapd.lines("PartnerDown"))
            self.ok(member("State", 1, "alpha", DOWN))
            self.trapd.wait("PartnerDown", n=down + 3)
            self.assertEqual(len(self.trapd.lines("StateChange")), n)
            self.wait_event("stateChange", "alpha")
        finally:
            self.ok((scalar("NotifEnable"), ("x", bytes([0xff, 0x80]))))
        self.refused("wrongValue", 1,
                     (scalar("NotifEnable"), ("x", bytes([0, 0x40]))))
        self.refused("wrongType", 1, (scalar("NotifEnable"), ("i", 1)))

    def hold_back(self, seconds):
        """From now to the end of the test."""
        self.ok((scalar("NotifMinInterval"), ("u", seconds)))
        self.addCleanup(self.ok, (scalar("NotifMinInterval"), ("u", 0)))

    def test_flapping__is_held_back_and_ends_with_the_truth(self):
        self.hold_back(2)
        before = self.lab.get(scalar("NotifSuppressed"))
        n = len(self.trapd.lines("StateChange"))
        for _ in range(10):
            self.ok(member("State", 1, "alpha", INTERRUPTED))
            self.ok(member("State", 1, "alpha", NORMAL))
        self.ok(member("State", 1, "alpha", DOWN))
        self.assertGreaterEqual(
            self.lab.get(scalar("NotifSuppressed")), before + 20)
        self.trapd.wait("PartnerDown", self.oid("State") + " = INTEGER: ")
        wait(lambda: "INTEGER: 5" in self.trapd.lines("StateChange")[-1] or
             "partnerDown(5)" in self.trapd.lines("StateChange")[-1],
             "the last one tells the last state")
        self.assertLessEqual(len(self.trapd.lines("StateChange")), n + 12)

    def test_changes__more_than_one_held_back__are_told_by_the_last(self):
        self.hold_back(2)
        self.ok(member("SafePeriod", 1, "alpha", 1))
        n = len(self.trapd.lines("ConfigChange", "set mode"))
        self.ok(member("Mode", 1, "alpha", 1))
        last = len(self.trapd.lines("ConfigChange", "set prevState"))
        self.ok(member("PrevState", 1, "alpha", 4))
        self.trapd.wait("ConfigChange", "set prevState", n=last + 3)
        self.assertEqual(
            len(self.trapd.lines("ConfigChange", "set mode")), n)
        self.wait_event("setDone", "alpha", "set mode")

    def test_interval__that_becomes_none__holds_nothing_back_any_more(self):
        """"0: nothing is held back"."""
        self.hold_back(3600)
        self.ok(member("Percentage", 1, "alpha", 61))
        self.ok(member("Percentage", 1, "alpha", 62))
        before = self.lab.get(scalar("NotifSuppressed"))
        self.ok((scalar("NotifMinInterval"), ("u", 0)))
        sent = self.lab.get(scalar("NotifSent"))
        self.ok(member("Percentage", 1, "alpha", 63))
        self.assertEqual(self.lab.get(scalar("NotifSuppressed")), before)
        # That of 62, which was held back, came before that of 63.
        wait(lambda: self.lab.get(scalar("NotifSent")) >= sent + 2,
             "all are sent")
        self.assertEqual(self.lab.get(scalar("NotifSent")), sent + 2)

    def test_change__held_back_until_its_event_is_gone__is_told_of(self):
        self.ok((scalar("NotifMinInterval"), ("u", 2)),
                (scalar("EventLimit"), ("u", 0)))
        try:
            self.ok(member("Mclt", 1, "alpha", 1201))
            self.trapd.wait("ConfigChange", "set mclt")
            before = self.lab.get(scalar("NotifSuppressed"))
            self.ok(member("Percentage", 1, "alpha", 71))
            self.assertEqual(self.lab.get(scalar("NotifSuppressed")),
                             before + 1)
            self.trapd.wait("ConfigChange", "set percentage", n=3)
        finally:
            self.ok((scalar("NotifMinInterval"), ("u", 0)),
                    (scalar("EventLimit"), ("u", 256)))

    def test_scope__whose_numbers_are_gone__is_told_of_when_they_are_back(
            self):
        def count(addresses, free):
            self.behind(1, "UPDATE scope SET num_addr = ?, addr_free = ?",
                        addresses, free)
            wait(lambda: self.lab.get(scope(1, "alpha", "10.0.0.0", "Free"))
                 in (free, "noSuchInstance" if free > 100 else free),
                 "%d of %d" % (free, addresses))

        self.hold_back(4)
        count(100, 5)
        self.trapd.wait("ScopeLow", "Gauge32: 5")
        count(100, 50)
        count(2 ** 32 - 1, 2 ** 32 - 1)  # FAILOVER_NOT_COUNTED
        # Until well after what was held back is due.
        start = time.monotonic()
        wait(lambda: time.monotonic() - start > 6, "a while")
        self.assertEqual(self.trapd.lines("ScopeOk"), [])
        count(100, 60)
        self.trapd.wait("ScopeOk", "Gauge32: 60", "Gauge32: 100")

    def test_master__that_is_away__gets_them_afterwards(self):
        lab = self.lab
        n = len(self.trapd.lines("PartnerDown"))
        lab.stop_snmpd()
        self.behind(1, "UPDATE relationship SET state = 5")
        wait(lambda: "-> partnerDown" in lab.log(), "it is seen")
        lab.start_snmpd()
        self.trapd.wait("PartnerDown", n=n + 3)

    def test_master__that_stalls__does_not_make_two_of_one(self):
        lab = self.lab
        n = len(self.trapd.lines("PartnerDown"))
        lab.freeze(lab.snmpd)
        log = len(lab.log())
        self.behind(1, "UPDATE relationship SET state = 5")
        wait(lambda: "-> partnerDown" in lab.log()[log:], "it is seen")
        stalled = time.monotonic()
        wait(lambda: time.monotonic() > stalled + 3, "longer than a time-out")
        lab.thaw()
        self.trapd.wait("PartnerDown", n=n + 3)
        lab.refresh(1)
        self.assertEqual(len(self.trapd.lines("PartnerDown")), n + 3)


Notifications.SUBAGENT = {"poll-interval": 1, "notify-min-interval": 0,
                          "ping-interval": 1}


class Flood(MonitorCase):
    ROWS = {1: [Rel("relation-%04d" % i) for i in range(1500)]}

    def test_thousands_of_notifications__do_not_stop_the_agent(self):
        lab = self.lab
        before = lab.get(scalar("NotifSent"))
        self.behind(1, "UPDATE relationship SET state = 5")
        wait(lambda: lab.get(scalar("RelNotNormalCount")) == 1500,
             "it is seen", 20)
        for i in range(0, 1500, 100):
            self.ok(member("Mclt", 1, "relation-%04d" % i, 5))
        wait(lambda: lab.get(scalar("NotifSent")) >= before + 3000,
             "all are sent", 30)


class Events(MonitorCase):
    ROWS = {1: [Rel("alpha", ["10.0.0.0"])]}

    def test_life_of_a_relationship__is_in_the_log(self):
        self.ok(*creation(1, "new", "10.9.0.0"))
        self.ok(member("State", 1, "new", NORMAL))
        self.ok((scope(1, "new", "10.8.0.0"), ("i", 4)))
        self.ok((scope(1, "new", "10.9.0.0"), ("i", 6)))
        self.ok(member("Mclt", 1, "new", 5))
        self.lab.control(1, "set 0 20120 before")
        self.refused("inconsistentValue", 1, member("Mclt", 1, "new", 6))
        self.lab.control(1)
        self.ok((rel("RowStatus", 1, "new"), ("i", 6)))
        found = [e[0] for e in self.events() if e[2] == "new"]
        self.assertEqual(found, [
            "created", "stateChange", "setDone", "scopeAdded", "scopeRemoved",
            "setDone", "setFailed", "deleted"])

    def test_limit__drops_the_oldest_and_numbers_go_on(self):
        limit = scalar("EventLimit")
        for i in range(12):
            self.ok(member("Mclt", 1, "alpha", i + 1))
        last = self.lab.pysnmp.walk(MIB["dhcpFoEventKind"])[-1].oid[-1]
        self.ok((limit, ("u", 5)))
        found = [v.oid[-1] for v in
                 self.lab.pysnmp.walk(MIB["dhcpFoEventKind"])]
        self.assertEqual(found, list(range(last - 4, last + 1)))
        self.ok(member("Mclt", 1, "alpha", 99))
        found = [v.oid[-1] for v in
                 self.lab.pysnmp.walk(MIB["dhcpFoEventKind"])]
        self.assertEqual(found, list(range(last - 3, last + 2)))
        self.ok((limit, ("u", 0)))
        self.assertEqual(self.lab.pysnmp.walk(MIB["dhcpFoEventKind"]), [])
        self.ok(member("Mclt", 1, "alpha", 1))
        self.refused("wrongValue", 1, (limit, ("u", 65536)))
        self.ok((limit, ("u", 256)))


class Reload(MonitorCase):
    SERVERS = [Server(1), Server(2)]
    ROWS = {1: [Rel("alpha")], 2: [Rel("beta")]}

    def hup(self, want):
        n = self.lab.log().count(want)
        self.lab.agent.send_signal(signal.SIGHUP)
        wait(lambda: self.lab.log().count(want) > n, want)

    def names(self):
        return [v.value for v in self.lab.pysnmp.walk(
            MIB["dhcpFoServerName"])]

    def test_servers__come_go_and_keep_what_they_have(self):
        lab = self.lab
        self.ok(member("State", 1, "alpha", DOWN))
        kept = self.row(1, "alpha", "Transitions", "StateTime", "SetCalls")
        self.assertGreaterEqual(kept["SetCalls"], 1)
        both = dict(lab.servers)
        lab.servers[7] = Server(7, type="local", name="seven")
        del lab.servers[2]
        lab.write_conf()
        self.hup("read again")
        self.assertEqual(self.names(), [b"server1", b"seven"])
        self.assertEqual(self.row(1, "alpha", "Transitions", "StateTime",
                                  "SetCalls"), kept)
        self.assertEqual(lab.get(rel("Mclt", 2, "beta")), "noSuchInstance")
        lab.servers.clear()
        lab.servers.update(both)
        lab.write_conf()
        self.hup("read again")
        wait(lambda: lab.get(rel("Mclt", 2, "beta")) == 3600, "it is back")

    def test_file__that_is_a_link_to_another_now__is_that_one(self):
        lab = self.lab
        conf = lab.path("dhcpfod.conf")
        lab.stop_agent()
        lab.write_conf()
        os.rename(conf, lab.path("old.conf"))
        os.symlink("old.conf", conf)
        lab.start_agent()
        lab.servers[7] = Server(7, type="local", name="seven")
        os.unlink(conf)
        lab.write_conf()
        os.rename(conf, lab.path("new.conf"))
        os.symlink("new.conf", conf)
        self.hup("read again")
        self.assertEqual(self.names(), [b"server1", b"server2", b"seven"])
        os.unlink(conf)
        del lab.servers[7]
        lab.write_conf()
        self.hup("read again")

    def test_file__that_is_bad__changes_nothing_and_says_why(self):
        lab = self.lab
        with open(lab.path("dhcpfod.conf"), "a") as file:
            file.write("bogus = 1\n")
        self.hup("nothing is changed")
        self.assertRegex(lab.log(), r"dhcpfod\.conf:\d+: .*bogus")
        self.assertEqual(self.names(), [b"server1", b"server2"])
        lab.write_conf()
        self.hup("read again")

    def test_key__that_needs_a_restart__is_named_while_it_is_not_what_runs(
            self):
        lab, warning = self.lab, "change with a restart only"
        runs = lab.subagent["ping-interval"]
        for value, more in ((7, 1), (7, 1), (runs, 0)):
            before = lab.log().count(warning)
            lab.subagent["ping-interval"] = value
            lab.write_conf()
            self.hup("read again")
            self.assertEqual(lab.log().count(warning) - before, more, value)

    def test_counters__that_begin_anew__are_told_of_as_a_discontinuity(self):
        lab, since = self.lab, scalar("DiscontinuityTime")
        before = lab.get(since)
        lab.servers[7] = Server(7, type="local", name="seven")
        lab.write_conf()
        self.hup("read again")
        self.assertEqual(lab.get(since), before, "none began anew")
        wait(lambda: lab.get(server("Calls", 7)) > 0, "it is asked")
        for there in (True, False):
            del lab.servers[7]
            if there:
                lab.servers[7] = Server(7, type="local", name="sept")
            lab.write_conf()
            # A TimeStamp has ticks of 10 ms.
            wait(lambda end=time.monotonic() + 0.02: time.monotonic() > end,
                 "a tick has passed")
            self.hup("read again")
            self.assertGreater(lab.get(since), before)
            before = lab.get(since)

    def test_server__that_is_busy_when_it_has_to_go__goes_later(self):
        lab = self.lab
        both = dict(lab.servers)
        lab.control(2, "list 1500 0 none")
        lab.forget(2)
        wait(lambda: lab.calls(2, "list"), "the poll begins")
        del lab.servers[2]
        lab.write_conf()
        self.hup("read again")
        self.assertEqual(self.names(), [b"server1"])
        self.ok(member("Mclt", 1, "alpha", 5))
        lab.servers.clear()
        lab.servers.update(both)
        lab.control(2)
        lab.write_conf()
        self.hup("read again")
        wait(lambda: lab.get(rel("Mclt", 2, "beta")) == 3600, "it is back")


class Walks(MonitorCase):
    ROWS = {1: [Rel("row-%03d" % i) for i in range(0, 300, 3)]}

    def test_walk__while_rows_come_and_go__ends_and_misses_none(self):
        lab = self.lab
        stay = {b"row-%03d" % i for i in range(0, 300, 3)}
        for round in range(6):
            seen, at = [], MIB["dhcpFoRelName"]
            step = 0
            while True:
                found = lab.pysnmp.bulk(0, 10, at).varbinds
                found = [v for v in found if v.type != "endOfMibView" and
                         v.oid[:len(MIB["dhcpFoRelName"])] ==
                         MIB["dhcpFoRelName"]]
                if not found:
                    break
                for v in found:
                    self.assertGreater(v.oid, at)
                    at = v.oid
                    seen.append(v.value)
                step += 1
                name = "row-%03d" % ((step * 37 + round) % 100 * 3 + 1)
                if step % 2:
                    self.ok(*creation(1, name, "10.%d.%d.0" % (round, step)))
                else:
                    self.behind(1, "DELETE FROM relationship WHERE mclt = 3600"
                                " AND name NOT IN (%s)" % ",".join(
                                    "'%s'" % s.decode() for s in stay))
            self.assertEqual(len(seen), len(set(seen)))
            self.assertLessEqual(stay, set(seen))


class Tables(MonitorCase):
    ROWS = {1: [Rel("alpha", ["10.0.0.0"]), Rel("Zürich")]}

    def test_snmptable__of_every_table__is_readable(self):
        for table in ("ServerTable", "RelTable", "RelStatusTable",
                      "ScopeTable", "ScopeStatsTable", "EventTable"):
            done = NetSnmp(self.lab.port).run(
                "snmptable", ["-Ci", "-Cw", "200"], "dhcpFo" + table,
                env=MIB_ENV)
            self.assertEqual((done.returncode, done.stderr), (0, ""), table)
            self.assertIn("SNMP table: DHCP-FAILOVER-MIB::dhcpFo" + table,
                          done.stdout)


if __name__ == "__main__":
    unittest.main()
