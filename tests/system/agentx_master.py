# SPDX-License-Identifier: BSD-2-Clause
"""A master agent by hand: what a real one never does, to see what dhcpfod does.

Master listens on a unix socket, lets dhcpfod open and register, and answers its
pings.  What a test sends it is up to the test:

    master.send(COMMITSET, 7)          a PDU of transaction 7, with a new packet id
    master.answer(packet)              waits for its Response
"""
import collections
import os
import socket
import struct
import threading

from agentx_peer import (ADD_CAPS, CLOSE, GET, NOTIFY, OPEN, PING, REGISTER,
                         REMOVE_CAPS, RESPONSE, UNREGISTER, Gone, Octets, Wire,
                         answer_of, put_range, FLAG_BIG_ENDIAN)
from lab import PATIENCE


class Master:
    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(path):
            os.unlink(path)
        self.listener.bind(path)
        self.listener.listen(4)
        self.state = threading.Condition()
        self.wire = None
        self.session = 0
        self.registered = []
        self.answers = collections.defaultdict(list)
        self.asked = []  # types of what dhcpfod sent by itself
        self.hold = set()  # of which these are answered later
        self.held = []
        self.packet = 1000
        self.closing = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        self.closing = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.hang_up()
        self.thread.join()

    def hang_up(self):
        """Drop the connection."""
        with self.state:
            wire = self.wire
        if wire is not None:
            wire.close()

    def _run(self):
        while not self.closing:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.state:
                self.wire = Wire(sock)
                self.registered = []
                self.session += 1
                self.state.notify_all()
            try:
                while True:
                    self._take(self.wire.receive())
            except Gone:
                with self.state:
                    self.wire.sock.close()
                    self.wire = None
                    self.state.notify_all()

    def _take(self, pdu):
        with self.state:
            if pdu.type == RESPONSE:
                self.answers[pdu.packet].append(answer_of(pdu))
            else:
                self.asked.append(pdu.type)
            if pdu.type == REGISTER:
                octets = Octets(pdu.payload, pdu.flags & FLAG_BIG_ENDIAN)
                octets.take("BBBB")
                self.registered.append(octets.oid()[0])
            if pdu.type in self.hold:
                self.held.append(pdu)
            elif pdu.type in (OPEN, CLOSE, REGISTER, UNREGISTER, PING, NOTIFY,
                              ADD_CAPS, REMOVE_CAPS):
                self.wire.respond(pdu, session=self.session)
            self.state.notify_all()

    def release(self):
        """Answer what was held back, and hold nothing any more."""
        with self.state:
            self.hold.clear()
            held, self.held = self.held, []
        for pdu in held:
            self.wire.respond(pdu, session=self.session)

    def wait_for(self, condition, what, seconds=10):
        with self.state:
            if not self.state.wait_for(condition, seconds * PATIENCE):
                raise AssertionError("not in %d s: %s" % (
                    seconds * PATIENCE, what))

    def wait_registered(self, root):
        self.wait_for(lambda: self.wire is not None and
                      root in self.registered, "dhcpfod registers")

    def send(self, kind, transaction, payload=b"", packet=None, flags=0,
             session=None):
        """Send a PDU; returns its packet id, which is a new one by default."""
        with self.state:
            if packet is None:
                self.packet += 1
                packet = self.packet
            wire = self.wire
        wire.send(kind, self.session if session is None else session,
                  transaction, packet, payload, flags)
        return packet

    def answer(self, packet, number=1):
        """The number-th answer to a packet, once it is there."""
        self.wait_for(lambda: len(self.answers[packet]) >= number,
                      "answer %d to packet %d" % (number, packet))
        return self.answers[packet][number - 1]

    def ask(self, kind, transaction, payload=b"", **kw):
        return self.answer(self.send(kind, transaction, payload, **kw))

    def sync(self, oid):
        """Wait until dhcpfod has read all that was sent so far: it answers in
        order what it answers at once."""
        return self.ask(GET, 0x7fffffff, put_range(oid))

    def how_many(self, packet):
        """How many answers a packet has got so far."""
        with self.state:
            return len(self.answers[packet])


def bulk(non, most, *ranges):
    """The payload of a GetBulk."""
    return struct.pack(">HH", non, most) + b"".join(ranges)
