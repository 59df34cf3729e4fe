# SPDX-License-Identifier: BSD-2-Clause
"""AgentX as RFC 2741 has it, and as a master would only do it when things go
wrong: every PDU here is made by hand."""
import os
import struct
import unittest

from agentx_master import Master, bulk
from agentx_peer import (CLEANUPSET, COMMITSET, COUNTER64, END_OF_MIB_VIEW,
                         FLAG_CONTEXT, GAUGE32, GET, GETBULK, GETNEXT, INTEGER,
                         IPADDRESS, NO_ACCESS, NO_SUCH_INSTANCE,
                         NO_SUCH_OBJECT, NOTIFY, NULL, OCTETS, OPAQUE, OPEN,
                         PING, PROCESSING_ERROR, REGISTER, TESTSET, UNDO_FAILED,
                         UNDOSET, UNSUPPORTED_CONTEXT, put_octets, put_range,
                         put_varbind)
from lab import (MIB, ROOT, WRAP, Lab, Rel, Server, octets_of, rel, scalar,
                 scope, server, wait)

NO_ERROR, WRONG_TYPE, NO_CREATION, RESOURCE_UNAVAILABLE = 0, 7, 11, 13
COUNT = scalar("ServerCount")


def mclt(number, name, value):
    return put_varbind(rel("Mclt", number, name), GAUGE32, value)


class ProtocolCase(unittest.TestCase):
    SUBAGENT = {}
    ENV = {}
    SERVERS = [Server(1), Server(2, atomic="no")]

    @classmethod
    def setUpClass(cls):
        # A real snmpd first, so that the databases can be filled.
        cls.lab = Lab(cls.SERVERS, {"ping-interval": 1, "notify": "none",
                                    **cls.SUBAGENT}, env=cls.ENV).open()
        cls.addClassCleanup(cls.lab.close)
        for number in (1, 2):
            cls.lab.seed(number, [
                Rel("alpha", ["10.%d.0.0" % number, "10.%d.1.0" % number]),
                Rel("beta"), Rel("gamma")])
        cls.lab.stop_snmpd()
        cls.master = Master(cls.lab.socket)
        cls.addClassCleanup(cls.master.close)
        cls.master.wait_registered(ROOT)
        cls.transaction = 100

    def setUp(self):
        self.ready()
        self.t = self.next()
        for number in (1, 2):
            self.lab.control(number)
            self.ask_set(*(mclt(number, x, 3600)
                           for x in ("alpha", "beta", "gamma")))
            self.lab.forget(number)

    def ready(self):
        """Wait until dhcpfod has registered and is through with it: until then
        it may ask for SETs to be sent again."""
        self.master.wait_registered(ROOT)

        def taken():
            t = self.next()
            found = self.master.ask(TESTSET, t).error == NO_ERROR
            self.master.send(CLEANUPSET, t)
            return found
        wait(taken, "SETs are taken")

    def next(self):
        """A transaction id that was not used before."""
        type(self).transaction += 1
        return self.transaction

    def ask_set(self, *varbinds):
        t = self.next()
        for kind, payload in ((TESTSET, b"".join(varbinds)),
                              (COMMITSET, b"")):
            answer = self.master.ask(kind, t, payload)
            self.assertEqual(answer.error, NO_ERROR)
        self.master.send(CLEANUPSET, t)

    def get(self, oid):
        answer = self.master.ask(GET, self.next(), put_range(oid))
        return answer.varbinds[0][2]

    def mclt_of(self, number, name):
        """By SNMP and in the database: the same."""
        shown = self.get(rel("Mclt", number, name))
        self.assertEqual(shown, self.lab.rows(number)[name]["mclt"])
        return shown

    def begin(self, *varbinds):
        answer = self.master.ask(TESTSET, self.t, b"".join(varbinds))
        self.assertEqual((answer.error, answer.index), (NO_ERROR, 0))

    def end(self):
        self.master.send(CLEANUPSET, self.t)
        self.master.sync(COUNT)


class Session(ProtocolCase):
    def test_session__opens_and_registers_one_subtree(self):
        self.assertIn(OPEN, self.master.asked)
        self.assertIn(REGISTER, self.master.asked)
        self.assertEqual(self.master.registered, [ROOT])

    def test_ping__comes_once_in_a_ping_interval(self):
        n = self.master.asked.count(PING)
        self.master.wait_for(
            lambda: self.master.asked.count(PING) >= n + 2, "two pings")

    def test_session__that_is_dropped__is_opened_anew(self):
        session = self.master.session
        self.master.hang_up()
        self.master.wait_for(lambda: self.master.session > session,
                             "a new session")
        self.ready()
        self.assertEqual(self.get(COUNT), 2)

    def test_context__that_is_not_served__is_unsupported_context(self):
        for kind, payload in (
                (GET, put_range(COUNT)), (GETNEXT, put_range(ROOT)),
                (GETBULK, bulk(0, 5, put_range(ROOT))),
                (TESTSET, mclt(1, "alpha", 1))):
            answer = self.master.ask(kind, self.t,
                                     put_octets(b"another") + payload,
                                     flags=FLAG_CONTEXT)
            self.assertEqual(answer.error, UNSUPPORTED_CONTEXT, kind)
            # A Response has no context (RFC 2741 6.2.16).
            self.assertEqual(answer.flags & FLAG_CONTEXT, 0)
            self.assertEqual((answer.varbinds, answer.extra), ([], b""))
        self.assertEqual(self.lab.changes(1), [])

    def test_payload__that_is_nonsense__does_no_harm(self):
        for payload in (b"\xff" * 7, b"\xff" * 64, struct.pack(">I", 99),
                        put_range(COUNT)[:-3], b"\0" * 4):
            for kind in (GET, GETNEXT, GETBULK, TESTSET):
                self.master.wait_registered(ROOT)
                try:
                    self.master.send(kind, self.t, payload)
                except OSError:
                    pass  # it has hung up already
                # Whether it hangs up or not: it goes on.
                self.master.wait_for(
                    lambda: self.master.wire is not None and
                    ROOT in self.master.registered, "it is connected")
                self.lab.check_alive()
        wait(self.works, "it works")

    def works(self):
        try:
            return self.get(COUNT) == 2
        except (OSError, AttributeError, AssertionError):
            return False


class Reading(ProtocolCase):
    def ask(self, kind, *ranges):
        answer = self.master.ask(kind, self.next(), b"".join(ranges))
        self.assertEqual((answer.error, answer.index), (0, 0))
        return answer.varbinds

    def test_get__of_several__answers_each_in_order(self):
        found = self.ask(GET, put_range(rel("Mclt", 1, "alpha")),
                         put_range(rel("Mclt", 1, "nobody")),
                         put_range(ROOT + (9,)), put_range(COUNT))
        self.assertEqual(found, [
            (rel("Mclt", 1, "alpha"), GAUGE32, 3600),
            (rel("Mclt", 1, "nobody"), NO_SUCH_INSTANCE, None),
            (ROOT + (9,), NO_SUCH_OBJECT, None), (COUNT, GAUGE32, 2)])

    def test_getnext__with_the_include_bit__takes_the_name_itself(self):
        name = rel("Mclt", 1, "beta")
        after = rel("Mclt", 1, "alpha")  # of five characters, beta has four
        for oid, include, want in (
                (name, True, name), (name, False, after),
                (name[:-1], True, name), (name + (0,), True, after),
                (COUNT, True, COUNT), (COUNT[:-1], True, COUNT),
                (COUNT, False, scalar("RelCount")),
                (server("Name", 2), True, server("Name", 2)),
                (server("Name", 1), False, server("Name", 2)),
                (scope(1, "alpha", "10.1.0.0"), True,
                 scope(1, "alpha", "10.1.0.0")),
                (scope(1, "alpha", "10.1.0.0"), False,
                 scope(1, "alpha", "10.1.1.0"))):
            found = self.ask(GETNEXT, put_range(oid, (), include))
            self.assertEqual(found[0][0], want, (oid, include))

    def test_getnext__with_an_end__stops_before_it(self):
        one, two = rel("Mclt", 1, "beta"), rel("Mclt", 1, "alpha")
        for start, end, include, want in (
                (one, two, False, None),  # the end is not part of the range
                (one, two + (0,), False, two),
                (one, two, True, one),
                (one, one, True, None),
                (MIB["dhcpFoRelMclt"], MIB["dhcpFoRelMclt"] + (1,), False,
                 None),
                (MIB["dhcpFoRelMclt"], MIB["dhcpFoRelSafePeriod"], False, one),
                (rel("Mclt", 2, "gamma"), MIB["dhcpFoRelSafePeriod"], False,
                 None),
                (rel("Mclt", 2, "gamma"), MIB["dhcpFoRelPercentage"], False,
                 rel("SafePeriod", 1, "beta")),
                (ROOT, ROOT + (1, 1, 1), False, None)):
            found = self.ask(GETNEXT, put_range(start, end, include))
            if want is None:
                self.assertEqual(found, [(start, END_OF_MIB_VIEW, None)])
            else:
                self.assertEqual(found[0][0], want, (start, end, include))

    def test_getnext__of_several_ranges__answers_each_by_its_own(self):
        one, two = rel("Mclt", 1, "beta"), rel("Mclt", 1, "alpha")
        found = self.ask(GETNEXT, put_range(one, two), put_range(one),
                         put_range(one, (), True), put_range(one, two, True),
                         put_range(ROOT + (2,)),
                         put_range(one[:-1], two, False))
        self.assertEqual([v[0] for v in found],
                         [one, two, one, one, ROOT + (2,), one])
        self.assertEqual([v[1] == END_OF_MIB_VIEW for v in found],
                         [True, False, False, False, True, False])

    def test_getnext__from_outside_the_tree__finds_its_first_name(self):
        found = self.ask(GETNEXT, put_range((1, 3)), put_range(ROOT[:-1]),
                         put_range((1, 3, 6, 1, 4, 1, 8072)))
        self.assertEqual([v[0] for v in found],
                         [scalar("AgentDescr")] * 3)
        found = self.ask(GETNEXT, put_range(ROOT[:-1] + (ROOT[-1] + 1,)),
                         put_range((2, 1)))
        self.assertEqual([v[1] for v in found], [END_OF_MIB_VIEW] * 2)

    def walk(self, most):
        names, at = [], ROOT
        while True:
            varbinds = self.ask(GETBULK, bulk(0, most, put_range(at)))
            for oid, kind, _ in varbinds:
                if kind == END_OF_MIB_VIEW:
                    return names
                names.append(oid)
            at = names[-1]

    def test_getbulk__of_any_size__walks_the_same_tree(self):
        names = self.walk(1)
        self.assertEqual(names, sorted(set(names)))
        for most in (2, 7, 1000):
            self.assertEqual(self.walk(most), names)

    def test_getbulk__with_non_repeaters__answers_them_once_and_first(self):
        mode, state = MIB["dhcpFoRelMode"], MIB["dhcpFoRelState"]
        found = self.ask(GETBULK, bulk(
            2, 3, put_range(COUNT, (), True), put_range(ROOT),
            put_range(mode), put_range(state)))
        order = [("beta", 1), ("alpha", 1), ("gamma", 1)]
        self.assertEqual([v[0] for v in found],
                         [COUNT, scalar("AgentDescr")] +
                         [rel(x, n, name) for name, n in order
                          for x in ("Mode", "State")])

    def test_getbulk__of_nothing_or_with_all_non_repeaters__is_answered(
            self):
        self.assertEqual(self.ask(GETBULK, bulk(0, 0, put_range(ROOT))), [])
        found = self.ask(GETBULK, bulk(9, 5, put_range(ROOT)))
        self.assertEqual([v[0] for v in found], [scalar("AgentDescr")])

    def test_getbulk__with_ends__stops_each_column_at_its_end(self):
        mode = MIB["dhcpFoRelMode"]
        found = self.ask(GETBULK, bulk(
            0, 5, put_range(mode, rel("Mode", 1, "alpha"))))
        self.assertEqual(found[0][0], rel("Mode", 1, "beta"))
        self.assertEqual({v[1] for v in found[1:]}, {END_OF_MIB_VIEW})


class Transactions(ProtocolCase):
    SUBAGENT = {"set-deadline": 1500}

    def test_testset__sent_again__is_answered_the_same_and_calls_nothing(
            self):
        payload = mclt(1, "alpha", 5)
        packet = self.master.send(TESTSET, self.t, payload)
        self.master.send(TESTSET, self.t, payload, packet=packet)
        answers = [self.master.answer(packet, n) for n in (1, 2)]
        again = self.master.ask(TESTSET, self.t, payload)
        self.assertEqual({a.error for a in answers + [again]}, {0})
        self.end()
        self.assertEqual(self.lab.changes(1), [])

    def test_testset__that_fails_and_is_sent_again__fails_the_same(self):
        payload = mclt(1, "alpha", 5) + put_varbind(
            rel("Mode", 1, "alpha"), OCTETS, b"1")
        packet = self.master.send(TESTSET, self.t, payload)
        self.master.send(TESTSET, self.t, payload, packet=packet)
        for n in (1, 2):
            answer = self.master.answer(packet, n)
            self.assertEqual((answer.error, answer.index), (WRONG_TYPE, 2))
        self.end()

    def test_testset__of_any_type__is_wrong_type_or_taken(self):
        for kind, value in ((INTEGER, 1), (OCTETS, b"abcd"), (NULL, None),
                            (IPADDRESS, octets_of("1.2.3.4")),
                            (OPAQUE, b"\x9f\x78\x04\0\0\0\0"),
                            (COUNTER64, 1)):
            self.t = self.next()
            answer = self.master.ask(TESTSET, self.t, put_varbind(
                rel("Mclt", 1, "alpha"), kind, value))
            self.assertEqual((answer.error, answer.index), (WRONG_TYPE, 1))
            self.end()

    def test_testset__of_nothing__is_fine(self):
        self.begin()
        self.assertEqual(self.master.ask(COMMITSET, self.t).error, 0)
        self.end()
        self.assertEqual(self.lab.changes(1), [])

    def test_commitset__sent_again_while_it_runs__is_one_call(self):
        self.lab.control(1, "set 700 0 none")
        self.begin(mclt(1, "alpha", 5))
        packet = self.master.send(COMMITSET, self.t)
        for _ in range(3):
            self.master.send(COMMITSET, self.t, packet=packet)
        # Others are served meanwhile, and there is no answer yet.
        self.master.sync(COUNT)
        self.assertEqual(self.master.how_many(packet), 0)
        self.assertEqual(self.master.answer(packet).error, NO_ERROR)
        self.master.sync(COUNT)
        self.assertEqual(self.lab.changes(1), ["set alpha 0x01"])
        for answer in self.master.answers[packet]:
            self.assertEqual(answer.error, NO_ERROR)
        self.end()
        self.assertEqual(self.mclt_of(1, "alpha"), 5)

    def test_commitset__sent_again_after_its_answer__is_answered_again(self):
        for code, error in ((0, NO_ERROR), (5, NO_ACCESS)):
            self.t = self.next()
            self.lab.forget(1)
            self.lab.control(1, "set 0 %d before" % code)
            self.begin(mclt(1, "beta", 5), mclt(1, "alpha", 5))
            packet = self.master.send(COMMITSET, self.t)
            self.master.answer(packet)
            self.master.send(COMMITSET, self.t, packet=packet)
            again = self.master.answer(packet, 2)
            self.assertEqual(again.error, error)
            self.assertEqual(again.index, 1 if error else 0)
            self.assertEqual(self.master.ask(COMMITSET, self.t).error, error)
            self.assertEqual(len(self.lab.calls(1, "set")),
                             1 if error else 2)
            self.end()

    def test_commitset__without_testset__is_a_processing_error(self):
        for kind in (COMMITSET, UNDOSET):
            answer = self.master.ask(kind, self.next())
            self.assertEqual(answer.error, PROCESSING_ERROR)
        self.assertEqual(self.lab.changes(1), [])

    def test_commitset__after_a_testset_that_failed__does_nothing(self):
        answer = self.master.ask(TESTSET, self.t, put_varbind(
            rel("Mclt", 1, "alpha"), OCTETS, b""))
        self.assertEqual(answer.error, WRONG_TYPE)
        self.assertNotEqual(self.master.ask(COMMITSET, self.t).error, 0)
        self.assertEqual(self.lab.changes(1), [])
        self.end()

    def test_commitset__after_cleanup__does_nothing(self):
        self.begin(mclt(1, "alpha", 5))
        self.end()
        self.assertEqual(self.master.ask(COMMITSET, self.t).error,
                         PROCESSING_ERROR)
        self.assertEqual(self.lab.changes(1), [])

    def test_cleanupset__of_an_unknown_transaction__does_no_harm(self):
        packets = [self.master.send(CLEANUPSET, t)
                   for t in (0, 1, self.t, 0xffffffff)]
        self.master.sync(COUNT)
        self.assertEqual([self.master.how_many(p) for p in packets],
                         [0, 0, 0, 0])

    def test_cleanupset__sent_twice__does_no_harm(self):
        self.begin(mclt(1, "alpha", 5))
        self.assertEqual(self.master.ask(COMMITSET, self.t).error, 0)
        self.end()
        self.end()
        self.assertEqual(self.mclt_of(1, "alpha"), 5)

    def test_cleanupset__while_the_commit_runs__lets_it_go_on(self):
        self.lab.control(1, "set 500 0 none")
        self.begin(mclt(1, "alpha", 5))
        packet = self.master.send(COMMITSET, self.t)
        self.end()
        wait(lambda: self.get(rel("Mclt", 1, "alpha")) == 5, "it ends")
        self.master.sync(COUNT)
        self.assertEqual(self.master.how_many(packet), 0)
        self.assertEqual(self.mclt_of(1, "alpha"), 5)

    def undo(self):
        return self.master.ask(UNDOSET, self.t)

    def test_undoset__before_any_commit__changes_nothing(self):
        self.begin(mclt(1, "alpha", 5))
        self.assertEqual(self.undo().error, NO_ERROR)
        self.assertEqual(self.lab.changes(1), [])
        # What is undone cannot be committed.
        self.assertNotEqual(self.master.ask(COMMITSET, self.t).error, 0)
        self.assertEqual(self.lab.changes(1), [])
        self.end()

    def test_undoset__after_the_commit__restores_all_rows(self):
        for number in (1, 2):
            self.t = self.next()
            self.begin(mclt(number, "alpha", 5), mclt(number, "beta", 6))
            self.assertEqual(self.master.ask(COMMITSET, self.t).error, 0)
            self.assertEqual(self.mclt_of(number, "alpha"), 5)
            self.assertEqual(self.undo().error, NO_ERROR)
            self.assertEqual(self.mclt_of(number, "alpha"), 3600)
            self.assertEqual(self.mclt_of(number, "beta"), 3600)

    def test_undoset__sent_again__is_answered_the_same_and_undoes_once(self):
        self.begin(mclt(1, "alpha", 5))
        self.master.ask(COMMITSET, self.t)
        packet = self.master.send(UNDOSET, self.t)
        self.master.answer(packet)
        calls = self.lab.changes(1)
        self.master.send(UNDOSET, self.t, packet=packet)
        self.assertEqual(self.master.answer(packet, 2).error, NO_ERROR)
        self.assertEqual(self.lab.changes(1), calls)
        self.assertEqual(self.mclt_of(1, "alpha"), 3600)

    def test_undoset__while_the_commit_runs__undoes_behind_it(self):
        for number in (1, 2):
            self.t = self.next()
            self.lab.control(number, "set 700 0 none 1 alpha")
            self.begin(mclt(number, "alpha", 5))
            self.master.send(COMMITSET, self.t)
            packet = self.master.send(UNDOSET, self.t)
            self.master.send(UNDOSET, self.t, packet=packet)
            self.assertEqual(self.master.answer(packet).error, NO_ERROR)
            self.assertEqual(self.mclt_of(number, "alpha"), 3600)
            self.end()

    def test_undoset__while_a_commit_runs_that_fails__is_no_error(self):
        # There is nothing to undo: all is as it was, and UndoSet's answer is
        # noError or undoFailed (RFC 2741 7.2.4.3).
        for number in (1, 2):
            self.t = self.next()
            self.lab.control(number, "set 700 5 before 0 alpha")
            self.begin(mclt(number, "beta", 6), mclt(number, "alpha", 5))
            self.master.send(COMMITSET, self.t)
            answer = self.undo()
            self.assertEqual(self.mclt_of(number, "beta"), 3600)
            self.assertEqual(answer.error, NO_ERROR)
            self.end()

    def test_undoset__of_a_commit_that_failed__is_no_error(self):
        for number in (1, 2):
            self.t = self.next()
            self.lab.control(number, "set 0 5 before 0 alpha")
            self.begin(mclt(number, "beta", 6), mclt(number, "alpha", 5))
            self.assertEqual(self.master.ask(COMMITSET, self.t).error,
                             NO_ACCESS)
            self.assertEqual(self.undo().error, NO_ERROR)
            self.assertEqual(self.mclt_of(number, "beta"), 3600)

    def test_undoset__that_takes_too_long__is_undo_failed_in_time(self):
        self.begin(mclt(1, "alpha", 5))
        self.lab.control(1, "set 2500 0 none 2 alpha",
                         "restore 2500 0 none 1 alpha")
        self.lab.control(1)
        self.assertEqual(self.master.ask(COMMITSET, self.t).error, 0)
        self.lab.control(1, "set 2500 0 none", "restore 2500 0 none")
        self.assertEqual(self.undo().error, UNDO_FAILED)
        wait(lambda: self.get(rel("Mclt", 1, "alpha")) == 3600,
             "it is undone all the same")
        self.end()

    def test_transaction_id__used_again_after_an_undo__is_a_new_set(self):
        # The master sends no CleanupSet after an UndoSet (RFC 2741 7.2.4.4).
        self.begin(mclt(1, "alpha", 5))
        self.master.ask(COMMITSET, self.t)
        self.assertEqual(self.undo().error, NO_ERROR)
        self.begin(mclt(1, "alpha", 6))
        self.assertEqual(self.master.ask(COMMITSET, self.t).error, NO_ERROR)
        self.assertEqual(self.mclt_of(1, "alpha"), 6)
        self.end()

    def test_two_transactions__at_once__do_not_get_mixed_up(self):
        other = self.next()
        self.lab.control(1, "set 500 0 none 0 alpha")
        self.begin(mclt(1, "alpha", 5))
        packet = self.master.send(COMMITSET, self.t)
        # Another one for the same row has to wait; for another row not.
        answer = self.master.ask(TESTSET, other, mclt(1, "alpha", 6))
        self.assertEqual((answer.error, answer.index),
                         (RESOURCE_UNAVAILABLE, 1))
        self.master.send(CLEANUPSET, other)
        other = self.next()
        answer = self.master.ask(TESTSET, other, mclt(2, "beta", 6))
        self.assertEqual(answer.error, NO_ERROR)
        self.assertEqual(self.master.ask(COMMITSET, other).error, NO_ERROR)
        self.assertEqual(self.master.how_many(packet), 0)
        self.assertEqual(self.master.answer(packet).error, NO_ERROR)
        self.master.send(CLEANUPSET, other)
        self.end()
        self.assertEqual(self.mclt_of(1, "alpha"), 5)
        self.assertEqual(self.mclt_of(2, "beta"), 6)

    def test_two_tested_at_once__for_one_row__end_in_one_of_them(self):
        other = self.next()
        self.begin(mclt(1, "alpha", 5))
        answer = self.master.ask(TESTSET, other, mclt(1, "alpha", 6))
        self.assertEqual(self.master.ask(COMMITSET, self.t).error, NO_ERROR)
        if answer.error == NO_ERROR:
            self.assertEqual(self.master.ask(COMMITSET, other).error,
                             NO_ERROR)
        self.master.send(CLEANUPSET, other)
        self.end()
        self.assertIn(self.mclt_of(1, "alpha"), (5, 6))

    def test_row__destroyed_between_test_and_commit__is_refused(self):
        for number in (1, 2):
            with self.subTest(number):
                self.t = self.next()
                new = self.next()
                self.master.ask(TESTSET, new, b"".join([
                    put_varbind(rel("PrimaryAddr", number, "brief"), OCTETS,
                                b"\1\2\3\4"),
                    put_varbind(rel("SecondaryAddr", number, "brief"), OCTETS,
                                b"\1\2\3\5"),
                    put_varbind(rel("RowStatus", number, "brief"), INTEGER,
                                4),
                    put_varbind(scope(number, "brief", "10.%d.50.0" % number),
                                INTEGER, 4)]))
                self.assertEqual(self.master.ask(COMMITSET, new).error, 0)
                self.master.send(CLEANUPSET, new)
                self.begin(mclt(number, "brief", 5))
                gone = self.next()
                self.master.ask(TESTSET, gone, put_varbind(
                    rel("RowStatus", number, "brief"), INTEGER, 6))
                self.assertEqual(self.master.ask(COMMITSET, gone).error, 0)
                self.master.send(CLEANUPSET, gone)
                answer = self.master.ask(COMMITSET, self.t)
                self.assertEqual((answer.error, answer.index), (18, 1))
                self.assertEqual(self.undo().error, NO_ERROR)

    def test_session__that_ends_after_an_undoset_was_sent__is_undone(self):
        # As a real master does it that has lost its patience.
        self.lab.control(1, "set 1000 0 none 1")
        self.begin(mclt(1, "alpha", 5))
        self.master.send(COMMITSET, self.t)
        wait(lambda: self.lab.calls(1, "set"), "it has begun")
        session = self.master.session
        self.master.send(UNDOSET, self.t)
        self.master.hang_up()
        self.master.wait_for(lambda: self.master.session > session,
                             "a new session")
        self.ready()
        wait(lambda: self.get(rel("SetStatus", 1, "alpha")) == 5,
             "it is undone")
        self.assertEqual(self.mclt_of(1, "alpha"), 3600)


class Memory(ProtocolCase):
    # A sanitizer keeps what was freed, but not for ever.
    ENV = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
           ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}

    def resident(self):
        with open("/proc/%d/status" % self.lab.agent.pid) as file:
            return [int(x.split()[1]) for x in file
                    if x.startswith("VmRSS")][0]

    def test_memory__after_thousands_of_undone_sets__does_not_grow(self):
        def thousand():
            for _ in range(1000):
                self.t = self.next()
                self.master.send(TESTSET, self.t, b"".join(
                    mclt(1, x, 5) for x in ("alpha", "beta", "gamma")))
                packet = self.master.send(UNDOSET, self.t)
            self.master.answer(packet)
        thousand()
        before = self.resident()
        for _ in range(4):
            thousand()
        self.assertLess(self.resident() - before, 2000 if not WRAP else 40000,
                        "kB of memory")


class LateAnswers(ProtocolCase):
    SUBAGENT = {"set-deadline": 1500}

    def test_session__that_ends_within_a_commit__gets_no_late_answer(self):
        # Longer than it takes to connect anew, and than the deadline.
        self.lab.control(1, "set 2500 0 none")
        self.begin(mclt(1, "alpha", 5))
        packet = self.master.send(COMMITSET, self.t)
        wait(lambda: self.lab.calls(1, "set"), "it has begun")
        session = self.master.session
        self.master.hang_up()
        self.master.wait_for(lambda: self.master.session > session,
                             "a new session")
        self.ready()
        wait(lambda: self.get(rel("Mclt", 1, "alpha")) == 5, "it ends")
        wait(lambda: "went away before it" in self.lab.log(), "it is logged")
        self.master.sync(COUNT)
        self.assertEqual(self.master.how_many(packet), 0)
        self.assertEqual(self.mclt_of(1, "alpha"), 5)
        # The id of the old session's transaction means nothing in the new.
        self.assertEqual(self.master.ask(COMMITSET, self.t).error,
                         PROCESSING_ERROR)
        self.lab.control(1)
        self.begin(mclt(1, "alpha", 6))
        self.assertEqual(self.master.ask(COMMITSET, self.t).error, NO_ERROR)
        self.end()


class Notifications(ProtocolCase):
    SUBAGENT = {"notify": "configChange", "notify-min-interval": 0,
                "ping-interval": 1}

    def test_notifications__that_are_answered_late__come_once_each(self):
        self.master.hold.add(NOTIFY)
        try:
            n = self.master.asked.count(NOTIFY)
            for i in range(20):
                self.ask_set(mclt(1, "alpha", i))
            self.assertEqual(self.mclt_of(1, "alpha"), 19)
            # Long enough for anybody to lose patience.
            pings = self.master.asked.count(PING)
            self.master.wait_for(
                lambda: self.master.asked.count(PING) >= pings + 3,
                "three pings")
        finally:
            self.master.release()
        self.master.wait_for(
            lambda: self.master.asked.count(NOTIFY) >= n + 20,
            "the notifications")
        self.ask_set(mclt(1, "beta", 5))
        self.master.wait_for(
            lambda: self.master.asked.count(NOTIFY) >= n + 21, "one more")
        self.assertEqual(self.master.asked.count(NOTIFY), n + 21)


if __name__ == "__main__":
    unittest.main()
