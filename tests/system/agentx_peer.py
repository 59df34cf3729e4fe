# SPDX-License-Identifier: BSD-2-Clause
"""AgentX (RFC 2741) by hand: PDUs in and out of octets, and a tiny subagent.

Peer is a second subagent beside dhcpfod: one read-write INTEGER scalar, whose
TestSet, CommitSet and UndoSet fail on command.  It shows what dhcpfod does when
somebody else's part of a SET fails.
"""
import collections
import socket
import struct
import threading

OPEN, CLOSE, REGISTER, UNREGISTER, GET, GETNEXT, GETBULK, TESTSET, COMMITSET, \
    UNDOSET, CLEANUPSET, NOTIFY, PING, INDEX_ALLOCATE, INDEX_DEALLOCATE, \
    ADD_CAPS, REMOVE_CAPS, RESPONSE = range(1, 19)

FLAG_CONTEXT, FLAG_BIG_ENDIAN = 0x08, 0x10

INTEGER, OCTETS, NULL, OID = 2, 4, 5, 6
IPADDRESS, COUNTER32, GAUGE32, TIMETICKS, OPAQUE, COUNTER64 = \
    64, 65, 66, 67, 68, 70
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 128, 129, 130

# SNMP's error-status, as AgentX uses them.
GEN_ERR, NO_ACCESS, RESOURCE_UNAVAILABLE, COMMIT_FAILED, UNDO_FAILED = \
    5, 6, 13, 14, 15
NOT_OPEN, UNSUPPORTED_CONTEXT, PROCESSING_ERROR = 257, 262, 268

SCALAR = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 648, 1, 0)

Pdu = collections.namedtuple(
    "Pdu", "type flags session transaction packet payload")
Answer = collections.namedtuple("Answer", "error index varbinds flags extra")


class Gone(Exception):
    """The other side has closed the connection."""


# ---- octets

def put_oid(oid, include=0):
    prefix = 0
    if len(oid) > 4 and oid[:4] == (1, 3, 6, 1) and 0 < oid[4] < 256:
        prefix, oid = oid[4], oid[5:]
    return struct.pack(">BBBB%dI" % len(oid), len(oid), prefix, include, 0,
                       *oid)


def put_octets(octets):
    return struct.pack(">I", len(octets)) + octets + bytes(-len(octets) % 4)


def put_varbind(oid, kind, value):
    data = struct.pack(">HH", kind, 0) + put_oid(oid)
    if kind == INTEGER:
        return data + struct.pack(">i", value)
    if kind in (COUNTER32, GAUGE32, TIMETICKS):
        return data + struct.pack(">I", value)
    if kind == COUNTER64:
        return data + struct.pack(">Q", value)
    if kind == OID:
        return data + put_oid(value)
    if kind in (OCTETS, IPADDRESS, OPAQUE):
        return data + put_octets(value)
    return data


def put_range(start, end=(), include=False):
    return put_oid(start, int(include)) + put_oid(end)


class Octets:
    """Reads what is in a payload, one thing after the other."""

    def __init__(self, data, big):
        self.data, self.at, self.order = data, 0, ">" if big else "<"

    def take(self, form):
        found = struct.unpack_from(self.order + form, self.data, self.at)
        self.at += struct.calcsize(self.order + form)
        return found

    def oid(self):
        n, prefix, include, _ = self.take("BBBB")
        oid = self.take("%dI" % n)
        if prefix:
            oid = (1, 3, 6, 1, prefix) + oid
        return oid, bool(include)

    def octets(self):
        n, = self.take("I")
        found = self.data[self.at:self.at + n]
        self.at += n + -n % 4
        return found

    def varbind(self):
        kind, _ = self.take("HH")
        oid, _ = self.oid()
        value = None
        if kind == INTEGER:
            value, = self.take("i")
        elif kind in (COUNTER32, GAUGE32, TIMETICKS):
            value, = self.take("I")
        elif kind == COUNTER64:
            value, = self.take("Q")
        elif kind == OID:
            value, _ = self.oid()
        elif kind in (OCTETS, IPADDRESS, OPAQUE):
            value = self.octets()
        return oid, kind, value

    def varbinds(self):
        found = []
        while self.at < len(self.data):
            found.append(self.varbind())
        return found

    def left(self):
        return self.at < len(self.data)


def answer_of(pdu):
    """The fields of a Response PDU."""
    octets = Octets(pdu.payload, pdu.flags & FLAG_BIG_ENDIAN)
    _, error, index = octets.take("IHH")
    varbinds, extra = [], b""
    at = octets.at
    try:
        varbinds = octets.varbinds()
    except (struct.error, IndexError):
        extra = pdu.payload[at:]  # not a list of varbinds
    return Answer(error, index, varbinds, pdu.flags, extra)


class Wire:
    """A connection that carries PDUs."""

    def __init__(self, sock):
        self.sock = sock
        self.lock = threading.Lock()

    def send(self, kind, session, transaction, packet, payload=b"", flags=0):
        data = struct.pack(">BBBBIIII", 1, kind, flags | FLAG_BIG_ENDIAN, 0,
                           session, transaction, packet, len(payload))
        with self.lock:
            self.sock.sendall(data + payload)

    def respond(self, pdu, error=0, index=0, payload=b"", session=None):
        self.send(RESPONSE, pdu.session if session is None else session,
                  pdu.transaction, pdu.packet,
                  struct.pack(">IHH", 0, error, index) + payload)

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self.sock.recv(n - len(data))
            except OSError as error:
                raise Gone() from error
            if not more:
                raise Gone()
            data += more
        return data

    def receive(self):
        head = self._exactly(20)
        order = ">" if head[2] & FLAG_BIG_ENDIAN else "<"
        _, kind, flags, _, session, transaction, packet, length = \
            struct.unpack(order + "BBBBIIII", head)
        return Pdu(kind, flags, session, transaction, packet,
                   self._exactly(length))

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


# ---- a subagent

class Peer:
    """`fail`: {PDU type: error} to answer; `seen`: PDU types so far."""

    def __init__(self, path):
        self.fail, self.seen, self.value = {}, [], 0
        self.wanted = None
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(10)
        sock.connect(path)
        self.wire = Wire(sock)
        self.wire.send(OPEN, 0, 0, 1, struct.pack(">I", 0) +
                       put_oid(()) + put_octets(b"peer"))
        self.session = self.wire.receive().session
        self.wire.send(REGISTER, self.session, 0, 2,
                       struct.pack(">BBBB", 0, 127, 0, 0) +
                       put_oid(SCALAR[:-2]))
        error = answer_of(self.wire.receive()).error
        if error != 0:
            raise AssertionError("the master refuses to register: %d" % error)
        sock.settimeout(None)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.wire.close()
        self.thread.join()

    def _serve(self):
        try:
            while True:
                self._serve_one(self.wire.receive())
        except Gone:
            pass

    def _serve_one(self, pdu):
        if pdu.type == RESPONSE:
            return
        self.seen.append(pdu.type)
        octets = Octets(pdu.payload, pdu.flags & FLAG_BIG_ENDIAN)
        if pdu.type in (GET, GETNEXT):
            found = b""
            while octets.left():
                oid, include = octets.oid()
                octets.oid()
                found += self._read(oid, pdu.type == GETNEXT, include)
            self.wire.respond(pdu, payload=found)
            return
        if pdu.type == CLEANUPSET:
            return
        error = self.fail.get(pdu.type, 0)
        if pdu.type == TESTSET:
            self.wanted = octets.varbind()[2]
        elif pdu.type == COMMITSET and error == 0:
            self.value, self.wanted = self.wanted, self.value
        elif pdu.type == UNDOSET and COMMITSET not in self.fail:
            self.value = self.wanted
        self.wire.respond(pdu, error, 1 if error else 0)

    def _read(self, oid, following, include):
        if oid == SCALAR and (not following or include):
            return put_varbind(SCALAR, INTEGER, self.value)
        if following:
            if oid < SCALAR:
                return put_varbind(SCALAR, INTEGER, self.value)
            return put_varbind(oid, END_OF_MIB_VIEW, None)
        return put_varbind(oid, NO_SUCH_OBJECT, None)
