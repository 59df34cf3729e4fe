# SPDX-License-Identifier: BSD-2-Clause
"""DCE/RPC over TCP, the server's side: PDUs (C706 chapter 12, MS-RPCE), NTLM
(MS-NLMP), SPNEGO (RFC 4178) and Kerberos, as much as a DHCPM server needs.

Written from the specifications.  It shares no code with dhcpfo, nor with Samba:
ciphers and digests are pycryptodome's, Kerberos is MIT's.
"""
import hashlib
import hmac
import os
import socket
import struct
import threading
import time
import uuid

from Cryptodome.Cipher import ARC4
from Cryptodome.Hash import MD4

REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, BIND_NAK = 0, 2, 3, 11, 12, 13
ALTER, ALTER_ACK, AUTH3, CANCEL, ORPHANED = 14, 15, 16, 18, 19
FIRST, LAST, HEADER_SIGN, HAS_OBJECT = 0x01, 0x02, 0x04, 0x80
FRAGMENT = 5840

SPNEGO, NTLM = 9, 10
INTEGRITY, PRIVACY = 5, 6

NDR_SYNTAX = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + \
    struct.pack("<I", 2)

ACCESS_DENIED, PROCNUM_OUT_OF_RANGE = 0x00000005, 0x1c010002
BAD_STUB_DATA = 0x000006f7


class Refused(Exception):
    """The caller is not let in."""


class Fault(Exception):
    def __init__(self, status):
        super().__init__("fault 0x%x" % status)
        self.status = status


class Hangup(Exception):
    """The connection ends here."""


# ---- DER, the little that SPNEGO takes

OID_NTLM = bytes.fromhex("060a2b06010401823702020a")


def der(tag, data):
    n = len(data)
    if n < 0x80:
        return bytes([tag, n]) + data
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + data


def undo(data):
    """(tag, content, rest) of the first element."""
    tag, n, at = data[0], data[1], 2
    if n & 0x80:
        at += n & 0x7f
        n = int.from_bytes(data[2:at], "big")
    if len(data) < at + n:
        raise Refused("DER ends early")
    return tag, data[at:at + n], data[at + n:]


def elements(data):
    while data:
        tag, content, data = undo(data)
        yield tag, content


# ---- NTLM

UNICODE, TARGET, SIGN, SEAL = 0x01, 0x04, 0x10, 0x20
NTLM_KEY, ALWAYS_SIGN, DOMAIN, EXTENDED = 0x200, 0x8000, 0x10000, 0x80000
TARGET_INFO, VERSION = 0x800000, 0x2000000
KEY_128, KEY_EXCHANGE, KEY_56 = 0x20000000, 0x40000000, 0x80000000


def utf16(text):
    return text.encode("utf-16-le")


def hmac_md5(key, data):
    return hmac.new(key, data, hashlib.md5).digest()


class Seal:
    """One direction of NTLM with extended session security."""

    def __init__(self, key, who):
        def derived(what):
            return hashlib.md5(key + b"session key to %s %s key magic "
                               b"constant\0" % (who, what)).digest()
        self.sign_key, self.seal_key = derived(b"signing"), derived(b"sealing")
        self.sequence = 0
        self.reset()

    def reset(self):
        """After SPNEGO's checksums the cipher starts anew (MS-SPNG)."""
        self.cipher = ARC4.new(self.seal_key)

    def signature(self, message):
        number = struct.pack("<I", self.sequence)
        self.sequence += 1
        check = hmac_md5(self.sign_key, number + message)[:8]
        return b"\1\0\0\0" + self.cipher.encrypt(check) + number


class Ntlm:
    """An acceptor.  `users`: name in capitals -> password."""

    overhead = 16

    def __init__(self, users, domain="LAB", name="DHCPM"):
        self.users, self.domain, self.name = users, domain, name
        self.user = None
        self.negotiate = self.challenge = b""

    def step(self, token):
        """(answer, done)"""
        if token[:8] != b"NTLMSSP\0":
            raise Refused("this is not NTLM")
        kind = struct.unpack_from("<I", token, 8)[0]
        if kind == 1:
            return self._challenge(token), False
        if kind == 3:
            self._authenticate(token)
            return b"", True
        raise Refused("NTLM message %d" % kind)

    def _challenge(self, token):
        self.negotiate = token
        asked = struct.unpack_from("<I", token, 12)[0]
        flags = (asked & (SIGN | SEAL | ALWAYS_SIGN | KEY_128 | KEY_56 |
                          KEY_EXCHANGE | EXTENDED) |
                 UNICODE | TARGET | NTLM_KEY | DOMAIN | TARGET_INFO | VERSION)
        if not flags & EXTENDED or not flags & KEY_128:
            raise Refused("NTLM without extended security")
        self.nonce = os.urandom(8)
        now = int((time.time() + 11644473600) * 10 ** 7)
        info = b"".join(
            struct.pack("<HH", n, len(v)) + v for n, v in (
                (2, utf16(self.domain)), (1, utf16(self.name)),
                (4, utf16("lab.example")), (3, utf16("dhcpm.lab.example")),
                (7, struct.pack("<Q", now)), (0, b"")))
        target = utf16(self.domain)
        at = 56
        self.challenge = (
            b"NTLMSSP\0" + struct.pack("<I", 2) +
            struct.pack("<HHI", len(target), len(target), at) +
            struct.pack("<I", flags) + self.nonce + bytes(8) +
            struct.pack("<HHI", len(info), len(info), at + len(target)) +
            b"\x0a\0\x39\x38\0\0\0\x0f" + target + info)
        return self.challenge

    @staticmethod
    def _field(token, at):
        length, _, offset = struct.unpack_from("<HHI", token, at)
        if offset + length > len(token):
            raise Refused("NTLM field out of range")
        return token[offset:offset + length]

    def _authenticate(self, token):
        response = self._field(token, 20)
        domain = self._field(token, 28).decode("utf-16-le")
        user = self._field(token, 36).decode("utf-16-le")
        password = self.users.get(user.upper())
        if password is None or len(response) < 44:
            raise Refused("no such user: %r" % user)
        secret = hmac_md5(MD4.new(utf16(password)).digest(),
                          utf16(user.upper() + domain))
        proof = hmac_md5(secret, self.nonce + response[16:])
        if not hmac.compare_digest(proof, response[:16]):
            raise Refused("wrong password of %r" % user)
        key = hmac_md5(secret, proof)
        if struct.unpack_from("<I", token, 60)[0] & KEY_EXCHANGE:
            key = ARC4.new(key).decrypt(self._field(token, 52))
        self._check_mic(token, response, key)
        self.user = user
        self.receive = Seal(key, b"client-to-server")
        self.send = Seal(key, b"server-to-client")

    def _check_mic(self, token, response, key):
        """A client that was told the time protects all three messages."""
        at, pairs = 44, {}
        while at + 4 <= len(response):
            number, length = struct.unpack_from("<HH", response, at)
            if number == 0:
                break
            pairs[number] = response[at + 4:at + 4 + length]
            at += 4 + length
        if not struct.unpack("<I", pairs.get(6, bytes(4)))[0] & 2:
            return
        bare = token[:72] + bytes(16) + token[88:]
        want = hmac_md5(key, self.negotiate + self.challenge + bare)
        if not hmac.compare_digest(want, token[72:88]):
            raise Refused("NTLM checksum of the messages")

    def mic(self, data):
        return self.send.signature(data)

    def check_mic(self, data, value):
        if not hmac.compare_digest(self.receive.signature(data), value):
            raise Refused("NTLM checksum")

    def reset(self):
        self.receive.reset()
        self.send.reset()

    def unseal(self, before, data, after, token, privacy):
        if privacy:
            data = self.receive.cipher.decrypt(data)
        self.check_mic(before + data + after, token)
        return data

    def seal(self, before, data, after, privacy):
        hidden = self.send.cipher.encrypt(data) if privacy else data
        return hidden, self.send.signature(before + data + after)


class Negotiate:
    """SPNEGO around NTLM."""

    def __init__(self, inner):
        self.inner = inner
        self.mechanisms = None

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def step(self, token):
        if token[0] == 0x60:
            return self._first(token)
        parts = dict(elements(undo(undo(token)[1])[1]))
        answer, done = self.inner.step(undo(parts[0xa2])[1])
        if not done:
            return self._answer(1, None, answer, None), False
        mic = None
        if 0xa3 in parts:
            value = undo(parts[0xa3])[1]
            self.inner.check_mic(self.mechanisms, value)
            mic = self.inner.mic(self.mechanisms)
            self.inner.reset()
        return self._answer(0, None, None, mic), True

    def _first(self, token):
        _, content, _ = undo(token)
        _, _, content = undo(content)  # behind the OID of SPNEGO
        parts = dict(elements(undo(undo(content)[1])[1]))
        self.mechanisms = parts[0xa0]
        offered = [der(6, c) for t, c in elements(undo(parts[0xa0])[1])]
        if OID_NTLM not in offered:
            raise Refused("no common mechanism")
        answer = None
        if offered[0] == OID_NTLM and 0xa2 in parts:
            answer, _ = self.inner.step(undo(parts[0xa2])[1])
        return self._answer(1, OID_NTLM, answer, None), False

    @staticmethod
    def _answer(state, mechanism, token, mic):
        parts = der(0xa0, der(0x0a, bytes([state])))
        if mechanism is not None:
            parts += der(0xa1, mechanism)
        if token is not None:
            parts += der(0xa2, der(0x04, token))
        if mic is not None:
            parts += der(0xa3, der(0x04, mic))
        return der(0xa1, der(0x30, parts))


class Gssapi:
    """Whatever MIT's library accepts, SPNEGO with Kerberos above all; the keys
    are where $KRB5_KTNAME says."""

    overhead = 76  # AES256-CTS-HMAC-SHA1-96 in DCE style

    def __init__(self):
        import gssapi
        self.gssapi = gssapi
        self.context = gssapi.SecurityContext(
            creds=gssapi.Credentials(usage="accept"), usage="accept")
        self.user = None

    def step(self, token):
        try:
            answer = self.context.step(token)
        except self.gssapi.exceptions.GSSError as error:
            raise Refused(str(error))
        if self.context.complete:
            self.user = str(self.context.initiator_name).split("@")[0]
        return answer or b"", self.context.complete

    def _iov(self, before, data, after, header):
        raw, kind = self.gssapi.raw, self.gssapi.raw.IOVBufferType
        buffers = [(kind.sign_only, False, before)] if before else []
        buffers += [(kind.data, False, data)]
        buffers += [(kind.sign_only, False, after)] if after else []
        return raw.IOV(*buffers, header, std_layout=False)

    @staticmethod
    def _value(iov, kind):
        return next(b.value for b in iov if b.type == kind)

    def unseal(self, before, data, after, token, privacy):
        raw = self.gssapi.raw
        iov = self._iov(before, data, after,
                        (raw.IOVBufferType.header, False, token))
        try:
            raw.unwrap_iov(self.context, iov)
        except self.gssapi.exceptions.GSSError as error:
            raise Refused(str(error))
        return self._value(iov, raw.IOVBufferType.data)

    def seal(self, before, data, after, privacy):
        raw = self.gssapi.raw
        iov = self._iov(before, data, after, raw.IOVBufferType.header)
        raw.wrap_iov(self.context, iov, confidential=privacy)
        return (self._value(iov, raw.IOVBufferType.data),
                self._value(iov, raw.IOVBufferType.header))


# ---- connections

class Connection:
    """One client.  `service` has: interface (its syntax id), least_level,
    acceptor(auth_type), before_bind(connection), note(text),
    call(connection, opnum, stub) -> stub."""

    def __init__(self, sock, service):
        self.sock, self.service = sock, service
        self.auth = None
        self.level = self.auth_type = self.auth_context = 0
        self.ready = False  # logged on
        self.header_sign = False
        self.client_max = FRAGMENT
        self.stub = b""

    @property
    def user(self):
        return self.auth.user if self.ready else None

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise Hangup
            data += more
        return data

    def serve(self):
        try:
            while True:
                header = self._exactly(16)
                (version, _, kind, flags, drep, length, auth,
                 call) = struct.unpack("<BBBB4sHHI", header)
                if version != 5 or drep[0] != 0x10 or length < 16:
                    raise Hangup
                self._pdu(kind, flags, auth, call,
                          header + self._exactly(length - 16))
        except (Hangup, OSError, struct.error):
            pass
        except Refused as reason:
            self.service.note("refused: %s" % reason)
        finally:
            self.sock.close()

    def _pdu(self, kind, flags, auth_length, call, pdu):
        if kind in (BIND, ALTER):
            self._bind(kind, flags, auth_length, call, pdu)
        elif kind == AUTH3:
            self._log_on(self._verifier(pdu, auth_length)[1])
        elif kind == REQUEST:
            self._request(flags, auth_length, call, pdu)
        elif kind not in (CANCEL, ORPHANED):
            raise Hangup

    @staticmethod
    def _verifier(pdu, auth_length):
        """(type, level, pad, 0, context) or None, its value, where it is"""
        if auth_length == 0:
            return None, b"", len(pdu)
        at = len(pdu) - auth_length - 8
        if at < 16:
            raise Hangup
        return struct.unpack_from("<BBBBI", pdu, at), pdu[at + 8:], at

    def _send(self, kind, flags, call, body, token=b""):
        trailer = b""
        if token:
            pad = -len(body) % 4
            body += bytes(pad)
            trailer = struct.pack("<BBBBI", self.auth_type, self.level, pad,
                                  0, self.auth_context) + token
        self.sock.sendall(
            struct.pack("<BBBB4sHHI", 5, 0, kind, flags, b"\x10\0\0\0",
                        16 + len(body) + len(trailer), len(token), call) +
            body + trailer)

    def _log_on(self, token):
        answer, done = self.auth.step(token)
        if done:
            self.ready = True
            self.service.note("logon %s" % self.auth.user)
        return answer

    def _bind(self, kind, flags, auth_length, call, pdu):
        self.service.before_bind(self)
        most_send, most_receive, group, n = struct.unpack_from("<HHIB", pdu,
                                                               16)
        if kind == BIND:
            self.client_max = min(most_receive, FRAGMENT)
        results = self._contexts(pdu, n)
        token = b""
        verifier, value, _ = self._verifier(pdu, auth_length)
        if verifier is not None:
            if self.auth is None:
                self.auth_type, self.level, _, _, self.auth_context = verifier
                self.auth = self.service.acceptor(self.auth_type)
                self.header_sign = bool(flags & HEADER_SIGN)
            try:
                token = self._log_on(value)
            except Refused as reason:
                self.service.note("refused: %s" % reason)
                if kind == BIND:
                    self._send(BIND_NAK, FIRST | LAST, call,
                               struct.pack("<HB", 8, 0))
                else:
                    self._fault(call, 0, ACCESS_DENIED)
                raise Hangup
        address = b"%d\0" % self.sock.getsockname()[1]
        body = struct.pack("<HHIH", most_receive, most_send, group or 0x4711,
                           len(address)) + address
        body += bytes(-len(body) % 4)
        body += struct.pack("<B3x", n) + results
        sign = HEADER_SIGN if self.header_sign else 0
        self._send(BIND_ACK if kind == BIND else ALTER_ACK,
                   FIRST | LAST | sign, call, body, token)

    def _contexts(self, pdu, n):
        at, results = 28, b""
        for _ in range(n):
            _, transfers = struct.unpack_from("<HB", pdu, at)
            abstract = pdu[at + 4:at + 24]
            offered = [pdu[at + 24 + 20 * i:at + 44 + 20 * i]
                       for i in range(transfers)]
            at += 24 + 20 * transfers
            if abstract != self.service.interface:
                results += struct.pack("<HH", 2, 1) + bytes(20)
            elif NDR_SYNTAX in offered:
                results += struct.pack("<HH", 0, 0) + NDR_SYNTAX
            else:
                results += struct.pack("<HH", 2, 2) + bytes(20)
        return results

    def _request(self, flags, auth_length, call, pdu):
        _, context, opnum = struct.unpack_from("<IHH", pdu, 16)
        start = 40 if flags & HAS_OBJECT else 24
        verifier, token, end = self._verifier(pdu, auth_length)
        data = pdu[start:end]
        if verifier is not None:
            if not self.ready:
                raise Refused("a request before the logon is complete")
            if self.level >= INTEGRITY:
                before, after = b"", b""
                if self.header_sign:
                    before, after = pdu[:start], pdu[end:end + 8]
                data = self.auth.unseal(before, data, after, token,
                                        self.level == PRIVACY)
            data = data[:len(data) - verifier[2]]
        elif self.level >= INTEGRITY:
            raise Refused("a request without its verifier")
        self.stub = data if flags & FIRST else self.stub + data
        if not flags & LAST:
            return
        try:
            if self.level < self.service.least_level or (
                    self.service.least_level and not self.ready):
                raise Fault(ACCESS_DENIED)
            answer = self.service.call(self, opnum, self.stub)
        except Fault as fault:
            self._fault(call, context, fault.status)
            return
        self._respond(call, context, answer)

    def _fault(self, call, context, status):
        self._send(FAULT, FIRST | LAST, call,
                   struct.pack("<IHBBII", 32, context, 0, 0, status, 0))

    def _respond(self, call, context, answer):
        room = self.client_max - 24
        sealed = self.ready and self.level >= INTEGRITY
        if sealed:
            room -= 8 + self.auth.overhead
            room -= room % 16
        at, flags = 0, FIRST
        while not flags & LAST:
            part = answer[at:at + room]
            left = len(answer) - at
            at += len(part)
            if at >= len(answer):
                flags |= LAST
            self._respond_part(call, context, flags, left, part, sealed)
            flags &= ~FIRST

    def _respond_part(self, call, context, flags, hint, part, sealed):
        pad = -len(part) % 16 if sealed else 0
        part += bytes(pad)
        auth = self.auth.overhead if sealed else 0
        header = struct.pack(
            "<BBBB4sHHI", 5, 0, RESPONSE, flags, b"\x10\0\0\0",
            24 + len(part) + (8 + auth if sealed else 0), auth, call)
        header += struct.pack("<IHBB", hint, context, 0, 0)
        trailer = token = b""
        if sealed:
            trailer = struct.pack("<BBBBI", self.auth_type, self.level, pad,
                                  0, self.auth_context)
            before, after = ((header, trailer) if self.header_sign
                             else (b"", b""))
            part, token = self.auth.seal(before, part, after,
                                         self.level == PRIVACY)
            if len(token) != auth:
                raise AssertionError("a token of %d octets" % len(token))
        self.sock.sendall(header + part + trailer + token)


class Listener:
    """A TCP port of 127.0.0.1 and a thread for each of its clients."""

    def __init__(self, service, port=0):
        self.service = service
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.sock.listen(50)
        self.port = self.sock.getsockname()[1]
        self.clients = set()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self.sock.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.clients.add(client)
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        try:
            Connection(client, self.service).serve()
        finally:
            with self.lock:
                self.clients.discard(client)

    def close(self):
        with self.lock:
            socks = [self.sock] + list(self.clients)
        for sock in socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sock.close()
        self.thread.join()


# ---- the endpoint mapper

class Mapper:
    """ept_map and nothing else, by hand.  `port_of(syntax id)` says where a
    service is just now, or None."""

    interface = uuid.UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa").bytes_le + \
        struct.pack("<I", 3)
    least_level = 0

    def __init__(self, port_of):
        self.port_of = port_of
        self.asked = 0

    def note(self, text):
        pass

    def before_bind(self, connection):
        pass

    def acceptor(self, kind):
        raise Refused("nobody logs on to an endpoint mapper")

    def call(self, connection, opnum, stub):
        if opnum != 3:
            raise Fault(PROCNUM_OUT_OF_RANGE)
        self.asked += 1
        at = 4 + (16 if struct.unpack_from("<I", stub)[0] else 0) + 4
        length = struct.unpack_from("<I", stub, at)[0]
        tower = stub[at + 8:at + 8 + length]
        # Floor 1: its length, 0x0d, uuid, major version; then the minor one.
        port = self.port_of(tower[5:23] + tower[25:27])
        if port is None:
            return (bytes(20) + struct.pack("<IIII", 0, 4, 0, 0) +
                    struct.pack("<I", 0x16c9a0d6))
        # The port of floor 4 is behind three floors of 25, 25 and 7 octets.
        at = 2 + 25 + 25 + 7 + 3 + 2
        tower = (tower[:at] + struct.pack(">H", port) + tower[at + 2:-4] +
                 socket.inet_aton("127.0.0.1"))
        body = struct.pack("<IIIII", 1, 4, 0, 1, 0x20000)
        body += struct.pack("<II", len(tower), len(tower)) + tower
        body += bytes(-len(body) % 4)
        return bytes(20) + body + struct.pack("<I", 0)
