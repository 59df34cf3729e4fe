# SPDX-License-Identifier: BSD-2-Clause
"""A master that is broken or means harm, and a manager that does: dhcpfod
reconnects or carries on, does not crash, does not spin, and keeps neither
memory nor descriptors.

This is a short round, which takes some of each by chance; LONG=1 in the
environment (`make hostile`) is a long one.  What fails says its SEED, by which
it can be had again."""
import itertools
import os
import random
import select
import socket
import struct
import time
import unittest

from agentx_peer import (CLEANUPSET, CLOSE, COMMITSET, GAUGE32, GET, GETBULK,
                         GETNEXT, INTEGER, NOTIFY, OCTETS, OPEN, PING,
                         REGISTER, RESPONSE, TESTSET, UNDOSET, Gone, Wire,
                         answer_of, put_octets, put_range, put_varbind)
from lab import (PATIENCE, ROOT, SYS_CONTACT, Lab, Rel, Server, rel, scalar,
                 wait)

COUNT = scalar("ServerCount")
MCLT = rel("Mclt", 1, "alpha")
LONG = bool(os.environ.get("LONG"))
SEED = os.environ.get("SEED") or str(int.from_bytes(os.urandom(4), "big"))
READABLE = 65536  # octets of a PDU, at most
TOO_BIG, UNAVAILABLE = 1, 13
RUNNABLE_AT_REST = 0.5  # of the time


def header(kind, length, session=1, packet=1, version=1, flags=0x10,
           transaction=7):
    return struct.pack(">BBBBIIII", version, kind, flags, 0, session,
                       transaction, packet, length)


class Liar:
    """Takes dhcpfod's connections; what it says is up to the test.  `place` is
    the path of its socket, or a port."""

    def __init__(self, place):
        if isinstance(place, int):
            self.listener = socket.create_server(("127.0.0.1", place))
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            if os.path.exists(place):
                os.unlink(place)
            self.listener.bind(place)
            self.listener.listen(8)
        self.listener.settimeout(30 * PATIENCE)
        self.session, self.packet = 0, 0x7f000000

    def accept(self):
        sock, _ = self.listener.accept()
        sock.settimeout(30 * PATIENCE)
        return Wire(sock)

    def meet(self, but=()):
        """A session that is open and registered, answered like a master does
        it up to one of the types in `but`.  Connections that are only tried
        end at once."""
        while True:
            wire = self.accept()
            self.session += 1
            try:
                while True:
                    pdu = wire.receive()
                    if pdu.type in but:
                        return wire, pdu
                    wire.respond(pdu, session=self.session)
                    if pdu.type == REGISTER:
                        # Until then it has somebody else listen.
                        self.get(wire)
                        return wire, pdu
            except Gone:
                wire.close()

    def get(self, wire):
        """The number of servers, from whoever answers."""
        return self.answers(wire)[-1].varbinds[0][2]

    def ask(self, wire, kind, transaction, payload=b""):
        self.packet += 1
        wire.send(kind, self.session, transaction, self.packet, payload)
        return self.until(wire, self.packet)[-1]

    def answers(self, wire):
        """What it says until it has taken all that was sent so far: its
        answers, the last of them to our own question."""
        self.packet += 1
        wire.send(GET, self.session, 1, self.packet, put_range(COUNT))
        return self.until(wire, self.packet)

    def until(self, wire, packet):
        """All answers up to the one to this packet."""
        found = []
        while True:
            pdu = wire.receive()
            if pdu.type != RESPONSE:
                wire.respond(pdu, session=self.session)
                continue
            found.append(answer_of(pdu))
            if pdu.packet == packet:
                return found

    def close(self):
        self.listener.close()


class HostileCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1)], {"ping-interval": 1}).open()
        cls.addClassCleanup(cls.lab.close)
        cls.lab.seed(1, [Rel("alpha", ["10.1.0.0"])])
        cls.lab.stop_snmpd()
        cls.liar = Liar(cls.lab.socket)
        cls.addClassCleanup(cls.liar.close)
        cls.wire, _ = cls.liar.meet()
        cls.fds, cls.memory = cls.used()

    def setUp(self):
        self.chance = random.Random(SEED + self.id())

    def some(self, cases, n=1):
        """All of them in a long round, else n by chance."""
        return cases if LONG else self.chance.sample(list(cases), n)

    def meet(self, but=()):
        """As the liar does; a session that a test has left is as good."""
        if self.wire is not None and not but:
            return self.wire
        self.part()
        wire, self.first = self.liar.meet(but)
        type(self).wire = wire
        return wire

    def part(self):
        if self.wire is not None:
            self.wire.close()
            type(self).wire = None

    @classmethod
    def used(cls):
        """Descriptors, and memory in kB."""
        pid = cls.lab.agent.pid
        with open("/proc/%d/statm" % pid) as file:
            pages = int(file.read().split()[1])
        return len(os.listdir("/proc/%d/fd" % pid)), pages * 4

    @classmethod
    def check_rest(cls, answer=True):
        """It sends its pings, and has nothing to do in between."""
        began, pings = None, 0
        while pings < 2:
            pdu = cls.wire.receive()
            if pdu.type != RESPONSE and answer:
                cls.wire.respond(pdu, session=cls.liar.session)
            if pdu.type == PING:
                pings += 1
                began = began or (time.monotonic(), cls.runnable())
        part = (cls.runnable() - began[1]) / (time.monotonic() - began[0])
        if part > RUNNABLE_AT_REST:
            raise AssertionError("it runs %.0f %% of the time" % (100 * part))

    @classmethod
    def runnable(cls):
        """For how many seconds its main thread was running or would have
        liked to: of one that spins that is all the time, however busy the
        machine is."""
        with open("/proc/%d/schedstat" % cls.lab.agent.pid) as file:
            return sum(map(int, file.read().split()[:2])) / 1e9

    def tearDown(self):
        """It is there, connects, serves, and has not grown."""
        self.lab.check_alive()
        try:
            self.assertEqual(self.liar.get(self.meet()), 1)
            if LONG:
                self.check_rest()
            wait(lambda: self.used()[0] <= self.fds + 2, "descriptors are free")
            self.assertLess(self.used()[1] - self.memory, 4000 * PATIENCE,
                            "kB of memory")
        except BaseException as error:
            self.part()
            raise AssertionError("%s; SEED=%s" % (error, SEED)) from error

    @classmethod
    def tearDownClass(cls):
        if cls.wire is not None:
            cls.check_rest()

    def hung_up(self, wire, seconds=15):
        """Wait until dhcpfod has hung up; reads nothing."""
        poll = select.poll()
        poll.register(wire.sock, select.POLLRDHUP)
        if not poll.poll(seconds * 1000 * PATIENCE):
            raise AssertionError("it has not hung up")
        self.part()

    @staticmethod
    def drink(wire):
        while select.select([wire.sock], [], [], 0)[0]:
            if not wire.sock.recv(1 << 16):
                raise OSError("it has hung up")


class Connection(HostileCase):
    """What ends in another connection."""
    weight = 20

    def test_connection__that_ends_within_the_handshake(self):
        # Asked what, and how many octets of the answer there are.
        cases = [(None, 0), (REGISTER, 0)] + [(OPEN, n) for n in range(28)]
        for kind, octets in self.some(cases):
            if kind is None:
                self.part()
                self.liar.accept().close()
                continue
            wire = self.meet(but=(kind,))
            answer = header(RESPONSE, 8, packet=self.first.packet) + bytes(8)
            wire.sock.sendall(answer[:octets])
            self.part()

    def test_open__that_is_refused_or_answered_with_nonsense(self):
        for case in self.some((256, 268, 5, 65535, "octets", "packet id")):
            wire = self.meet(but=(OPEN,))
            if case == "octets":
                wire.sock.sendall(self.chance.randbytes(200))
            elif case == "packet id":
                wire.send(RESPONSE, 9, 0, self.first.packet + 77, bytes(8))
                wire.send(GET, 9, 1, 5, put_range(COUNT))
            else:
                wire.respond(self.first, error=case, session=9)
            self.part()

    def test_register__that_is_refused(self):
        for error in self.some((263, 266, 257)):
            wire = self.meet(but=(REGISTER,))
            wire.respond(self.first, error=error, session=self.liar.session)
            self.part()

    def test_sets__before_the_answer_to_register__are_refused_and_let_go(self):
        # They reach Net-SNMP's engine, which keeps a copy or two of each.
        payload = b"".join(put_varbind(MCLT, OCTETS, bytes(8000))
                           for _ in range(8))
        used = []
        for _ in range(3):
            wire = self.meet(but=(REGISTER,))
            for transaction in range(8):
                answer = self.liar.ask(wire, TESTSET, transaction, payload)
                self.assertEqual(answer.error, UNAVAILABLE)
            wire.respond(self.first, session=self.liar.session)
            self.liar.get(wire)
            for transaction in range(8):
                wire.send(CLEANUPSET, self.liar.session, transaction,
                          transaction + 1)
            self.assertEqual(self.liar.get(wire), 1)
            self.part()
            used.append(self.used()[1])
        self.assertLess(used[-1] - used[0], 1000, "kB of memory: %s" % used)
        self.assertNotIn("restore_set_vars", self.lab.log())

    def test_pdu__cut_at_any_octet__and_then_the_end(self):
        pdu = header(TESTSET, len(put_varbind(MCLT, GAUGE32, 7)),
                     self.liar.session) + put_varbind(MCLT, GAUGE32, 7)
        for cut in self.some(range(1, len(pdu))):
            self.meet().sock.sendall(pdu[:cut])
            self.part()
        self.meet()
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], 3600)

    def test_half_a_pdu__and_then_silence(self):
        for part in self.some((b"\x01", header(GET, 40)[:19],
                               header(GET, 4000) + bytes(100))):
            wire = self.meet()
            wire.sock.sendall(part)
            self.check_rest(answer=False)
            self.part()

    def test_length__that_no_pdu_has__ends_the_connection(self):
        for length in self.some((0xffffffff, 0xfffffffc, 0xffffffec,
                                 0x80000000)):
            wire = self.meet()
            wire.sock.sendall(header(GET, length, self.liar.session) +
                              put_range(COUNT) * 3)
            self.hung_up(wire)

    def test_flood__of_whoever_does_not_read__ends_the_connection(self):
        wire = self.meet()
        log = len(self.lab.log())
        wire.sock.setblocking(False)
        one = header(GETNEXT, len(put_range(ROOT)), self.liar.session)
        flood = rest = (one + put_range(ROOT)) * 100
        poll = select.poll()
        poll.register(wire.sock, select.POLLRDHUP | select.POLLOUT)
        while True:
            events = poll.poll(30000 * PATIENCE)
            self.assertTrue(events, "it holds on")
            if events[0][1] != select.POLLOUT:
                break
            try:
                rest = rest[wire.sock.send(rest):] or flood
            except OSError:
                break
        self.part()
        self.assertEqual(self.liar.get(self.meet()), 1)
        self.assertEqual(self.lab.log()[log:].count("could not be sent"), 1)


class Session(HostileCase):
    """What a session survives."""
    weight = 20

    def test_types_and_versions__that_do_not_exist(self):
        for kind in (0, 1, 3, 17, 19, 64, 128, 255):
            for version in (1, 0, 2, 255):
                wire = self.meet()
                try:
                    wire.sock.sendall(header(kind, 8, self.liar.session,
                                             version=version) + bytes(8))
                    wire.sock.sendall(header(GET, 0, self.liar.session))
                    self.liar.get(wire)
                except (OSError, Gone):
                    self.part()

    def test_payload__cut_at_any_octet__does_nothing(self):
        wire = self.meet()
        one = put_varbind(MCLT, GAUGE32, 7)
        two = one + put_varbind(rel("SharedSecret", 1, "alpha"), OCTETS, b"x")
        for kind, payload in (
                (GET, put_range(COUNT, COUNT)),
                (GETBULK, struct.pack(">HH", 0, 2) + put_range(COUNT)),
                (NOTIFY, two), (RESPONSE, bytes(8) + two)):
            for cut in range(len(payload)):
                wire.send(kind, self.liar.session, 5, 1, payload[:cut])
        self.liar.answers(wire)
        for cut in set(range(len(two))) - {0, len(one)}:
            transaction = 60000 + cut
            wire.send(TESTSET, self.liar.session, transaction, 1, two[:cut])
            wire.send(COMMITSET, self.liar.session, transaction, 2)
            wire.send(UNDOSET, self.liar.session, transaction, 3)
            wire.send(CLEANUPSET, self.liar.session, transaction, 4)
            found = self.liar.answers(wire)
            self.assertTrue(all(a.error for a in found[:-1]), cut)
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], 3600)

    def test_pdu__longer_than_can_be_read__is_refused_and_takes_no_memory(
            self):
        self.part()
        wire = self.meet()
        log = len(self.lab.log())
        for length in [READABLE - 16, 1 << 20] + [1 << 26] * LONG:
            for kind in (GET, GETNEXT, GETBULK, TESTSET, COMMITSET, UNDOSET,
                         CLEANUPSET, RESPONSE, PING, 99):
                wire.sock.sendall(header(kind, length, self.liar.session))
                for done in range(0, length, READABLE):
                    wire.sock.sendall(bytes(min(READABLE, length - done)))
                self.assertEqual(
                    [a.error for a in self.liar.answers(wire)],
                    [TOO_BIG, 0] if GET <= kind <= UNDOSET else [0])
                self.assertLess(self.used()[1] - self.memory, 4000 * PATIENCE)
        self.assertEqual(self.lab.log()[log:].count("refused as too big"), 1)

    def test_pdu__of_just_what_can_be_read__is_answered(self):
        wire = self.meet()
        name = (1, 3, 6, 1, 4) + (1,) * 9
        payload = put_range(name, name) * 818 + put_range(name[:-1], name)
        self.assertEqual(len(payload) + 20, READABLE)
        wire.send(GET, self.liar.session, 5, 1, payload)
        found = self.liar.answers(wire)
        self.assertEqual([(a.error, len(a.varbinds)) for a in found],
                         [(0, 819), (0, 1)])

    def test_session_id__that_is_not_ours__reads_and_changes_nothing(self):
        wire = self.meet()
        varbind = put_varbind(MCLT, GAUGE32, 4711)
        for session in (0, self.liar.session + 1, 0xffffffff):
            for packet, (kind, payload) in enumerate((
                    (TESTSET, varbind), (COMMITSET, b""), (CLEANUPSET, b""),
                    (GET, put_range(COUNT))), 100):
                wire.send(kind, session, 77, packet, payload)
        self.liar.get(wire)
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], 3600)

    def test_answers__that_nobody_has_asked_for(self):
        wire = self.meet()
        for packet in range(2000):
            wire.send(RESPONSE, self.liar.session, 0, packet, bytes(8))
        for kind in (NOTIFY, PING):
            wire.send(kind, self.liar.session, 0, 1, bytes(4))
        self.assertEqual(self.liar.get(wire), 1)
        wire.send(CLOSE, self.liar.session, 0, 1, bytes(4))
        self.part()

    def test_sets__that_are_never_ended__do_not_add_up(self):
        wire = self.meet()
        varbind = put_varbind(MCLT, GAUGE32, 7)
        for i in range(20000 if LONG else 2000):
            wire.send(TESTSET, self.liar.session, 1000 + i, 1000 + i, varbind)
            self.drink(wire)
        # What was tested last can still be done.
        for kind, payload, found in ((TESTSET, varbind, 3600),
                                     (COMMITSET, b"", 7), (UNDOSET, b"", 3600)):
            self.assertEqual(self.liar.ask(wire, kind, 999, payload).error, 0)
            self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], found)

    def test_sets__in_an_order_by_chance__end(self):
        wire = self.meet()
        transactions = range(30000, 30003)
        values = [3600 + t for t in transactions]
        for i in range(5000 if LONG else 500):
            kind = self.chance.choice((TESTSET, COMMITSET, UNDOSET, CLEANUPSET))
            transaction = self.chance.choice(transactions)
            wire.send(kind, self.liar.session, transaction, 100 + i,
                      put_varbind(MCLT, GAUGE32, 3600 + transaction)
                      if kind == TESTSET else b"")
            if i % 50 == 0:
                self.liar.answers(wire)
        for transaction in transactions:
            wire.send(CLEANUPSET, self.liar.session, transaction, 1)
        self.assertIn(self.lab.rows(1)["alpha"]["mclt"], [3600] + values)
        self.set_mclt(wire, 3600)

    def set_mclt(self, wire, value):
        """As soon as the row can be set."""
        transactions = itertools.count(70000)

        def done():
            transaction = next(transactions)
            error = self.liar.ask(wire, TESTSET, transaction, put_varbind(
                MCLT, GAUGE32, value)).error or self.liar.ask(
                    wire, COMMITSET, transaction).error
            wire.send(CLEANUPSET, self.liar.session, transaction, 1)
            return not error
        wait(done, "the row is set")
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], value)

    def test_bytes__by_chance(self):
        secret = put_varbind(rel("SharedSecret", 1, "alpha"), OCTETS, b"x")
        good = [(GET, put_range(COUNT)), (GETNEXT, put_range(ROOT)),
                (GETBULK, struct.pack(">HH", 1, 9) + put_range(ROOT) * 2),
                (TESTSET, secret), (TESTSET, put_varbind(
                    rel("RowStatus", 1, "alpha"), INTEGER, 6)),
                (UNDOSET, b""), (CLEANUPSET, b""), (RESPONSE, bytes(8)),
                (GET, put_octets(b"context") + put_range(COUNT))]
        for i in range(3000 if LONG else 100):
            wire = self.meet()
            kind, payload = self.chance.choice(good)
            data = bytearray(header(kind, len(payload), self.liar.session, i) +
                             payload)
            for _ in range(self.chance.choice((0, 1, 1, 2, 8))):
                at = self.chance.randrange(len(data))
                # Mostly behind the length, which else makes it wait.
                if self.chance.random() < 0.8 and len(data) > 20:
                    at = self.chance.randrange(20, len(data))
                data[at] = self.chance.choice((0, 1, 0x7f, 0x80, 0xff,
                                               self.chance.randrange(256)))
            try:
                wire.sock.sendall(data)
                self.drink(wire)
                if self.chance.random() < 0.01:
                    raise OSError("enough of this one")
            except OSError:
                self.part()
            if self.lab.agent.poll() is not None:
                raise AssertionError("SEED=%s, number %d" % (SEED, i))
        # It may wait for the rest of something very long.
        self.part()


class Manager(unittest.TestCase):
    """One datagram to snmpd that becomes a PDU of more than 65,536 octets."""
    NAMES = 1000

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1)]).open()
        cls.addClassCleanup(cls.lab.close)
        cls.lab.seed(1, [Rel("alpha", ["10.1.0.0"])])

    def setUp(self):
        self.before = self.lab.log()

    def tearDown(self):
        """The session is the one it was, and all is served."""
        self.assertEqual(self.lab.get(COUNT), 1)
        self.assertEqual(self.lab.set((MCLT, ("u", 3600))).status, "noError")
        self.assertNotIn("AgentX", self.new_log())

    def new_log(self):
        """What was said of it is at most one line in a session."""
        lines = [x for x in self.lab.log()[len(self.before):].splitlines()
                 if "refused as too big: at most 65536" not in x]
        self.assertLessEqual(
            self.lab.log().count("refused as too big: at most 65536"), 1)
        return "\n".join(lines)

    def test_get__of_a_thousand_names__is_too_big_and_ends_no_session(self):
        for ask in (self.lab.pysnmp.get, self.lab.pysnmp.next):
            self.assertEqual(ask(*[MCLT] * self.NAMES).status, "tooBig")
        self.assertIn("a request of 72020 octets is refused as too big",
                      self.lab.log())

    def test_getbulk__of_a_thousand_names__ends_no_session(self):
        # snmpd asks for as many as it would answer.
        self.assertIn(self.lab.pysnmp.bulk(0, 2, *[MCLT] * self.NAMES).status,
                      ("noError", "tooBig"))

    def test_set__of_a_thousand_varbinds__is_too_big_and_changes_nothing(self):
        contact = self.lab.get(SYS_CONTACT)
        self.lab.forget(1)
        reply = self.lab.set((SYS_CONTACT, ("s", "nobody")),
                             *[(MCLT, ("u", 7))] * self.NAMES)
        self.assertEqual(reply.status, "tooBig")
        self.assertEqual(self.lab.changes(1), [])
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], 3600)
        self.assertEqual(self.lab.get(SYS_CONTACT), contact)


if LONG:  # It takes five pings until dhcpfod minds.
    class Silence(unittest.TestCase):
        weight = 20

        def test_silence__on_a_unix_socket__is_said_once_and_then_served(self):
            with Lab([Server(1)], {"ping-interval": 1}, master=False,
                     start=False) as lab:
                liar = Liar(lab.socket)
                lab.cleanups.append(liar.close)
                lab.start_agent(ready=False)
                wire, _ = liar.meet()
                wait(lambda: "does not answer" in lab.log(), "it says so", 20)
                # It holds on to who is there, and is asked again.
                self.assertEqual(liar.get(wire), 1)
                self.assertEqual(lab.log().count("does not answer"), 1)
                wire.close()

        def test_silence__on_a_tcp_socket__ends_in_a_new_connection(self):
            with Lab([Server(1)], {"ping-interval": 1}, master=False,
                     start=False) as lab:
                liar = Liar(0)
                lab.cleanups.append(liar.close)
                lab.socket = "tcp:127.0.0.1:%d" % liar.listener.getsockname()[1]
                lab.start_agent(ready=False)
                liar.meet()
                wire, _ = liar.meet()
                self.assertEqual(liar.get(wire), 1)
                wire.close()


if __name__ == "__main__":
    unittest.main()
