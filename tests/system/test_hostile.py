# SPDX-License-Identifier: BSD-2-Clause
"""A master that is broken or means harm: dhcpfod reconnects or carries on, does
not crash, does not spin, and keeps neither memory nor descriptors."""
import os
import random
import select
import socket
import struct
import threading
import time
import unittest

from agentx_peer import (CLEANUPSET, CLOSE, COMMITSET, GAUGE32, GET, GETBULK,
                         GETNEXT, INTEGER, NOTIFY, NOT_OPEN, OCTETS, OPEN, PING,
                         REGISTER, RESPONSE, TESTSET, UNDOSET, Gone, Wire,
                         answer_of, put_octets, put_range, put_varbind)
from lab import (PATIENCE, ROOT, Lab, Pysnmp, Rel, Server, rel, scalar,
                 wait)

COUNT = scalar("ServerCount")
# PDUs that are altered by chance: "make hostile" has more of them.
ROUNDS = int(os.environ.get("HOSTILE", 100))
SILENT = "the AgentX master does not answer"
TICKS = os.sysconf("SC_CLK_TCK")


def header(kind, length, session=1, packet=1, version=1, flags=0x10):
    return struct.pack(">BBBBIIII", version, kind, flags, 0, session, 7,
                       packet, length)


class Liar:
    """Takes dhcpfod's connections; what it says is up to the test."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(path):
            os.unlink(path)
        self.listener.bind(path)
        self.listener.listen(8)
        self.listener.settimeout(15 * PATIENCE)
        self.session = 0

    def accept(self):
        sock, _ = self.listener.accept()
        sock.settimeout(15 * PATIENCE)
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

    def get(self, wire, packet=0x7f000000):
        """The number of servers, from whoever answers."""
        wire.send(GET, self.session, 1, packet, put_range(COUNT))
        while True:
            pdu = wire.receive()
            if pdu.type == RESPONSE and pdu.packet == packet:
                return answer_of(pdu).varbinds[0][2]
            if pdu.type != RESPONSE:
                wire.respond(pdu, session=self.session)

    def close(self):
        self.listener.close()


class Hostile(unittest.TestCase):
    weight = 20

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1)], {"ping-interval": 1}).open()
        cls.addClassCleanup(cls.lab.close)
        cls.lab.seed(1, [Rel("alpha", ["10.1.0.0"])])
        cls.lab.stop_snmpd()
        cls.liar = Liar(cls.lab.socket)
        cls.addClassCleanup(cls.liar.close)
        wire, _ = cls.liar.meet()
        wire.close()
        cls.fds, cls.memory = cls.used()

    @classmethod
    def used(cls):
        pid = cls.lab.agent.pid
        with open("/proc/%d/statm" % pid) as file:
            pages = int(file.read().split()[1])
        return len(os.listdir("/proc/%d/fd" % pid)), pages * 4

    def cpu(self):
        with open("/proc/%d/stat" % self.lab.agent.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def tearDown(self):
        """It is there, connects, serves, rests and has not grown."""
        self.lab.check_alive()
        wire, _ = self.liar.meet()
        try:
            self.assertEqual(self.liar.get(wire), 1)
            before = self.cpu()
            threading.Event().wait(0.5)
            self.assertLess(self.cpu() - before, 0.25, "seconds of CPU time")
            wait(lambda: self.used()[0] <= self.fds + 2, "descriptors are free")
        finally:
            wire.close()
        self.assertLess(self.used()[1] - self.memory, 4000 * PATIENCE,
                        "kB of memory")

    def test_connection__that_ends_at_each_point_of_the_handshake(self):
        for _ in range(3):
            self.liar.accept().close()
        for kind in (OPEN, REGISTER, PING):
            wire, pdu = self.liar.meet(but=(kind,)) if kind != PING \
                else self.liar.meet()
            wire.close()
        for cut in (1, 19, 20, 27):
            wire, pdu = self.liar.meet(but=(OPEN,))
            answer = header(RESPONSE, 8, packet=pdu.packet) + bytes(8)
            wire.sock.sendall(answer[:cut])
            wire.close()

    def test_open__that_is_refused_or_answered_with_nonsense(self):
        for error in (256, 268, 5, 65535):
            wire, pdu = self.liar.meet(but=(OPEN,))
            wire.respond(pdu, error=error, session=9)
            wire.close()
        wire, pdu = self.liar.meet(but=(OPEN,))
        wire.sock.sendall(os.urandom(200))
        wire.close()
        wire, pdu = self.liar.meet(but=(OPEN,))
        wire.send(RESPONSE, 9, 0, pdu.packet + 77, bytes(8))
        wire.send(GET, 9, 1, 5, put_range(COUNT))
        wire.close()

    def test_register__that_is_refused(self):
        for error in (263, 266, 257):
            wire, pdu = self.liar.meet(but=(REGISTER,))
            wire.respond(pdu, error=error, session=self.liar.session)
            wire.close()

    def test_header__with_a_length_that_cannot_be(self):
        for length in (0xffffffff, 0xfffffffc, 0x7fffffff, 0x01000000, 3, 5):
            with self.subTest(length):
                wire, _ = self.liar.meet()
                wire.sock.sendall(header(GET, length, self.liar.session) +
                                  put_range(COUNT) * 3)
                wire.close()

    def test_half_a_pdu__and_then_silence(self):
        for part in (b"\x01", header(GET, 40)[:19], header(GET, 4000) +
                     bytes(100)):
            wire, _ = self.liar.meet()
            wire.sock.sendall(part)
            before = self.cpu()
            threading.Event().wait(1)
            self.assertLess(self.cpu() - before, 0.5, "seconds of CPU time")
            self.lab.check_alive()
            wire.close()

    def test_silence__is_told_of_once_and_whoever_speaks_again_is_served(self):
        wire, _ = self.liar.meet()
        before = self.lab.log().count(SILENT)
        wait(lambda: self.lab.log().count(SILENT) > before, "it is told", 15)
        self.assertEqual(self.liar.get(wire), 1)
        self.assertEqual(self.lab.log().count(SILENT), before + 1)
        wire.close()

    def test_types_and_versions__that_do_not_exist(self):
        for version in (1, 0, 2, 255):
            wire, _ = self.liar.meet()
            for kind in (0, 1, 3, 17, 19, 64, 128, 255):
                try:
                    wire.sock.sendall(header(kind, 8, self.liar.session,
                                             version=version) + bytes(8))
                    wire.sock.sendall(header(GET, 0, self.liar.session))
                except OSError:
                    wire.close()
                    wire, _ = self.liar.meet()
            wire.close()

    def test_session_id__that_is_not_ours__reads_and_changes_nothing(self):
        wire, _ = self.liar.meet()
        varbind = put_varbind(rel("Mclt", 1, "alpha"), GAUGE32, 4711)
        asked = set()
        for session in (0, self.liar.session + 1, 0xffffffff):
            for kind, payload in ((TESTSET, varbind), (COMMITSET, b""),
                                  (CLEANUPSET, b""), (GET, put_range(COUNT))):
                wire.send(kind, session, 77, len(asked), payload)
                # To this there is no answer.
                if kind != CLEANUPSET:
                    asked.add(len(asked))
        while asked:
            pdu = wire.receive()
            if pdu.type == RESPONSE:
                self.assertEqual(answer_of(pdu).error, NOT_OPEN)
                asked.remove(pdu.packet)
            else:
                wire.respond(pdu, session=self.liar.session)
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], 3600)
        wire.close()

    def test_answers__that_nobody_has_asked_for(self):
        wire, _ = self.liar.meet()
        for packet in range(2000):
            wire.send(RESPONSE, self.liar.session, 0, packet, bytes(8))
        for kind in (CLOSE, NOTIFY, PING):
            wire.send(kind, self.liar.session, 0, 1, bytes(4))
        wire.close()

    def test_sets__that_are_never_ended__do_not_add_up(self):
        wire, _ = self.liar.meet()
        varbind = put_varbind(rel("Mclt", 1, "alpha"), GAUGE32, 7)
        for i in range(20000):
            wire.send(TESTSET, self.liar.session, 1000 + i, 1000 + i, varbind)
            self.drink(wire)
        self.assertEqual(self.liar.get(wire), 1)
        # What was tested last can still be done.
        wire.send(COMMITSET, self.liar.session, 20999, 5)
        wait(lambda: self.lab.rows(1)["alpha"]["mclt"] == 7, "it is done")
        wire.send(UNDOSET, self.liar.session, 20999, 6)
        wait(lambda: self.lab.rows(1)["alpha"]["mclt"] == 3600, "it is undone")
        wire.close()

    @staticmethod
    def drink(wire):
        while select.select([wire.sock], [], [], 0)[0]:
            if not wire.sock.recv(1 << 16):
                return

    def test_flood__of_whoever_does_not_read__does_not_hold_it(self):
        wire, _ = self.liar.meet()
        wire.sock.settimeout(1)
        one = header(GETNEXT, len(put_range(ROOT)), self.liar.session)
        try:
            for _ in range(200):
                wire.sock.sendall((one + put_range(ROOT)) * 100)
        except OSError:
            pass
        # Nobody reads for a while; and then there is nobody.
        threading.Event().wait(2)
        wire.close()

    def test_bytes__by_chance(self):
        seed = int.from_bytes(os.urandom(4), "big")
        chance = random.Random(seed)
        varbind = put_varbind(rel("SharedSecret", 1, "alpha"), OCTETS, b"x")
        good = [(GET, put_range(COUNT)), (GETNEXT, put_range(ROOT)),
                (GETBULK, struct.pack(">HH", 1, 9) + put_range(ROOT) * 2),
                (TESTSET, varbind), (TESTSET, put_varbind(
                    rel("RowStatus", 1, "alpha"), INTEGER, 6)),
                (UNDOSET, b""), (CLEANUPSET, b""), (RESPONSE, bytes(8)),
                (GET, put_octets(b"context") + put_range(COUNT))]
        wire = None
        for i in range(ROUNDS):
            if wire is None:
                wire, _ = self.liar.meet()
            kind, payload = chance.choice(good)
            data = bytearray(header(kind, len(payload), self.liar.session, i) +
                             payload)
            for _ in range(chance.choice((0, 1, 1, 2, 8))):
                at = chance.randrange(len(data))
                # Mostly behind the length, which else makes it wait.
                if chance.random() < 0.8 and len(data) > 20:
                    at = chance.randrange(20, len(data))
                data[at] = chance.choice((0, 1, 0x7f, 0x80, 0xff,
                                          chance.randrange(256)))
            try:
                wire.sock.sendall(data)
                self.drink(wire)
                if chance.random() < 0.02:
                    raise OSError()
            except OSError:
                wire.close()
                wire = None
            if self.lab.agent.poll() is not None:
                raise AssertionError("seed %d, number %d" % (seed, i))
        if wire is not None:
            wire.close()


class TooMany(unittest.TestCase):
    """A request of more octets than Net-SNMP takes from a master: its library
    drops it before dhcpfod sees it, and snmpd gives up after six seconds."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1)]).open()
        cls.addClassCleanup(cls.lab.close)
        cls.lab.seed(1, [Rel("alpha", ["10.1.0.0"])])

    def test_request__that_is_too_long__is_lost_and_nothing_else(self):
        client = Pysnmp(self.lab.port)
        self.assertEqual(client.get(*[COUNT] * 1200).status, "noError")
        reply = client.get(*[COUNT] * 2000, timeout=20)
        self.assertEqual(reply.status, "genErr")
        wait(self.lab.tables_there, "the tables are there again", 20)
        self.lab.check_alive()
        mclt = rel("Mclt", 1, "alpha")
        self.assertEqual(self.lab.set((mclt, ("u", 60))).status, "noError")
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], 60)
