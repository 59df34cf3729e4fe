#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A DHCPM server: the fail-over methods of a Windows DHCP server, as the
specification (MS-DHCPM 3.2.4.90-101, 126) has them, for tests.

Written from the specification, independently of dhcpfo: NDR is Impacket's.  What
a real server does beyond the text it cannot know.

    with DhcpmServer() as dhcpm:
        dhcpm.add(Relationship("branch-7", scopes=["192.0.2.0"]))
        dhcpm.fault("drop-after", 90)
        ...
        dhcpm.calls(90)     # [Call(opnum=90, name="branch-7", flags=0x19, ...)]

As a program it serves until it is interrupted:

    dhcpm_server.py [-p PORT] [-m MAPPERPORT] [-s] [-u NAME=PASSWORD=RIGHTS]...
                    [-f FILE]

FILE has the relationships, and each change of them before it is answered, so
that the program may be killed and started again.  At SIGUSR1 the answer to the
next change of each kind gets lost.
"""
import collections
import getopt
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
import uuid

from impacket.dcerpc.v5.dtypes import DWORD, LPWSTR, NULL, UCHAR, ULONG, USHORT
from impacket.dcerpc.v5.ndr import (NDRCALL, NDRPOINTER, NDRSTRUCT,
                                    NDRUniConformantArray)

import dhcpm_rpc
from dhcpm_rpc import (BAD_STUB_DATA, PROCNUM_OUT_OF_RANGE, Fault, Hangup,
                       Refused)

CHANGES = (89, 90, 91, 94, 95)
SUCCESS, FILE_NOT_FOUND, DENIED, INVALID = 0, 2, 5, 87
MORE_DATA, NO_MORE_ITEMS, SUBNET_NOT_PRESENT = 234, 259, 20005
NEVER = 0xffffffff
INIT, STARTUP, NORMAL = 1, 2, 3

MCLT, SAFEPERIOD, STATE, PERCENTAGE, MODE, PREVSTATE, SECRET = (
    1 << i for i in range(7))

# Names of the errors that the specification and the SDK number differently:
# (SDK, specification by operation, 0: the others).
ERRORS = {
    "TAKEN": (0x4E91, {89: 0x4E90, 0: 0x4E91}),
    "EXISTS": (0x4E92, {0: 0x4E91}),
    "UNKNOWN": (0x4E93, {0: 0x4E92}),
    "NOT_IN": (0x4E94, {96: 0x4E93, 0: 0x4E94}),
    "SECONDARY": (0x4E95, {0: 0x4E94}),
    "NOT_NORMAL": (0x4E98, {0: 0x4E98}),
    "NAME_TOO_LONG": (0x4E9D, {0: 0x4E9D}),
    "MAX_RELATIONSHIPS": (0x4EA0, {0: 0x4EA0}),
    "MAX_ADD_SCOPES": (0x4EA2, {0: 0x4EA2}),
    "SYNC": (0x4EA5, {0: 0x4EA5}),
}


# ---- NDR, by the IDL of appendix A (enumerations have 16 bits)

class Addresses(NDRUniConformantArray):
    item = "<L"


class PAddresses(NDRPOINTER):
    referent = (("Data", Addresses),)


class IpArray(NDRSTRUCT):
    structure = (("NumElements", DWORD), ("Elements", PAddresses))


class PIpArray(NDRPOINTER):
    referent = (("Data", IpArray),)


class RELATIONSHIP(NDRSTRUCT):
    structure = (
        ("primaryServer", DWORD), ("secondaryServer", DWORD),
        ("mode", USHORT), ("serverType", USHORT), ("state", USHORT),
        ("prevState", USHORT), ("mclt", DWORD), ("safePeriod", DWORD),
        ("relationshipName", LPWSTR), ("primaryServerName", LPWSTR),
        ("secondaryServerName", LPWSTR), ("pScopes", PIpArray),
        ("percentage", UCHAR), ("pSharedSecret", LPWSTR))


class PRELATIONSHIP(NDRPOINTER):
    referent = (("Data", RELATIONSHIP),)


class Relationships(NDRUniConformantArray):
    item = RELATIONSHIP


class PRelationships(NDRPOINTER):
    referent = (("Data", Relationships),)


class RelationshipArray(NDRSTRUCT):
    structure = (("numElements", DWORD), ("pRelationships", PRelationships))


class PRelationshipArray(NDRPOINTER):
    referent = (("Data", RelationshipArray),)


class STATISTICS(NDRSTRUCT):
    structure = tuple((n, DWORD) for n in (
        "numAddr", "addrFree", "addrInUse", "partnerAddrFree", "thisAddrFree",
        "partnerAddrInUse", "thisAddrInUse"))


class PSTATISTICS(NDRPOINTER):
    referent = (("Data", STATISTICS),)


def message(*structure):
    return type("Message", (NDRCALL,), {"structure": structure})


SRV = ("ServerIpAddress", LPWSTR)
REL = ("pRelationship", RELATIONSHIP)
NAME = ("name", LPWSTR)
STATUS = ("ErrorCode", ULONG)
REQUESTS = {
    89: message(SRV, REL), 90: message(SRV, ("Flags", DWORD), REL),
    91: message(SRV, NAME), 92: message(SRV, NAME),
    93: message(SRV, ("resume", DWORD), ("most", DWORD)),
    94: message(SRV, REL), 95: message(SRV, REL),
    96: message(SRV, ("scope", DWORD)), 97: message(SRV, ("scope", DWORD)),
    99: message(SRV), 100: message(SRV, NAME),
    125: message(SRV, ("address", DWORD)),
}
ONE = message(("pRelationship", PRELATIONSHIP), STATUS)
RESPONSES = {
    92: ONE, 96: ONE,
    93: message(("resume", DWORD), ("pRelationship", PRelationshipArray),
                ("read", DWORD), ("total", DWORD), STATUS),
    97: message(("pStats", PSTATISTICS), STATUS),
}


# ---- the model

def number(address):
    return struct.unpack(">I", socket.inet_aton(address))[0]


class Relationship:
    """Addresses are in dotted quads, scopes a list of them."""

    members = {MCLT: "mclt", SAFEPERIOD: "safe_period", STATE: "state",
               PERCENTAGE: "percentage", MODE: "mode",
               PREVSTATE: "prev_state", SECRET: "secret"}

    def __init__(self, name, scopes=(), mode=0, role=0, state=NORMAL,
                 prev_state=STARTUP, mclt=3600, safe_period=NEVER,
                 percentage=50, primary="192.0.2.1", secondary="192.0.2.2",
                 primary_name="dc1", secondary_name="dc2", secret=None):
        self.__dict__.update(locals())
        del self.__dict__["self"]
        self.scopes = [number(s) if isinstance(s, str) else s for s in scopes]
        self.primary, self.secondary = (
            number(a) if isinstance(a, str) else a
            for a in (primary, secondary))
        self.integrating = False  # with its partner

    def fill(self, to):
        for member, value in (
                ("primaryServer", self.primary),
                ("secondaryServer", self.secondary), ("mode", self.mode),
                ("serverType", self.role), ("state", self.state),
                ("prevState", self.prev_state), ("mclt", self.mclt),
                ("safePeriod", self.safe_period)):
            to[member] = value
        to["percentage"] = self.percentage
        for member, text in (("relationshipName", self.name),
                             ("primaryServerName", self.primary_name),
                             ("secondaryServerName", self.secondary_name),
                             ("pSharedSecret", self.secret)):
            to[member] = NULL if text is None else text + "\0"
        if self.scopes:
            to["pScopes"]["NumElements"] = len(self.scopes)
            to["pScopes"]["Elements"] = list(self.scopes)
        else:
            to["pScopes"] = NULL


def is_null(pointer):
    return pointer.fields["ReferentID"] == 0


def text_of(struct_, member):
    """A string, or None when the pointer is NULL."""
    if is_null(struct_.fields[member]):
        return None
    return struct_[member][:-1]


def scopes_of(rel):
    if is_null(rel.fields["pScopes"]):
        return None
    if is_null(rel["pScopes"].fields["Elements"]):
        return []
    return list(rel["pScopes"]["Elements"])


def from_wire(rel):
    return Relationship(
        text_of(rel, "relationshipName"), scopes_of(rel) or [], rel["mode"],
        rel["serverType"], rel["state"], rel["prevState"], rel["mclt"],
        rel["safePeriod"], rel["percentage"], rel["primaryServer"],
        rel["secondaryServer"], text_of(rel, "primaryServerName"),
        text_of(rel, "secondaryServerName"), text_of(rel, "pSharedSecret"))


def read_file(path):
    """Name -> Relationship."""
    with open(path) as file:
        return {m["name"]: Relationship(**m) for m in json.load(file)}


def write_file(path, rels):
    members = [{k: v for k, v in vars(rel).items() if k != "integrating"}
               for rel in rels]
    with open(path + ".new", "w") as file:
        json.dump(members, file)
    os.replace(path + ".new", path)


Call = collections.namedtuple("Call", "opnum name flags user scopes result")
FaultRule = collections.namedtuple("FaultRule", "kind opnum value count")


class Refusal(Exception):
    def __init__(self, error):
        super().__init__(str(error))
        self.error = error


def refuse_if(condition, error=INVALID):
    if condition:
        raise Refusal(error)


class DhcpmServer:
    """`users`: name -> (password, rights), rights being "", "read" or "write".
    `codes`: "sdk" or "spec".  `part`: most relationships in an answer of 93.
    `delta`: whether 99 tells two values.  `scopes`: those the server has, None
    for any.  `kerberos`: take whatever MIT's library does."""

    interface = uuid.UUID("5b821720-f63b-11d0-aad2-00c04fc324db").bytes_le + \
        struct.pack("<I", 1)

    def __init__(self, users=None, codes="sdk", part=1000, delta=True,
                 scopes=None, kerberos=False, port=0, mapper_port=0,
                 least_level=dhcpm_rpc.PRIVACY):
        self.users = users if users is not None else {
            "admin": ("Secret-1", "write"), "viewer": ("Secret-2", "read"),
            "nobody": ("Secret-3", "")}
        self.codes, self.part, self.delta = codes, part, delta
        self.known, self.kerberos = scopes, kerberos
        self.least_level = least_level
        self.relationships = {}
        self.file = None
        self.statistics = {}
        self.bootp = set()
        self.lock = threading.RLock()
        self.log, self.notes, self.faults = [], [], []
        self.released = threading.Event()
        self.hang_binds = False
        self.clock_offset = 0
        self.listener = dhcpm_rpc.Listener(self, port)
        self.mapper = dhcpm_rpc.Mapper(self._mapped)
        self.mapper_listener = dhcpm_rpc.Listener(self.mapper, mapper_port)

    # -- life

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def port(self):
        return self.listener.port

    @property
    def mapper_port(self):
        return self.mapper_listener.port

    def _mapped(self, interface):
        if interface != self.interface or self.listener is None:
            return None
        return self.listener.port

    def stop(self):
        """The service ends; the endpoint mapper stays."""
        self.release()
        self.listener.close()
        self.listener = None

    def start(self, port=0):
        self.listener = dhcpm_rpc.Listener(self, port)

    def close(self):
        self.release()
        for listener in (self.listener, self.mapper_listener):
            if listener is not None:
                listener.close()

    # -- what tests do

    def keep(self, path):
        """Have the relationships in that file from now on."""
        self.file = path
        if os.path.exists(path):
            self.add(*read_file(path).values())

    def add(self, *rels):
        with self.lock:
            for rel in rels:
                self.relationships[rel.name] = rel

    def calls(self, *opnums):
        """The calls so far, of some operations or all; result None: none."""
        with self.lock:
            return [c for c in self.log if not opnums or c.opnum in opnums]

    def forget(self):
        with self.lock:
            self.log.clear()

    def fault(self, kind, opnum, value=0, count=1):
        """Next `count` calls of `opnum`: delay (seconds), drop-before,
        drop-after, drop-late (executed when released), hang (not executed),
        hang-after, truncate (octets), garbage, fault (status)."""
        with self.lock:
            self.faults.append(FaultRule(kind, opnum, value, count))

    def release(self):
        """Calls that hang end, with their connection."""
        self.released.set()
        with self.lock:
            self.faults.clear()
            self.hang_binds = False
            self.released = threading.Event()

    # -- what connections ask for

    def note(self, text):
        with self.lock:
            self.notes.append(text)

    def before_bind(self, connection):
        if self.hang_binds:
            self.released.wait()
            raise Hangup

    def acceptor(self, kind):
        if self.kerberos and kind == dhcpm_rpc.SPNEGO:
            return dhcpm_rpc.Gssapi()
        inner = dhcpm_rpc.Ntlm({n.upper(): p
                                for n, (p, _) in self.users.items()})
        if kind == dhcpm_rpc.NTLM:
            return inner
        if kind == dhcpm_rpc.SPNEGO:
            return dhcpm_rpc.Negotiate(inner)
        raise Refused("authentication %d" % kind)

    def _take_fault(self, opnum):
        with self.lock:
            for i, rule in enumerate(self.faults):
                if rule.opnum == opnum:
                    if rule.count == 1:
                        del self.faults[i]
                    else:
                        self.faults[i] = rule._replace(count=rule.count - 1)
                    return rule
        return FaultRule("", opnum, 0, 0)

    def call(self, connection, opnum, stub):
        if opnum not in REQUESTS:
            raise Fault(PROCNUM_OUT_OF_RANGE)
        try:
            request = REQUESTS[opnum](stub)
        except Exception:  # whatever Impacket thinks of it
            raise Fault(BAD_STUB_DATA)
        rule, released = self._take_fault(opnum), self.released
        if rule.kind == "delay":
            time.sleep(rule.value)
        if rule.kind == "drop-late":
            def execute():
                released.wait()
                self._execute(connection, opnum, request)
            threading.Thread(target=execute, daemon=True).start()
            raise Hangup
        if rule.kind in ("drop-before", "hang", "fault"):
            self._note_call(connection, opnum, request, None)
            if rule.kind == "hang":
                released.wait()
            if rule.kind == "fault":
                raise Fault(rule.value)
            raise Hangup
        answer = self._execute(connection, opnum, request)
        if rule.kind == "hang-after":
            released.wait()
        if rule.kind in ("drop-after", "hang-after"):
            raise Hangup
        if rule.kind == "truncate":
            return answer[:rule.value]
        if rule.kind == "garbage":
            return b"\xa5" * len(answer)
        return answer

    def _note_call(self, connection, opnum, request, result):
        name = scopes = None
        flags = request["Flags"] if opnum == 90 else None
        if opnum in (89, 90, 94, 95):
            name = text_of(request["pRelationship"], "relationshipName")
            scopes = scopes_of(request["pRelationship"])
        elif opnum in (91, 92, 100):
            name = text_of(request, "name")
        with self.lock:
            self.log.append(Call(opnum, name, flags, connection.user, scopes,
                                 result))

    # -- methods

    def _execute(self, connection, opnum, request):
        rights = self.users.get(connection.user or "", ("", ""))[1]
        if connection.user is None and self.least_level == 0:
            rights = "write"
        method = getattr(self, "_%d" % opnum)
        response = (RESPONSES[opnum]() if opnum in RESPONSES else None)
        values = []
        with self.lock:
            try:
                values = method(request, response, rights) or []
                status = SUCCESS
                if self.file is not None and opnum in CHANGES:
                    write_file(self.file, self.relationships.values())
            except Refusal as refusal:
                status = self._number(opnum, refusal.error)
            self._note_call(connection, opnum, request, status)
        if response is None:
            if status != SUCCESS and opnum in (99, 125):
                values = [0] * (2 if opnum == 99 and self.delta else 1)
            return struct.pack("<%dI" % (len(values) + 1), *values, status)
        if "ErrorCode" in response.fields:
            if values:  # more data
                status = values[0]
            response["ErrorCode"] = status
        return response.getData()

    def _number(self, opnum, error):
        if isinstance(error, int):
            return error
        sdk, spec = ERRORS[error]
        if self.codes == "sdk":
            return sdk
        return spec.get(opnum, spec[0])

    @staticmethod
    def _may(rights, write):
        refuse_if(rights != "write" and (write or rights != "read"), DENIED)

    def _find(self, name):
        refuse_if(name not in self.relationships, "UNKNOWN")
        return self.relationships[name]

    def _owner(self, scope):
        return next((r for r in self.relationships.values()
                     if scope in r.scopes), None)

    def _check_scopes(self, scopes):
        refuse_if(self.known is not None and not set(scopes) <= self.known,
                  SUBNET_NOT_PRESENT)
        refuse_if(set(scopes) & self.bootp)

    def _89(self, request, _, rights):
        rel = request["pRelationship"]
        self._may(rights, True)  # before the arguments, unlike the others
        name, scopes = text_of(rel, "relationshipName"), scopes_of(rel)
        refuse_if(name is None or rel["primaryServer"] == 0 or
                  rel["secondaryServer"] == 0 or not scopes or
                  rel["percentage"] > 100 or rel["mode"] > 1 or
                  rel["serverType"] > 1)
        self._check_scopes(scopes)
        refuse_if(len(name.encode("utf-16-le")) > 2 * 126, "NAME_TOO_LONG")
        refuse_if(len(self.relationships) >= 31, "MAX_RELATIONSHIPS")
        refuse_if(any(self._owner(s) for s in scopes), "TAKEN")
        refuse_if(name in self.relationships, "EXISTS")
        new = from_wire(rel)
        new.state, new.prev_state = STARTUP, INIT
        new.safe_period = new.safe_period or NEVER
        self.relationships[name] = new

    def _90(self, request, _, rights):
        flags, rel = request["Flags"], request["pRelationship"]
        name = text_of(rel, "relationshipName")
        refuse_if(name is None or flags == 0 or flags & ~0x7f or
                  flags & PERCENTAGE and rel["percentage"] > 100 or
                  flags & MODE and rel["mode"] > 1)
        self._may(rights, True)
        to, new = self._find(name), from_wire(rel)
        for flag, member in Relationship.members.items():
            if flags & flag:
                setattr(to, member, getattr(new, member))

    def _91(self, request, _, rights):
        name = text_of(request, "name")
        refuse_if(name is None)
        self._may(rights, True)
        self._find(name)
        del self.relationships[name]

    def _92(self, request, response, rights):
        response["pRelationship"] = NULL
        name = text_of(request, "name")
        refuse_if(name is None)
        self._may(rights, False)
        found = self._find(name)
        found.fill(self._pointed(response, PRELATIONSHIP))

    @staticmethod
    def _pointed(response, kind):
        response.fields["pRelationship"] = kind()
        return response["pRelationship"]

    def _93(self, request, response, rights):
        response["pRelationship"] = NULL
        response["resume"] = request["resume"]
        response["read"] = response["total"] = 0
        self._may(rights, False)
        rels = list(self.relationships.values())
        at = request["resume"]
        refuse_if(at >= len(rels), NO_MORE_ITEMS)
        chosen = rels[at:at + self.part]
        array = self._pointed(response, PRelationshipArray)
        array["numElements"] = len(chosen)
        items = []
        for rel in chosen:
            items.append(RELATIONSHIP())
            rel.fill(items[-1])
        array["pRelationships"] = items
        response["resume"] = at + len(chosen)
        response["read"] = len(chosen)
        response["total"] = len(rels) - at - len(chosen)
        return [MORE_DATA] if response["total"] else []

    def _scope_request(self, request):
        rel = request["pRelationship"]
        name, scopes = text_of(rel, "relationshipName"), scopes_of(rel)
        refuse_if(name is None or not scopes)
        return name, scopes

    def _94(self, request, _, rights):
        name, scopes = self._scope_request(request)
        self._may(rights, True)
        self._check_scopes(scopes)
        refuse_if(len(scopes) > 400, "MAX_ADD_SCOPES")
        refuse_if(not self.relationships, FILE_NOT_FOUND)
        refuse_if(any(self._owner(s) for s in scopes), "TAKEN")
        rel = self._find(name)
        refuse_if(rel.state != NORMAL, "NOT_NORMAL")
        refuse_if(rel.integrating, "SYNC")
        rel.scopes += scopes

    def _95(self, request, _, rights):
        name, scopes = self._scope_request(request)
        self._may(rights, True)
        self._check_scopes(scopes)
        refuse_if(not self.relationships, FILE_NOT_FOUND)
        rel = self._find(name)
        refuse_if(not set(scopes) <= set(rel.scopes), "NOT_IN")
        refuse_if(rel.integrating, "SYNC")
        rel.scopes = [s for s in rel.scopes if s not in scopes]

    def _96(self, request, response, rights):
        response["pRelationship"] = NULL
        refuse_if(request["scope"] == 0)
        self._may(rights, False)
        rel = self._owner(request["scope"])
        refuse_if(rel is None, "NOT_IN")
        rel.fill(self._pointed(response, PRELATIONSHIP))

    def _97(self, request, response, rights):
        response["pStats"] = NULL
        refuse_if(request["scope"] == 0)
        self._may(rights, False)
        refuse_if(self._owner(request["scope"]) is None, FILE_NOT_FOUND)
        values = self.statistics.get(request["scope"],
                                     (254, 200, 54, 100, 100, 24, 30))
        refuse_if(values is None, FILE_NOT_FOUND)
        response.fields["pStats"] = PSTATISTICS()
        for (member, _), value in zip(STATISTICS.structure, values):
            response["pStats"][member] = value

    def _99(self, request, _, rights):
        now = int(time.time()) + self.clock_offset
        return [now, 60] if self.delta else [now]

    def _100(self, request, _, rights):
        self._may(rights, True)
        name = text_of(request, "name")
        refuse_if(name is None)
        refuse_if(self._find(name).role == 1, "SECONDARY")

    def _125(self, request, _, rights):
        self._may(rights, False)
        scope = request["address"] & ~0xff
        refuse_if(self.known is not None and scope not in self.known)
        refuse_if(self._owner(scope) is None, "NOT_IN")
        return [request["address"] & 0xff & 1]


def main():
    options, _ = getopt.getopt(sys.argv[1:], "f:hm:p:su:")
    keys, users, path = {}, {}, None
    for option, value in options:
        if option == "-p":
            keys["port"] = int(value)
        elif option == "-m":
            keys["mapper_port"] = int(value)
        elif option == "-s":
            keys["codes"] = "spec"
        elif option == "-u":
            name, password, rights = value.split("=")
            users[name] = password, rights
        elif option == "-f":
            path = value
        else:
            print(__doc__)
            return 0
    with DhcpmServer(users or None, **keys) as dhcpm:
        if path is None:
            dhcpm.add(Relationship("branch-7", ["198.51.100.0", "203.0.113.0"]))
        else:
            dhcpm.keep(path)

        def lose_an_answer(*_):
            with dhcpm.lock:
                dhcpm.faults = [FaultRule("drop-after", n, 0, 1)
                                for n in CHANGES]
        signal.signal(signal.SIGUSR1, lose_an_answer)
        print("port %d, endpoint mapper %d" % (dhcpm.port, dhcpm.mapper_port),
              flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
