# SPDX-License-Identifier: BSD-2-Clause
"""Servers of type windows, against a DHCPM server of our own: it does what the
specification says, and no more can be shown without a Windows server."""
import os
import signal
import socket
import subprocess
import time
import unittest

from lab import (BUILD, MIB, Later, octets_of, rel, scalar, scope, server, values,
                 wait)
from windows_case import (HELPER, MISSING, Relationship, WindowsCase, WindowsLab,
                          dhcpm_server)

R = lambda *a, **k: (a, k)  # noqa: E731


def u(label, name, value):
    return rel(label, 1, name), ("u", value)


def i(label, name, value):
    return rel(label, 1, name), ("i", value)


def creation(name, *scopes, role=None):
    found = [(rel("PrimaryAddr", 1, name), ("x", octets_of("192.0.2.1"))),
             (rel("SecondaryAddr", 1, name), ("x", octets_of("192.0.2.2"))),
             (rel("RowStatus", 1, name), ("i", 4))]
    if role is not None:
        found.append(i("ServerRole", name, role))
    return found + [(scope(1, name, s), ("i", 4)) for s in scopes]


def number(address):
    return int.from_bytes(socket.inet_aton(address), "big")


class Setting(WindowsCase):
    RELS = [R("alpha", ["198.51.100.0"]), R("beta", ["203.0.113.0"])]

    def test_three_columns_in_one_snmpset__are_one_call_90_with_their_flags(
            self):
        client = self.lab.netsnmp
        reply = client.set(u("Mclt", "alpha", 1800), i("Mode", "alpha", 1),
                           u("Percentage", "alpha", 5))
        self.assertEqual(reply.status, "noError")
        calls = self.dhcpm.calls(90)
        self.assertEqual([(c.name, c.flags, c.result, c.user)
                          for c in calls], [("alpha", 0x19, 0, "admin")])
        there = self.there("alpha")
        self.assertEqual((there.mclt, there.mode, there.percentage),
                         (1800, 1, 5))
        # Nothing else has changed, there and in the table.
        self.assertEqual((there.safe_period, there.state, there.prev_state),
                         (0xffffffff, 3, 2))
        self.assertEqual(self.lab.columns(
            1, "alpha", "Mclt", "Mode", "Percentage", "SetStatus"),
            {"Mclt": 1800, "Mode": 1, "Percentage": 5, "SetStatus": 3})

    def test_each_column__sets_its_member_alone(self):
        for label, letter, value, flag, member in (
                ("Mclt", "u", 60, 0x01, "mclt"),
                ("SafePeriod", "u", 61, 0x02, "safe_period"),
                ("State", "i", 5, 0x04, "state"),
                ("Percentage", "u", 62, 0x08, "percentage"),
                ("Mode", "i", 1, 0x10, "mode"),
                ("PrevState", "i", 4, 0x20, "prev_state"),
                ("SharedSecret", "s", "s3cr\u00e9t", 0x40, "secret")):
            with self.subTest(label):
                self.dhcpm.forget()
                before = dict(vars(self.there("alpha")))
                self.ok((rel(label, 1, "alpha"), (
                    letter, value.encode() if letter == "s" else value)))
                self.assertEqual([c.flags for c in self.dhcpm.calls(90)],
                                 [flag])
                after = dict(vars(self.there("alpha")))
                self.assertEqual(after.pop(member), value)
                before.pop(member)
                self.assertEqual(after, before)

    def test_an_empty_secret__turns_authentication_off(self):
        self.ok((rel("SharedSecret", 1, "alpha"), ("s", "secret")))
        self.refresh()
        self.assertEqual(self.lab.get(rel("AuthEnabled", 1, "alpha")), 1)
        self.assertEqual(self.lab.get(rel("SharedSecret", 1, "alpha")), b"")
        self.ok((rel("SharedSecret", 1, "alpha"), ("s", "")))
        self.assertIsNone(self.there("alpha").secret)
        self.refresh()
        self.assertEqual(self.lab.get(rel("AuthEnabled", 1, "alpha")), 2)

    def test_two_rows_in_one_set__are_two_calls_in_their_order(self):
        self.ok(u("Mclt", "beta", 7), u("Mclt", "alpha", 8))
        self.assertEqual([(c.name, c.flags) for c in self.dhcpm.calls(90)],
                         [("beta", 1), ("alpha", 1)])

    def test_a_second_row_that_fails__has_the_first_one_set_back(self):
        self.dhcpm.fault("fault", 90, 0x6f7)  # of the first: nothing to undo
        reply = self.lab.set(u("Mclt", "alpha", 7), u("Mclt", "beta", 8))
        self.assertNotEqual(reply.status, "noError")
        self.assertEqual(len(self.dhcpm.calls(90)), 1)
        self.dhcpm.forget()
        with self.dhcpm.lock:
            del self.dhcpm.relationships["beta"]
        reply = self.lab.set(u("Mclt", "alpha", 7), u("Mclt", "beta", 8))
        self.assertEqual((reply.status, reply.index), ("inconsistentName", 2))
        self.assertEqual(self.there("alpha").mclt, 3600)

    def test_a_name_that_is_gone__is_inconsistentName_in_both_numberings(self):
        for codes in ("sdk", "spec"):
            self.dhcpm.codes = codes
            self.dhcpm.add(Relationship("gone"))
            self.refresh()
            with self.dhcpm.lock:
                del self.dhcpm.relationships["gone"]
            reply = self.lab.set(u("Mclt", "gone", 5))
            self.assertEqual(reply.status, "inconsistentName", codes)
            self.assertEqual(
                self.lab.get(rel("LastSetResult", 1, "gone")), 20115, codes)
        self.dhcpm.codes = "sdk"

    def test_a_name_of_astral_characters__comes_and_goes_unchanged(self):
        name = "Z\u00fcrich \U0001F600 \u20ac"
        self.dhcpm.add(Relationship(name, ["192.0.2.0"], primary_name=name,
                                    secondary_name=None))
        self.refresh()
        self.assertEqual(self.lab.get(rel("Name", 1, name)), name.encode())
        self.assertEqual(self.lab.get(rel("PrimaryName", 1, name)),
                         name.encode())
        self.assertEqual(self.lab.get(rel("SecondaryName", 1, name)), b"")
        self.ok(u("Mclt", name, 99))
        self.assertEqual(self.dhcpm.calls(90)[0].name, name)
        self.assertEqual(self.there(name).mclt, 99)


class LostAnswers(WindowsCase):
    SUBAGENT = {"set-deadline": 600}
    RELS = [R("alpha", ["198.51.100.0"])]

    def seen_again(self):
        """That it is not done is believed at the second look."""
        self.lab.refresh(1)
        return self.lab.status("alpha") not in ("pending", "inDoubt")

    def test_an_answer_that_gets_lost__is_not_asked_for_again(self):
        self.dhcpm.fault("drop-after", 90)
        reply = self.lab.set(u("Mclt", "alpha", 1234))
        wait(lambda: self.lab.status("alpha") not in ("pending", "inDoubt"),
             "the truth is known")
        self.assertEqual(reply.status, "noError")
        self.assertEqual(len(self.dhcpm.calls(90)), 1)
        self.assertEqual(self.lab.status("alpha"), "succeeded")
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 1234)

    def test_a_call_that_was_not_executed__has_failed_and_is_not_repeated(
            self):
        self.dhcpm.fault("drop-before", 90)
        reply = self.lab.set(u("Mclt", "alpha", 1234))
        self.assertEqual(reply.status, "undoFailed")
        self.assertEqual(self.lab.status("alpha"), "inDoubt")
        wait(self.seen_again, "the truth is known")
        self.assertEqual(len(self.dhcpm.calls(90)), 1)
        self.assertEqual(self.lab.status("alpha"), "failed")
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)

    def test_a_call_that_is_executed_after_the_look__is_found_done(self):
        self.dhcpm.fault("drop-late", 90)
        reply = self.lab.set(u("Mclt", "alpha", 1234))
        self.assertEqual(reply.status, "undoFailed")
        self.dhcpm.release()
        wait(lambda: self.there("alpha").mclt == 1234, "it is executed")
        wait(self.seen_again, "the truth is known")
        self.assertEqual(self.lab.status("alpha"), "succeeded")
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 1234)
        self.assertNotIn("changed on the server", self.lab.log())

    def test_a_set_before_which_reading_breaks_off__was_not_done(self):
        """Nothing was asked for: "try again later", and no word of a doubt."""
        self.dhcpm.fault("drop-after", 92)
        self.dhcpm.fault("drop-after", 92)
        self.assertEqual(self.lab.set(u("Mclt", "alpha", 1234)).status,
                         "resourceUnavailable")
        self.assertEqual(self.lab.status("alpha"), "failed")
        self.assertIn(b"was not done",
                      self.lab.get(rel("LastSetText", 1, "alpha")))
        self.assertEqual(self.dhcpm.calls(90), [])

    def test_an_answer_that_is_cut_off__is_looked_up(self):
        self.dhcpm.fault("truncate", 90, 2)
        self.lab.set(u("Mclt", "alpha", 77))
        wait(lambda: self.lab.status("alpha") == "succeeded",
             "the truth is known")
        self.assertEqual(len(self.dhcpm.calls(90)), 1)

    def test_a_server_that_hangs__makes_the_set_pending_and_then_failed(self):
        self.dhcpm.fault("hang", 90)
        began = time.monotonic()
        reply = self.lab.set(u("Mclt", "alpha", 1234))
        self.assertLess(time.monotonic() - began, 1.0)
        self.assertEqual(reply.status, "noError")
        self.assertEqual(self.lab.status("alpha"), "pending")
        # A further SET has to wait, and reading does not.
        began = time.monotonic()
        self.assertEqual(self.lab.set(u("Mclt", "alpha", 1)).status,
                         "resourceUnavailable")
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)
        self.assertLess(time.monotonic() - began, 0.5)
        wait(lambda: self.lab.status("alpha") != "pending", "it ends")
        wait(self.seen_again, "the truth is known")
        self.assertEqual(self.lab.status("alpha"), "failed")
        self.assertEqual(len(self.dhcpm.calls(90)), 1)
        self.assertEqual(self.there("alpha").mclt, 3600)
        self.assertEqual(self.lab.get(rel("LastSetResult", 1, "alpha")), 1460)

    def test_a_server_that_does_it_and_hangs__ends_in_the_truth(self):
        self.dhcpm.fault("hang-after", 90)
        self.assertEqual(self.lab.set(u("Mclt", "alpha", 1234)).status,
                         "noError")
        self.assertEqual(self.lab.status("alpha"), "pending")
        wait(lambda: self.lab.status("alpha") == "succeeded", "it has")
        self.assertEqual(len(self.dhcpm.calls(90)), 1)
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 1234)

    def test_a_server_that_is_gone_afterwards__leaves_it_in_doubt_until_read(
            self):
        self.dhcpm.fault("drop-after", 90)
        # Nor can it be looked up: each of the two attempts is dropped.
        get = Later(self.lab.set, u("Mclt", "alpha", 4321))
        wait(lambda: self.dhcpm.calls(90), "it was called")
        self.dhcpm.stop()
        # Unless the look was faster, nobody can tell.
        self.assertIn(get.get().status, ("undoFailed", "noError"))
        wait(lambda: self.lab.status("alpha") in ("inDoubt", "succeeded"),
             "it is in doubt")
        self.dhcpm.start()
        self.refresh()
        self.assertEqual(self.lab.status("alpha"), "succeeded")
        self.assertEqual(len(self.dhcpm.calls(90)), 1)
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 4321)

    def test_reading__is_tried_once_more(self):
        self.dhcpm.fault("drop-after", 93)
        self.lab.refresh(1)
        self.assertEqual(self.lab.oper_status(), "up")
        self.assertEqual(len(self.dhcpm.calls(93)), 2)
        self.dhcpm.forget()
        self.dhcpm.fault("drop-after", 93, count=5)
        self.lab.refresh(1)
        self.assertEqual(self.lab.oper_status(), "unreachable")
        self.assertEqual(len(self.dhcpm.calls(93)), 2)


class ComingAndGoing(WindowsCase):
    RELS = [R("alpha", ["198.51.100.0"])]

    def test_a_created_row__is_one_call_89(self):
        self.ok(*creation("new", "10.1.0.0", "10.2.0.0", role=1),
                u("Percentage", "new", 30), u("Mclt", "new", 900),
                (rel("PrimaryName", 1, "new"), ("s", "one")),
                (rel("SharedSecret", 1, "new"), ("s", "key")))
        calls = self.dhcpm.calls(89, 90, 91, 94, 95)
        self.assertEqual([(c.opnum, c.name, c.scopes) for c in calls],
                         [(89, "new", [0x0a010000, 0x0a020000])])
        there = self.there("new")
        self.assertEqual(
            (there.role, there.percentage, there.mclt, there.state,
             there.prev_state, there.primary, there.secondary,
             there.primary_name, there.secret),
            (1, 30, 900, 2, 1, number("192.0.2.1"), number("192.0.2.2"),
             "one", "key"))
        self.assertEqual(self.lab.columns(1, "new", "State", "ServerRole",
                                          "RowStatus"),
                         {"State": 2, "ServerRole": 1, "RowStatus": 1})

    def test_a_destroyed_row__is_one_call_91(self):
        self.ok((rel("RowStatus", 1, "alpha"), ("i", 6)))
        self.assertEqual([(c.opnum, c.name) for c in
                          self.dhcpm.calls(89, 90, 91, 94, 95)],
                         [(91, "alpha")])
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")),
                         "noSuchInstance")

    def test_scopes__come_and_go_by_one_call_each(self):
        self.ok((scope(1, "alpha", "10.1.0.0"), ("i", 4)),
                (scope(1, "alpha", "10.2.0.0"), ("i", 4)))
        self.ok((scope(1, "alpha", "198.51.100.0"), ("i", 6)),
                (scope(1, "alpha", "10.1.0.0"), ("i", 6)))
        self.assertEqual(
            [(c.opnum, c.name, c.scopes) for c in
             self.dhcpm.calls(89, 90, 91, 94, 95)],
            [(94, "alpha", [0x0a010000, 0x0a020000]),
             (95, "alpha", [number("198.51.100.0"), 0x0a010000])])
        self.assertEqual(self.there("alpha").scopes, [0x0a020000])
        self.assertEqual(self.lab.get(rel("ScopeCount", 1, "alpha")), 1)

    def test_what_the_server_refuses__is_said_with_its_number(self):
        self.dhcpm.add(Relationship("busy", state=4))
        self.refresh()
        for varbinds, status, code in (
                (creation("x", "198.51.100.0"), "inconsistentValue", 20113),
                ([(scope(1, "busy", "10.9.0.0"), ("i", 4))],
                 "inconsistentValue", 20120)):
            reply = self.lab.set(*varbinds)
            self.assertEqual(reply.status, status)
            self.assertEqual(self.lab.get(server("LastError", 1)), code)

    def test_thirty_two__are_one_too_many(self):
        for n in range(30):
            self.dhcpm.add(Relationship("r%d" % n))
        self.refresh()
        reply = self.lab.set(*creation("last", "10.0.0.0"))
        self.assertNotEqual(reply.status, "noError")
        self.assertEqual(self.lab.get(server("LastError", 1)), 20128)

    def test_a_creation_whose_answer_gets_lost__is_not_made_twice(self):
        self.dhcpm.fault("drop-after", 89)
        self.lab.set(*creation("new", "10.1.0.0"))
        self.refresh()
        self.assertEqual(len(self.dhcpm.calls(89)), 1)
        self.assertEqual(self.lab.get(rel("RowStatus", 1, "new")), 1)


class Listing(WindowsCase):
    def test_no_relationship__is_an_empty_table(self):
        self.assertEqual(self.lab.get(server("RelCount", 1)), 0)
        self.assertEqual(self.lab.oper_status(), "up")

    def big(self):
        self.dhcpm.add(*(
            Relationship("r%02d" % n, [0x0a000000 + (n << 16) + (s << 8)
                                       for s in range(400 - 200)] +
                         [0x64000000 + (n << 16) + (s << 8)
                          for s in range(200)], mclt=n + 1)
            for n in range(31)))

    def rows(self):
        self.refresh()
        return {n: self.lab.get(rel("Mclt", 1, "r%02d" % n))
                for n in range(31)}

    def test_31_relationships_of_400_scopes__are_all_there(self):
        self.big()
        self.assertEqual(self.rows(), {n: n + 1 for n in range(31)})
        self.assertEqual(len(self.dhcpm.calls(93)), 1)
        self.assertEqual(self.lab.get(server("RelCount", 1)), 31)
        for n in (0, 30):
            self.assertEqual(
                self.lab.get(rel("ScopeCount", 1, "r%02d" % n)), 400)
        # A call with an argument of many fragments, too.
        with self.dhcpm.lock:
            self.there("r00").scopes = [0x0a000000]
        self.refresh()
        self.ok(u("Mclt", "r07", 70))
        self.assertEqual(self.there("r07").mclt, 70)

    def test_parts__are_put_together(self):
        self.big()
        for part, calls in ((1, 31), (7, 5), (30, 2)):
            self.dhcpm.part = part
            self.dhcpm.forget()
            self.assertEqual(self.rows(), {n: n + 1 for n in range(31)})
            self.assertEqual(len(self.dhcpm.calls(93)), calls)
        self.dhcpm.part = 1000

    def test_a_connection_lost_between_parts__is_made_anew(self):
        self.big()
        self.dhcpm.part = 10
        self.refresh()
        self.dhcpm.forget()
        with self.dhcpm.lock:
            wrapped = self.dhcpm._93

            def third(request, response, rights):
                if len(self.dhcpm.calls(93)) == 2:
                    self.dhcpm.fault("drop-before", 93)
                return wrapped(request, response, rights)
            self.dhcpm._93 = third
        try:
            self.lab.refresh(1)
        finally:
            del self.dhcpm._93
            self.dhcpm.part = 1000
        self.assertEqual(self.lab.oper_status(), "up")
        self.assertEqual(self.lab.get(server("RelCount", 1)), 31)

    def test_an_answer_that_makes_no_sense__keeps_the_rows(self):
        self.dhcpm.add(Relationship("alpha"))
        self.refresh()
        for kind, value in (("truncate", 40), ("garbage", 0)):
            self.dhcpm.fault(kind, 93, value)
            self.lab.refresh(1)
            self.assertEqual(self.lab.oper_status(), "error")
            self.assertEqual(self.lab.get(server("LastError", 1)), 1783)
            self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)

    def statistic(self, column, name, address):
        return self.lab.get(
            MIB["dhcpFoScope" + column] +
            scope(1, name, address)[len(MIB["dhcpFoScopeRowStatus"]):])

    def test_statistics__are_those_of_call_97(self):
        self.dhcpm.add(Relationship("alpha", ["198.51.100.0"]))
        self.dhcpm.statistics[number("198.51.100.0")] = (100, 1, 2, 3, 4, 5, 6)
        self.refresh()
        got = [self.statistic(column, "alpha", "198.51.100.0")
               for column in ("Addresses", "Free", "InUse", "PartnerFree",
                              "ThisFree", "PartnerInUse", "ThisInUse")]
        self.assertEqual(got, [100, 1, 2, 3, 4, 5, 6])

    def test_a_scope_without_statistics__hides_those_of_no_other(self):
        self.dhcpm.add(Relationship("alpha", ["198.51.100.0", "192.0.2.0"]))
        self.dhcpm.statistics[number("192.0.2.0")] = None
        self.addCleanup(self.dhcpm.statistics.pop, number("192.0.2.0"))
        self.refresh()
        self.assertEqual(self.statistic("Free", "alpha", "198.51.100.0"), 200)
        self.assertEqual(self.statistic("Free", "alpha", "192.0.2.0"),
                         "noSuchInstance")

    def test_statistics_that_do_not_come__hide_no_state(self):
        self.dhcpm.add(Relationship("alpha", ["192.0.2.0"]))
        for state, fault in ((4, ("fault", 97, 0x6F7, 9)),
                             (5, ("truncate", 97, 12, 9)),
                             (4, ("delay", 97, 2, 9))):
            self.refresh()
            self.assertEqual(self.statistic("Free", "alpha", "192.0.2.0"),
                             200)
            self.there("alpha").state = state
            self.dhcpm.fault(*fault)
            self.lab.refresh(1)
            self.assertEqual(self.lab.get(rel("State", 1, "alpha")), state,
                             fault)
            self.assertEqual(self.lab.oper_status(), "up")
            self.assertEqual(self.statistic("Free", "alpha", "192.0.2.0"),
                             "noSuchInstance")
            self.assertIn("no statistics of scopes: statistics: ",
                          self.lab.log())
            self.dhcpm.release()

    def test_the_clock__is_compared_with_or_without_the_second_value(self):
        for delta in (True, False):
            self.dhcpm.delta = delta
            self.dhcpm.clock_offset = -500 if delta else 300
            self.refresh()
            self.assertAlmostEqual(
                self.lab.get(server("ClockOffset", 1)),
                self.dhcpm.clock_offset, delta=2)
        self.dhcpm.clock_offset, self.dhcpm.delta = 0, True

    def test_a_mapper_and_a_server__are_found_by_their_interface(self):
        self.dhcpm.add(Relationship("alpha"))
        self.refresh()
        before, port = self.dhcpm.mapper.asked, self.dhcpm.port
        self.dhcpm.stop()
        self.lab.refresh(1)
        self.assertEqual(self.lab.oper_status(), "unreachable")
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)
        self.assertIn(b"no DHCP service",
                      self.lab.get(server("LastErrorText", 1)))
        holder = socket.socket()  # so that it is another port for sure
        self.addCleanup(holder.close)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
        self.dhcpm.start()
        self.assertNotEqual(self.dhcpm.port, port)
        self.lab.refresh(1)
        self.assertEqual(self.lab.oper_status(), "up")
        self.assertGreater(self.dhcpm.mapper.asked, before)
        self.ok(u("Mclt", "alpha", 11))
        self.assertEqual(self.there("alpha").mclt, 11)

    def test_a_restart_between_two_sets__is_not_noticed(self):
        self.dhcpm.add(Relationship("alpha"))
        self.refresh()
        self.ok(u("Mclt", "alpha", 11))
        self.dhcpm.stop()
        self.dhcpm.start()
        self.ok(u("Mclt", "alpha", 12))
        self.assertEqual(len(self.dhcpm.calls(90)), 2)
        self.assertEqual(self.there("alpha").mclt, 12)


class SlowAndDead(WindowsCase):
    SUBAGENT = {"set-deadline": 600}
    RELS = [R("alpha", ["198.51.100.0"])]

    def test_a_helper_that_stops__is_killed_and_replaced(self):
        helper, = self.lab.helpers()
        os.kill(helper, signal.SIGSTOP)
        began = time.monotonic()
        self.assertEqual(self.lab.set(u("Mclt", "alpha", 5)).status,
                         "noError")
        self.assertLess(time.monotonic() - began, 1.0)
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)
        wait(lambda: self.lab.status("alpha") == "failed", "it has failed")
        self.refresh()
        self.assertNotEqual(self.lab.helpers(), [helper])
        self.assertEqual(len(self.lab.helpers()), 1)
        self.ok(u("Mclt", "alpha", 6))

    def test_a_helper_that_dies__is_replaced_at_once(self):
        for _ in range(3):
            helper, = self.lab.helpers()
            os.kill(helper, signal.SIGABRT)
            wait(lambda: not os.path.exists("/proc/%d/exe" % helper) or
                 open("/proc/%d/stat" % helper).read().split()[2] == "Z",
                 "it has died")
            self.ok(u("Mclt", "alpha", 6))
            self.assertNotEqual(self.lab.helpers(), [helper])

    def test_a_server_that_does_not_answer_a_bind__is_unreachable(self):
        helper, = self.lab.helpers()
        self.dhcpm.hang_binds = True
        self.dhcpm.listener.close()
        self.dhcpm.start()
        began = time.monotonic()
        reply = self.lab.set(u("Mclt", "alpha", 5))
        self.assertLess(time.monotonic() - began, 1.0)
        self.assertEqual(self.lab.status("alpha"), "pending")
        began = time.monotonic()
        for _ in range(50):
            self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)
        self.assertLess(time.monotonic() - began, 1.0)
        wait(lambda: self.lab.status("alpha") == "failed", "it has failed")
        self.assertEqual(reply.status, "noError")
        self.assertEqual(self.dhcpm.calls(90), [])
        # Not ERROR_TIMEOUT: nothing was sent that could have been done.
        self.assertEqual(self.lab.get(rel("LastSetResult", 1, "alpha")), 1722)
        self.lab.refresh(1)
        self.assertEqual(self.lab.oper_status(), "unreachable")
        self.assertNotIn(helper, self.lab.helpers())
        self.dhcpm.release()
        self.refresh()

    def test_its_rows__stay_and_grow_old(self):
        self.dhcpm.stop()
        self.addCleanup(lambda: self.dhcpm.listener or self.dhcpm.start())
        self.lab.refresh(1)
        self.assertEqual(self.lab.oper_status(), "unreachable")
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)
        wait(lambda: self.lab.get(server("DataAge", 1)) >= 1, "it ages")
        self.assertEqual(self.lab.set(u("Mclt", "alpha", 5)).status,
                         "resourceUnavailable")
        self.dhcpm.start()
        self.refresh()
        self.assertEqual(self.lab.get(server("DataAge", 1)), 0)


class Rights(WindowsCase):
    RELS = [R("alpha", ["198.51.100.0"])]
    DHCPM = {"users": {"admin": ("Secret-1", "read")}}

    def test_who_may_only_read__is_told_noAccess(self):
        reply = self.lab.set(u("Mclt", "alpha", 5))
        self.assertEqual(reply.status, "noAccess")
        self.assertEqual(self.there("alpha").mclt, 3600)
        # Rights that come later count without a restart.
        self.dhcpm.users["admin"] = ("Secret-1", "write")
        self.addCleanup(self.dhcpm.users.update, admin=("Secret-1", "read"))
        self.ok(u("Mclt", "alpha", 5))


@unittest.skipIf(MISSING, MISSING)
class Credentials(unittest.TestCase):
    def lab(self, dhcpm, *lines, mode=0o600, **keys):
        lab = WindowsLab(dhcpm, {k.replace("_", "-"): v
                                 for k, v in keys.items()}, start=False)
        lab.open()
        self.addCleanup(lab.close)
        if lines:
            lab.secret("admin", *lines, mode=mode)
        lab.start_snmpd()
        lab.start_agent()
        return lab

    def test_files_that_others_can_read__are_refused(self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = self.lab(dhcpm, "username = admin", "password = Secret-1",
                           mode=0o644)
            self.assertEqual(lab.oper_status(), "accessDenied")
            self.assertIn("others have access to it (mode 0644)", lab.log())
            self.assertEqual(dhcpm.notes, [])
            # Put right, it needs no restart.
            os.chmod(lab.path("admin"), 0o600)
            lab.refresh(1)
            self.assertEqual(lab.oper_status(), "up")
            self.assertEqual(dhcpm.notes, ["logon admin"])

    def test_a_wrong_password__is_accessDenied_and_appears_nowhere(self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = self.lab(dhcpm, "username = admin", "password = Oops-12345")
            self.assertEqual(lab.oper_status(), "accessDenied")
            text = lab.get(server("LastErrorText", 1))
            self.assertIn(b"LOGON_FAILURE", text)
            self.assertNotIn("Oops", lab.log() + text.decode())

    def test_a_wrong_password__is_not_offered_until_the_account_is_locked(
            self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = self.lab(dhcpm, "username = admin", "password = Oops-12345")
            for _ in range(9):
                lab.refresh(1)
            self.assertEqual(lab.oper_status(), "accessDenied")
            self.assertIn(b"LOGON_FAILURE",
                          lab.get(server("LastErrorText", 1)))
            self.assertEqual(dhcpm.notes, ["refused: wrong password of 'admin'"] * 2)
            # A new one counts at once, and its first refusal no more.
            lab.secret("admin", "username = admin", "password = Oops-2")
            for _ in range(3):
                lab.refresh(1)
            self.assertEqual(dhcpm.notes, ["refused: wrong password of 'admin'"] * 4)
            lab.secret("admin", "username = admin", "password = Secret-1")
            lab.refresh(1)
            self.assertEqual(lab.oper_status(), "up")
            self.assertEqual(dhcpm.notes[4:], ["logon admin"])

    def test_no_credentials__are_refused_before_anybody_is_asked(self):
        with dhcpm_server.DhcpmServer(least_level=0) as dhcpm:
            lab = self.lab(dhcpm, credentials="")
            self.assertEqual(lab.oper_status(), "accessDenied")
            self.assertEqual(dhcpm.calls(), [])

    def test_a_ticket__is_not_left_behind_by_a_helper_that_is_killed(self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = WindowsLab(dhcpm, {"connect-timeout": 1}, start=False)
            lab.open()
            self.addCleanup(lab.close)
            lab.server_keys["keytab"] = lab.secret("keytab")
            # -k -t KEYTAB -c CACHE -- PRINCIPAL
            lab.secret("kinit", "#!/bin/sh", 'echo ticket >"$5"',
                       'echo "$5" >"%s"' % lab.path("where"), "exec sleep 60",
                       mode=0o700)
            lab.env["PATH"] = lab.dir + ":" + lab.env["PATH"]
            lab.start_snmpd()
            lab.start_agent()
            self.assertEqual(lab.oper_status(), "unreachable")
            with open(lab.path("where")) as file:
                cache = file.read().strip()
            wait(lambda: not os.path.exists(os.path.dirname(cache)),
                 "%s is removed" % cache)

    def test_a_fixed_port__needs_no_mapper(self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = self.lab(dhcpm, port=dhcpm.port, mapper_port=1)
            self.assertEqual(lab.oper_status(), "up")
            self.assertEqual(dhcpm.mapper.asked, 0)

    def test_a_host_name__is_an_address_and_a_target(self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = self.lab(dhcpm, address="localhost", target="")
            self.assertEqual(lab.oper_status(), "up")

    def test_a_helper_that_is_not_there__is_an_error_and_no_more(self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = self.lab(dhcpm, helper="/nonexistent/dhcpfo-msdhcpm")
            self.assertEqual(lab.oper_status(), "error")
            self.assertIn("/nonexistent/dhcpfo-msdhcpm", lab.log())
            self.assertEqual(lab.get(scalar("ServerCount")), 1)

    def test_a_parent_that_ignores_sigchld__does_not_reap_helpers(self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = WindowsLab(dhcpm, start=False,
                             wrap=("bash", "-c", "trap '' CHLD; exec \"$@\"",
                                   "bash"))
            lab.open()
            self.addCleanup(lab.close)
            lab.start_snmpd()
            lab.start_agent()
            helper, = lab.helpers()
            # It has a kinit to wait for.
            with open("/proc/%d/status" % helper) as file:
                ignored = next(line.split()[1] for line in file
                               if line.startswith("SigIgn:"))
            self.assertFalse(int(ignored, 16) & 1 << signal.SIGCHLD - 1)
            os.kill(helper, signal.SIGKILL)
            wait(lambda: not os.path.exists("/proc/%d/exe" % helper),
                 "it has ended")
            # Its number must not become somebody's whom dhcpfod then kills.
            self.assertTrue(os.path.exists("/proc/%d" % helper))

    def test_the_helper__is_not_traced_by_its_own_user(self):
        """It has the password.  What belongs to a process that can be traced
        or dumped belongs to its user, else to root."""
        nobody = {"user": 65534} if os.getuid() == 0 else {}
        ours, its = socket.socketpair()
        # By descriptor: that user may not be able to come here.
        program = os.open(HELPER, os.O_RDONLY)
        self.addCleanup(os.close, program)
        with ours, its, subprocess.Popen(
                ["dhcpfo-msdhcpm"], stdin=its, pass_fds=[program], **nobody,
                executable="/proc/self/fd/%d" % program) as helper:
            its.close()
            environ = "/proc/%d/environ" % helper.pid
            try:
                wait(lambda: os.stat(environ).st_uid == 0, "it is hidden", 2)
                self.assertIsNone(helper.poll())
            finally:
                ours.close()
                helper.wait()

    def test_the_helper__ends_with_dhcpfod(self):
        with dhcpm_server.DhcpmServer() as dhcpm:
            lab = self.lab(dhcpm)
            helper, = lab.helpers()
            lab.kill_agent()
            wait(lambda: not os.path.exists("/proc/%d" % helper) or
                 open("/proc/%d/stat" % helper).read().split()[2] == "Z",
                 "the helper ends")
            lab.start_agent()


class ByCommand(WindowsCase):
    """What dhcpfoctl asks for, without dhcpfod."""

    def ctl(self, *args):
        return subprocess.run(
            [os.path.join(BUILD, "tests", "dhcpfoctl"), "-c",
             self.lab.path("dhcpfod.conf")] + list(args), text=True,
            timeout=60, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_a_creation_with_2500_scopes__is_a_call_in_fragments(self):
        scopes = [0x0a000000 + (n << 8) for n in range(2500)]
        done = self.ctl("create", "big", "primary=192.0.2.1",
                        "secondary=192.0.2.2", "scopes=" + ",".join(
                            socket.inet_ntoa(s.to_bytes(4, "big"))
                            for s in scopes))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.there("big").scopes, scopes)
        self.refresh()
        self.assertEqual(self.lab.get(rel("ScopeCount", 1, "big")), 2500)

    def test_a_set__is_one_call_90(self):
        self.dhcpm.add(Relationship("alpha"))
        done = self.ctl("set", "alpha", "mclt=5", "mode=hotStandby",
                        "percentage=6")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([(c.name, c.flags) for c in self.dhcpm.calls(90)],
                         [("alpha", 0x19)])

    def test_a_change_whose_answer_is_lost__is_not_said_to_be_not_done(self):
        """Exit status 1 is not enough: who repeats it may do it twice."""
        for fault in ("hang-after", "drop-after"):
            for args, opnum in ((("set", "alpha", "mclt=77"), 90),
                                (("scope", "remove", "alpha", "10.0.0.0"), 95),
                                (("delete", "alpha"), 91)):
                with self.subTest("%s %s" % (fault, args)):
                    self.dhcpm.relationships.clear()
                    self.dhcpm.add(Relationship("alpha", ["10.0.0.0"]))
                    self.dhcpm.fault(fault, opnum)
                    done = self.ctl(*args)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn("is not known whether it was done",
                                  done.stderr)
        self.assertNotIn("alpha", self.dhcpm.relationships)

    def test_a_change_that_is_refused__is_known_not_to_be_done(self):
        done = self.ctl("delete", "alpha")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("not known", done.stderr)


class Probe(WindowsCase):
    RELS = [R("alpha", ["198.51.100.0"], mode=1, percentage=7, secret="x"),
            R("Z\u00fcrich \U0001F600")]
    DHCPM = {"users": {"admin": ("Secret-1", "read")}}

    def probe(self):
        return subprocess.run(
            [os.path.join(BUILD, "tests", "dhcpfoctl"), "-c",
             self.lab.path("dhcpfod.conf"), "probe"], text=True, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_probe__asks_for_time_and_list_and_writes_nothing(self):
        done = self.probe()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        calls = [c.opnum for c in self.dhcpm.calls()]
        self.assertEqual(calls[:2], [99, 93])
        self.assertEqual(set(calls), {99, 93, 97})
        for line in ("relationships: 2", "name: alpha", "mode: hotStandby",
                     "percentage: 7", "shared secret: set",
                     "name: Z\u00fcrich \U0001F600", "nothing was written"):
            self.assertIn(line, done.stdout)

    def test_probe__of_a_server_that_is_away__says_why_and_ends_with_1(self):
        self.dhcpm.stop()
        self.addCleanup(self.dhcpm.start)
        done = self.probe()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no DHCP service runs there", done.stderr)


if __name__ == "__main__":
    unittest.main()
