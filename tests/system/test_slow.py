# SPDX-License-Identifier: BSD-2-Clause
"""Slow servers behind a stock snmpd, and SETs that have to be undone."""
import time
import unittest

from agentx_peer import (COMMIT_FAILED, COMMITSET, GEN_ERR,
                         NO_ACCESS, RESOURCE_UNAVAILABLE, SCALAR, TESTSET,
                         UNDOSET, Peer)
from lab import (MIB, PATIENCE, SYS_UPTIME, Later, Rel, Server, SnmpTimeout, rel,
                 scalar, scope, server, wait)
from test_set import LabCase, creation, member

SET_STATUS = dict(none=1, pending=2, succeeded=3, failed=4, undone=5,
                  inDoubt=6)


class SlowCase(LabCase):
    weight = 10

    def status(self, number, name):
        found = self.lab.get(rel("SetStatus", number, name))
        return [x for x, n in SET_STATUS.items() if n == found][0]

    def settled(self, number, name, seconds=30):
        wait(lambda: self.status(number, name) != "pending",
             "the outcome is known", seconds)
        return self.status(number, name)

    def timed(self, later, least, most):
        """The reply, which took so many seconds."""
        reply = later.get()
        self.assertGreater(later.took, least)
        self.assertLess(later.took, most * (PATIENCE / 2))
        return reply


class ThreeSeconds(SlowCase):
    """Longer than snmpd's patience with a subagent, shorter than our deadline.
    """
    SERVERS = [Server(1), Server(2), Server(3, atomic="no")]
    SUBAGENT = {"poll-interval": 1}
    ROWS = {n: [Rel("alpha"), Rel("beta")] for n in (1, 2, 3)}

    def test_set__that_succeeds_after_3_s__is_answered_so_after_3_s(self):
        lab = self.lab
        lab.control(1, "set 3000 0 none")
        later = Later(lab.set, member("Mclt", 1, "alpha", 5))
        wait(lambda: lab.calls(1, "set"), "the call begins")
        lab.forget(2)
        wait(lambda: len(lab.calls(2, "list")) >= 2,
             "the other server is still polled", 3)
        self.assertFalse(later.done, "while the SET is open")
        reply = self.timed(later, 2.9, 3.5)
        self.assertEqual((reply.status, reply.index), ("noError", 0))
        self.assertEqual(lab.changes(1), ["set alpha 0x01"])
        self.assertEqual(self.both(1, "alpha")["mclt"], 5)
        self.assertEqual(self.status(1, "alpha"), "succeeded")

    def test_set__that_fails_after_3_s__is_answered_so_after_3_s(self):
        for number in (1, 3):
            self.lab.control(number, "set 3000 1722 before 0 beta")
            later = Later(self.lab.set, member("Mclt", number, "alpha", 5),
                          member("Mclt", number, "beta", 5))
            reply = self.timed(later, 2.9, 3.5)
            self.assertEqual((reply.status, reply.index),
                             ("resourceUnavailable", 2))
            self.lab.control(number)
            self.assertEqual(self.both(number, "alpha")["mclt"], 3600)
            self.assertEqual(self.both(number, "beta")["mclt"], 3600)
            self.assertEqual(self.lab.calls(number, "set")[:2],
                             ["set alpha 0x01", "set beta 0x01"])
            self.assertEqual(self.status(number, "alpha"), "undone")

    def test_create__that_takes_3_s__is_one_call_and_done(self):
        self.lab.control(1, "create 3000 0 none")
        later = Later(self.lab.set, *creation(1, "new", "10.0.0.0"))
        reply = self.timed(later, 2.9, 3.5)
        self.assertEqual(reply.status, "noError")
        self.assertEqual(self.lab.changes(1), ["create new 1"])
        self.assertIn("new", self.lab.rows(1))

    def test_two_servers__of_1500_ms_each__are_answered_after_both(self):
        self.lab.control(1, "set 1500 0 none")
        self.lab.control(2, "set 1500 0 none")
        later = Later(self.lab.set, member("Mclt", 1, "alpha", 5),
                      member("Mclt", 2, "alpha", 5))
        self.assertEqual(self.timed(later, 1.4, 3.5).status, "noError")
        self.assertEqual(self.both(1, "alpha")["mclt"], 5)
        self.assertEqual(self.both(2, "alpha")["mclt"], 5)


class Retransmission(SlowCase):
    ROWS = {1: [Rel("alpha"), Rel("old", ["10.0.0.0"])]}

    def test_set__that_the_manager_sends_again__is_harmless(self):
        lab = self.lab
        lab.control(1, "set 2000 0 none")
        reply = lab.pysnmp.set(member("Mclt", 1, "alpha", 5), timeout=1.0,
                               retries=8)
        self.assertEqual((reply.status, reply.index), ("noError", 0))
        lab.control(1)
        # snmpd works off what was sent again, and then answers this.
        wait(lambda: self.answers(), "snmpd is through")
        self.assertEqual(self.both(1, "alpha")["mclt"], 5)
        calls = lab.changes(1)
        self.assertEqual(set(calls), {"set alpha 0x01"})
        self.assertEqual(self.status(1, "alpha"), "succeeded")

    def answers(self):
        try:
            return self.lab.pysnmp.get(SYS_UPTIME, timeout=1)
        except SnmpTimeout:
            return False

    def test_snmpset__with_its_own_retries__succeeds(self):
        self.lab.control(1, "set 2000 0 none 1")
        reply = self.lab.netsnmp.set(member("Mode", 1, "alpha", 1),
                                     timeout=1, retries=5)
        self.assertEqual(reply.status, "noError")
        wait(lambda: self.answers(), "snmpd is through")
        self.assertEqual(self.both(1, "alpha")["mode"], 1)


class TwentySeconds(SlowCase):
    """Far longer than anybody waits."""
    weight = 20
    SERVERS = [Server(1), Server(2)]
    ROWS = {n: [Rel("alpha"), Rel("beta")] for n in (1, 2)}

    def test_set__of_20_s__is_pending_then_succeeded(self):
        lab = self.lab
        lab.control(1, "set 20000 0 none")
        began = time.monotonic()
        later = Later(lab.set, member("Mclt", 1, "alpha", 5),
                      member("Mode", 1, "alpha", 1))
        self.assertEqual(self.timed(later, 3.4, 4.5).status, "noError")
        self.assertEqual(self.status(1, "alpha"), "pending")
        self.assertEqual(
            lab.columns(1, "alpha", "LastSetFlags", "LastSetResult"),
            {"LastSetFlags": b"\x88", "LastSetResult": 997})
        # Everybody else is served meanwhile.
        self.ok(member("Mclt", 2, "alpha", 6))
        self.assertEqual(lab.get(SYS_UPTIME) > 0, True)
        # This row is not, nor may it go.
        for varbind in (member("Mclt", 1, "alpha", 7),
                        member("Percentage", 1, "alpha", 7),
                        (rel("RowStatus", 1, "alpha"), ("i", 6)),
                        (scope(1, "alpha", "10.0.0.0"), ("i", 4))):
            self.refused("resourceUnavailable", 2,
                         member("Mclt", 2, "beta", 8), varbind)
        self.assertEqual(self.status(1, "alpha"), "pending")
        self.assertEqual(self.settled(1, "alpha"), "succeeded")
        self.assertGreater(time.monotonic() - began, 19.5)
        self.assertEqual(lab.get(rel("LastSetResult", 1, "alpha")), 0)
        self.assertEqual(lab.changes(1), ["set alpha 0x11"])
        self.assertEqual(self.both(1, "alpha")["mclt"], 5)
        lab.control(1)
        self.ok(member("Mclt", 1, "alpha", 9))
        self.assertEqual(self.both(1, "alpha")["mclt"], 9)


class Pending(SlowCase):
    weight = 15
    SUBAGENT = {"set-deadline": 500}
    SERVERS = [Server(1), Server(2), Server(3, atomic="no")]
    ROWS = {n: [Rel("alpha"), Rel("beta"), Rel("gamma"), Rel("other")]
            for n in (1, 2, 3)}

    def test_set__that_fails_late__is_pending_then_failed_with_its_code(
            self):
        before = self.whole()
        self.lab.control(1, "set 2500 20120 before")
        self.ok(member("Mclt", 1, "alpha", 5))
        self.assertEqual(self.status(1, "alpha"), "pending")
        self.assertEqual(self.settled(1, "alpha"), "failed")
        self.assertEqual(
            self.lab.columns(1, "alpha", "LastSetResult", "LastSetText"),
            {"LastSetResult": 20120, "LastSetText":
             b"The relationship is not in the state NORMAL."})
        self.assertEqual(self.whole(), before)

    def test_values__of_a_pending_row__are_not_shown_before_they_are_true(
            self):
        self.lab.control(1, "set 1500 5 before")
        self.ok(member("Mclt", 1, "alpha", 5))
        self.assertEqual(self.lab.get(rel("Mclt", 1, "alpha")), 3600)
        self.assertEqual(self.settled(1, "alpha"), "failed")

    def test_several_rows__of_which_a_later_fails__are_undone_and_failed(
            self):
        for number in (1, 3):
            before = self.whole()
            self.lab.control(number, "set 1200 0 none 0 alpha",
                             "set 300 87 before 0 beta")
            self.ok(*(member("Mclt", number, x, 5)
                      for x in ("alpha", "beta", "gamma")))
            for name in ("alpha", "beta", "gamma"):
                self.assertEqual(self.status(number, name), "pending", name)
            self.assertEqual(self.settled(number, "alpha"), "undone")
            self.assertEqual(self.settled(number, "beta"), "failed")
            self.assertEqual(self.settled(number, "gamma"), "failed")
            self.assertEqual([self.lab.get(rel("LastSetResult", number, x))
                              for x in ("beta", "gamma")], [87, 995])
            self.lab.control(number)
            wait(lambda: self.lab.set(member("Mclt", number, "other", 3600)
                                      ).status == "noError", "all is over")
            self.assertEqual(self.whole(), before)

    def test_two_servers__of_which_the_second_fails_late__undo_the_first(
            self):
        before = self.whole()
        self.lab.control(2, "set 1500 1722 before")
        self.ok(member("Mclt", 1, "alpha", 5), member("Mclt", 2, "alpha", 5))
        self.assertEqual(self.status(2, "alpha"), "pending")
        self.assertEqual(self.settled(2, "alpha"), "failed")
        wait(lambda: self.status(1, "alpha") == "undone", "the first, too")
        self.lab.control(2)
        self.assertEqual(self.whole(), before)

    def test_server__that_is_busy_with_a_poll__refuses_and_does_nothing(
            self):
        lab = self.lab
        lab.control(1, "list 2500 0 none")
        lab.set((server("Action", 1), ("i", 2)))
        wait(lambda: lab.calls(1, "list"), "the poll begins")
        began = time.monotonic()
        self.refused("resourceUnavailable", 1, member("Mclt", 1, "alpha", 5))
        self.assertLess(time.monotonic() - began, 2.0 * PATIENCE / 2)
        lab.control(1)
        wait(lambda: lab.get(server("Action", 1)) == 1, "the poll ends")
        self.assertEqual(lab.changes(1), [])
        self.assertEqual(self.both(1, "alpha")["mclt"], 3600)
        self.ok(member("Mclt", 1, "alpha", 6))

    def test_second_server_busy__after_the_first_has_done__undoes_the_first(
            self):
        lab = self.lab
        lab.control(2, "list 2500 0 none")
        lab.set((server("Action", 2), ("i", 2)))
        wait(lambda: lab.calls(2, "list"), "the poll begins")
        self.refused("resourceUnavailable", 2, member("Mclt", 1, "alpha", 5),
                     member("Mclt", 2, "alpha", 5))
        self.assertEqual(self.both(1, "alpha")["mclt"], 3600)
        self.assertEqual(lab.changes(2), [])
        lab.control(2)
        wait(lambda: lab.get(server("Action", 2)) == 1, "the poll ends")

    def test_create__that_ends_late__appears_when_it_is_done(self):
        self.lab.control(1, "create 1500 0 none")
        self.ok(*creation(1, "new", "10.0.0.0"))
        self.assertEqual(self.lab.get(rel("Name", 1, "new")),
                         "noSuchInstance")
        # Until then nobody else may create it.
        self.refused("resourceUnavailable", 1,
                     *creation(1, "new", "10.0.0.0"))
        wait(lambda: self.lab.get(rel("Name", 1, "new")) == b"new",
             "it appears")
        self.assertEqual(self.lab.changes(1), ["create new 1"])

    def test_destroy__that_ends_late__goes_when_it_is_done(self):
        self.lab.control(1, "delete 1500 0 none")
        self.ok((rel("RowStatus", 1, "other"), ("i", 6)))
        self.assertEqual(self.lab.get(rel("Name", 1, "other")), b"other")
        wait(lambda: self.lab.get(rel("Name", 1, "other")) ==
             "noSuchInstance", "it goes")

    def test_spin_lock__with_a_pending_set__has_moved_on(self):
        now = self.lab.get(scalar("SetSpinLock"))
        self.lab.control(1, "set 1000 0 none")
        self.ok((scalar("SetSpinLock"), ("i", now)),
                member("Mclt", 1, "alpha", 5))
        self.assertEqual(self.lab.get(scalar("SetSpinLock")), now + 1)
        self.assertEqual(self.settled(1, "alpha"), "succeeded")

    def test_answer_lost_late__of_a_plain_server__ends_in_the_truth(self):
        self.lab.control(3, "set 1200 1726 after 1 alpha")
        self.ok(member("Mclt", 3, "alpha", 5))
        self.assertEqual(self.settled(3, "alpha"), "succeeded")
        self.assertEqual(self.both(3, "alpha")["mclt"], 5)

    def test_answer_lost_and_no_way_to_look__is_in_doubt_until_it_is_known(
            self):
        lab = self.lab
        for done, outcome, kept in (("after", "succeeded", 5),
                                    ("before", "failed", 5)):
            value = 5 if done == "after" else 6
            lab.control(3, "set 0 1726 %s 1 alpha" % done,
                        "get 0 1722 before 2 alpha", "list 0 1722 before")
            reply = lab.set(member("Mclt", 3, "alpha", value))
            self.assertNotEqual(reply.status, "noError")
            self.assertEqual(self.status(3, "alpha"), "inDoubt")
            lab.control(3)
            lab.refresh(3)
            if done == "before":
                # It may be done late: not done is what stays so.
                self.assertEqual(self.status(3, "alpha"), "inDoubt")
                lab.refresh(3)
            self.assertEqual(self.status(3, "alpha"), outcome)
            self.assertEqual(self.both(3, "alpha")["mclt"], kept)


class OneThatHangs(SlowCase):
    """No lock is held while a server is called: whatever one of them is busy
    with, the others are read and set, and so is what is known of it."""
    SUBAGENT = {"set-deadline": 150 * PATIENCE}
    SERVERS = [Server(1), Server(2), Server(3, type="local")]
    ROWS = {n: [Rel("alpha", ["10.0.%d.0" % n]), Rel("beta")]
            for n in (1, 2, 3)}

    def hanging(self, operation, *varbinds):
        self.lab.control(1, "%s %d 0 none 1" % (operation,
                                                800 * PATIENCE))
        self.lab.forget(1)
        self.assertEqual(self.lab.set(*varbinds).status, "noError")
        wait(lambda: self.lab.calls(1, operation), "it has begun")

    def others(self):
        for number in (2, 3):
            self.ok(member("Mclt", number, "alpha", 60),
                    member("State", number, "beta", 4))
            self.assertEqual(self.settled(number, "alpha"), "succeeded")
            self.ok(*creation(number, "new", "10.1.%d.0" % number))
            self.settled(number, "new")
            self.lab.refresh(number)
            self.ok((rel("RowStatus", number, "new"), ("i", 6)))
        self.assertEqual(self.lab.get(rel("Mclt", 1, "beta")), 3600)
        self.assertEqual(len(self.lab.pysnmp.walk(MIB["dhcpFoRelName"])), 6)

    def test_poll__that_hangs__holds_up_no_other_server(self):
        for operation in ("list", "system_time"):
            with self.subTest(operation):
                self.hanging(operation, (server("Action", 1), ("i", 2)))
                self.others()
                self.assertEqual(self.lab.get(server("Action", 1)), 2,
                                 "it still runs")
                wait(lambda: self.lab.get(server("Action", 1)) == 1,
                     "it ends")

    def test_set__that_hangs__holds_up_no_other_server(self):
        for operation in ("begin", "set", "commit"):
            with self.subTest(operation):
                self.hanging(operation, member("Mclt", 1, "alpha", 60),
                             member("Percentage", 1, "alpha", 30))
                self.others()
                self.assertEqual(self.status(1, "alpha"), "pending",
                                 "it still runs")
                self.assertEqual(self.settled(1, "alpha"), "succeeded")
                self.lab.control(1)
                self.ok(member("Mclt", 1, "alpha", 3600))


class Undo(SlowCase):
    """Another subagent in the same PDU fails when its turn comes."""
    SERVERS = [Server(1), Server(2, atomic="no")]
    ROWS = {n: [Rel("alpha", ["10.%d.0.0" % n, "10.%d.1.0" % n],
                    secret="old-secret"), Rel("beta")] for n in (1, 2)}

    def setUp(self):
        super().setUp()
        self.peer = Peer(self.lab.socket)
        self.addCleanup(self.peer.close)
        self.before = self.whole()

    theirs = (SCALAR, ("i", 1))

    def check_restored(self):
        for number in self.lab.servers:
            self.lab.control(number)
        self.assertEqual(self.whole(), self.before)
        for number in self.lab.servers:
            self.lab.refresh(number)
        self.assertEqual(self.whole(), self.before)

    def fails(self, varbinds, error=RESOURCE_UNAVAILABLE,
              status="resourceUnavailable"):
        """With the peer's part first and last."""
        for order in (1, -1):
            self.peer.fail = {COMMITSET: error}
            pdu = [self.theirs] + list(varbinds)
            reply = self.lab.set(*pdu[::order])
            self.assertEqual(reply.status, status)
            self.assertEqual(reply.index,
                             1 if order == 1 else len(pdu))
            self.check_restored()
        self.peer.fail = {}

    def test_peer_alone__works(self):
        self.ok(self.theirs)
        self.assertEqual(self.lab.get(SCALAR), 1)

    def test_set__of_both__is_done_by_both(self):
        self.ok(self.theirs, member("Mclt", 1, "alpha", 5))
        self.assertEqual((self.peer.value, self.both(1, "alpha")["mclt"]),
                         (1, 5))

    def test_set__when_the_peer_fails__is_undone_in_all_members(self):
        for number in (1, 2):
            self.fails([member("Mclt", number, "alpha", 5),
                        member("Mode", number, "beta", 1),
                        member("State", number, "alpha", 5),
                        member("SafePeriod", number, "alpha", 6),
                        member("Percentage", number, "alpha", 7),
                        member("PrevState", number, "alpha", 8),
                        member("SharedSecret", number, "alpha", "new")])
            self.assertEqual(self.status(number, "alpha"), "undone")
            self.assertEqual(self.status(number, "beta"), "undone")

    def test_create__when_the_peer_fails__is_undone(self):
        for number in (1, 2):
            self.fails(creation(number, "new", "10.9.0.0"))

    def test_destroy__when_the_peer_fails__is_undone(self):
        for number in (1, 2):
            self.fails([(rel("RowStatus", number, "alpha"), ("i", 6))])

    def test_scopes__when_the_peer_fails__are_as_before(self):
        for number in (1, 2):
            self.fails([(scope(number, "alpha", "10.%d.7.0" % number),
                         ("i", 4)),
                        member("Mclt", number, "alpha", 9),
                        (scope(number, "alpha", "10.%d.0.0" % number),
                         ("i", 6))])

    def test_rows_of_two_servers__when_the_peer_fails__are_undone(self):
        self.fails([member("Mclt", 1, "alpha", 5),
                    member("Mclt", 2, "alpha", 6),
                    *creation(1, "new", "10.9.0.0")])

    def test_error__of_the_peer__is_what_the_manager_sees(self):
        for error, status in ((NO_ACCESS, "noAccess"),
                              (COMMIT_FAILED, "commitFailed"),
                              (GEN_ERR, "genErr")):
            self.fails([member("Mclt", 1, "alpha", 5)], error, status)

    def test_peer_refuses_in_test__nothing_is_called(self):
        self.peer.fail = {TESTSET: NO_ACCESS}
        reply = self.lab.set(member("Mclt", 1, "alpha", 5), self.theirs)
        self.assertEqual((reply.status, reply.index), ("noAccess", 2))
        self.assertEqual(self.lab.changes(1), [])
        self.check_restored()

    def test_ours_fails__in_commit__the_peer_is_undone(self):
        self.lab.control(1, "set 0 5 before")
        value = self.peer.value
        reply = self.lab.set(member("Mclt", 1, "alpha", 5),
                             (SCALAR, ("i", value + 10)))
        self.assertEqual((reply.status, reply.index), ("noAccess", 1))
        wait(lambda: UNDOSET in self.peer.seen, "the peer has to undo")
        self.assertEqual(self.peer.value, value)
        self.check_restored()

    def test_scalars__when_the_peer_fails__are_as_before(self):
        lock = self.lab.get(scalar("SetSpinLock"))
        self.fails([(scalar("PollInterval"), ("u", 1000)),
                    (scalar("SetSpinLock"), ("i", lock)),
                    member("Mclt", 1, "alpha", 5)])
        self.assertEqual(self.lab.get(scalar("PollInterval")), 86400)
        self.assertEqual(self.lab.get(scalar("SetSpinLock")), lock)

    def test_undo__that_fails__is_undo_failed_and_in_doubt(self):
        for number in (1, 2):
            with self.subTest(number):
                # The second set of the row is the way back.
                self.lab.control(number, "set 0 1722 before 2 alpha",
                                 "restore 0 1722 before")
                self.peer.fail = {COMMITSET: COMMIT_FAILED}
                reply = self.lab.set(self.theirs,
                                     member("Mclt", number, "alpha", 5))
                self.assertEqual(reply.status, "undoFailed")
                self.lab.control(number)
                self.assertEqual(self.lab.rows(number)["alpha"]["mclt"], 5)
                # It is read again, and said what it came to.
                wait(lambda: self.lab.get(rel("Mclt", number, "alpha")) == 5,
                     "the truth")
                self.assertIn(self.status(number, "alpha"),
                              ("inDoubt", "succeeded"))
                wait(lambda: self.status(number, "alpha") == "succeeded",
                     "the doubt ends", 2)

    def test_undo__of_a_create_that_fails__is_undo_failed(self):
        self.lab.control(1, "restore 0 1722 before")
        self.lab.control(2, "delete 0 1722 before")
        for number in (1, 2):
            self.peer.fail = {COMMITSET: COMMIT_FAILED}
            reply = self.lab.set(self.theirs,
                                 *creation(number, "new", "10.9.0.0"))
            self.assertEqual(reply.status, "undoFailed")
            self.assertIn("new", self.lab.rows(number))
            self.lab.control(number)
            wait(lambda: self.lab.get(rel("Name", number, "new")) == b"new",
                 "what is there is shown")


class UndoOfPending(SlowCase):
    """The peer fails while our call still runs."""
    SUBAGENT = {"set-deadline": 500}
    SERVERS = [Server(1), Server(2, atomic="no")]
    ROWS = {n: [Rel("alpha"), Rel("beta")] for n in (1, 2)}

    def test_undo__of_a_row_that_is_pending__comes_behind_its_call(self):
        peer = Peer(self.lab.socket)
        self.addCleanup(peer.close)
        for number in (1, 2):
            before = self.whole()
            peer.fail = {COMMITSET: COMMIT_FAILED}
            self.lab.control(number, "set 1500 0 none 1 alpha")
            reply = self.lab.set((SCALAR, ("i", 1)),
                                 member("Mclt", number, "alpha", 5))
            # The undo cannot be awaited for so long.
            self.assertIn(reply.status, ("undoFailed", "commitFailed"))
            wait(lambda: self.status(number, "alpha") == "undone",
                 "it is undone all the same")
            self.assertEqual(self.whole(), before)
            self.lab.control(number)
            self.ok(member("Mclt", number, "alpha", 3600))


if __name__ == "__main__":
    unittest.main()
