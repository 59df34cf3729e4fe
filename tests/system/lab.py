# SPDX-License-Identifier: BSD-2-Clause
"""The laboratory: a real snmpd, a real dhcpfod, and what asks and watches.

A Lab is a private directory with an snmpd on a free port of 127.0.0.1 and a
dhcpfod (that of the tests, with the server type `test`) connected to it:

    with Lab([Server(1)]) as lab:
        lab.seed(1, [Rel("branch-7", scopes=["192.0.2.0"])])
        reply = lab.set((rel("Mclt", 1, "branch-7"), ("u", 600)))

Nothing here waits for time to pass: everything waits for a condition, with a
deadline (`wait`).  Environment: BUILD names the build directory, WRAP is put
in front of dhcpfod's command line ("valgrind -q --error-exitcode=9"), KEEP has
the laboratories' directories kept.
"""
import collections
import ctypes
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import zlib

from pyasn1.codec.ber import decoder, encoder
from pysnmp import hlapi
from pysnmp.hlapi.asyncore import cmdgen
from pysnmp.proto import api, rfc1902, rfc1905

from ports import Port

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))
WRAP = shlex.split(os.environ.get("WRAP", ""))
# How much longer than usual everything may take.
PATIENCE = 8 if WRAP else 2

MIB_FILE = os.path.join(TOP, "mibs", "DHCP-FAILOVER-MIB.txt")
MIB_ENV = {"MIBDIRS": os.pathsep.join(
    os.path.join(TOP, *p) for p in (["mibs"], ["mibs", "standin"])),
    "MIBS": "DHCP-FAILOVER-MIB"}

ERRORS = ("noError tooBig noSuchName badValue readOnly genErr noAccess "
          "wrongType wrongLength wrongEncoding wrongValue noCreation "
          "inconsistentValue resourceUnavailable commitFailed undoFailed "
          "authorizationError notWritable inconsistentName").split()
EXCEPTIONS = ("noSuchObject", "noSuchInstance", "endOfMibView")


# ---- time

def wait(condition, what, seconds=10.0):
    """Poll `condition` until it is true; returns what it returned."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError("not in %g s: %s" % (seconds * PATIENCE, what))
        threading.Event().wait(0.01)


def same(found, want, what=""):
    """assertEqual for long lists: says where they begin to differ, at once."""
    found, want = list(found), list(want)
    if found == want:
        return
    at = next((i for i, (a, b) in enumerate(zip(found, want)) if a != b),
              min(len(found), len(want)))
    raise AssertionError(
        "%s: of %d (wanted: %d) items number %d is the first that differs:\n"
        "found  %s\nwanted %s" % (what, len(found), len(want), at,
                                  found[at:at + 1], want[at:at + 1]))


class Later:
    """A call in a thread of its own, and what became of it."""

    def __init__(self, function, *args, **kwargs):
        self.result = self.error = None
        self.began = time.monotonic()
        self.took = None
        self._thread = threading.Thread(target=self._run, daemon=True,
                                        args=(function, args, kwargs))
        self._thread.start()

    def _run(self, function, args, kwargs):
        try:
            self.result = function(*args, **kwargs)
        except BaseException as error:  # handed to whoever asks
            self.error = error
        self.took = time.monotonic() - self.began

    @property
    def done(self):
        return not self._thread.is_alive()

    def get(self, seconds=60.0):
        self._thread.join(seconds * PATIENCE)
        if self._thread.is_alive():
            raise AssertionError("still running after %g s" % seconds)
        if self.error is not None:
            raise self.error
        return self.result


# ---- names

def _read_mib():
    """Label -> OID of everything the MIB defines, from its own text."""
    with open(MIB_FILE, encoding="ascii") as file:
        text = re.sub(r"--[^\n]*", "", re.sub(r'"[^"]*"', '""', file.read()))
    known = {"netSnmpPlaypen": (1, 3, 6, 1, 4, 1, 8072, 9999, 9999)}
    found = re.findall(r"\n([a-z]\w*)\s+(?:OBJECT-TYPE|OBJECT IDENTIFIER|"
                       r"MODULE-IDENTITY|OBJECT-IDENTITY|NOTIFICATION-TYPE)\b"
                       r"(?:(?!::=).)*::=\s*\{\s*(\w+)\s+(\d+)\s*\}", text,
                       re.S)
    while True:
        new = {n: known[p] + (int(i),) for n, p, i in found
               if p in known and n not in known}
        if not new:
            return known
        known.update(new)


MIB = _read_mib()
ROOT = MIB["dhcpFoMIB"]


def key_of(name):
    """The key of a relationship's name, as the MIB describes it."""
    octets = name.encode()

    def plain(c):
        return 0x20 <= c <= 0x7e and c not in b"\"'\\"
    if len(octets) <= 80 and all(map(plain, octets)):
        return octets
    kept = bytes(c if plain(c) else ord("_") for c in octets[:71])
    return kept + b"~%08X" % zlib.crc32(octets)


def key_index(key):
    if isinstance(key, str):
        key = key_of(key)
    return (len(key),) + tuple(key)


def scalar(label):
    return MIB["dhcpFo" + label] + (0,)


def server(label, number):
    return MIB["dhcpFoServer" + label] + (number,)


def rel(label, number, name):
    return MIB["dhcpFoRel" + label] + (number,) + key_index(name)


def address_index(address):
    return (1, 4) + tuple(map(int, address.split(".")))


def scope(number, name, address, label="RowStatus"):
    return (MIB["dhcpFoScope" + label] + (number,) + key_index(name) +
            address_index(address))


def dotted(oid):
    return "." + ".".join(map(str, oid))


def undotted(text):
    return tuple(int(i) for i in text.strip(".").split("."))


def address_number(address):
    return int.from_bytes(bytes(map(int, address.split("."))), "big")


def octets_of(address):
    return bytes(map(int, address.split(".")))


SYS_UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
SYS_CONTACT = (1, 3, 6, 1, 2, 1, 1, 4, 0)

# Columns that a Set changes: label, flag, column of the database.
FLAGS = {"Mclt": 0x01, "SafePeriod": 0x02, "State": 0x04, "Percentage": 0x08,
         "Mode": 0x10, "PrevState": 0x20, "SharedSecret": 0x40}


# ---- asking

Reply = collections.namedtuple("Reply", "status index varbinds")
Varbind = collections.namedtuple("Varbind", "oid type value")


class SnmpTimeout(AssertionError):
    pass


def values(reply):
    return [v.value for v in reply.varbinds]


class Client:
    """What both clients have in common; varbinds of a set are
    (oid, (letter, value)) with the letters of snmpset(1)."""

    def get1(self, oid):
        reply = self.get(oid)
        if reply.status != "noError":
            raise AssertionError("get %s: %r" % (dotted(oid), reply))
        found = reply.varbinds[0]
        return found.type if found.type in EXCEPTIONS else found.value

    def walk(self, root, end=None):
        """By GETNEXT or GETBULK, as a list of Varbind."""
        found, at = [], root
        while True:
            if self.version == "1":
                reply = self.next(at)
                if reply.status == "noSuchName":
                    return found
            else:
                reply = self.bulk(0, 40, at)
            if reply.status != "noError":
                raise AssertionError("walk: %r" % (reply,))
            for varbind in reply.varbinds:
                if (varbind.type == "endOfMibView" or
                        varbind.oid[:len(root)] != root):
                    return found
                if found and varbind.oid <= found[-1].oid:
                    raise AssertionError("OID not increasing: %s after %s" %
                                         (varbind.oid, found[-1].oid))
                found.append(varbind)
            at = found[-1].oid


_make = {
    "i": rfc1902.Integer32, "u": rfc1902.Unsigned32,
    "c": rfc1902.Counter32, "t": rfc1902.TimeTicks,
    "C": rfc1902.Counter64,
    "a": rfc1902.IpAddress, "o": rfc1902.ObjectIdentifier,
    "s": rfc1902.OctetString, "x": rfc1902.OctetString,
    "p": rfc1902.Opaque,
    "n": lambda _: api.protoModules[api.protoVersion2c].Null("")}

_names = {
    "Integer": "INTEGER", "Integer32": "INTEGER", "OctetString": "OCTETS",
    "ObjectIdentifier": "OID", "IpAddress": "IpAddress", "NetworkAddress":
    "IpAddress", "Counter": "Counter32", "Counter32": "Counter32",
    "Gauge": "Gauge32", "Gauge32": "Gauge32", "Unsigned32": "Gauge32",
    "TimeTicks": "Timeticks", "Opaque": "Opaque", "Counter64": "Counter64",
    "NoSuchObject": "noSuchObject", "NoSuchInstance": "noSuchInstance",
    "EndOfMibView": "endOfMibView", "Null": "Null"}


def _plain(oid, value):
    """A Varbind from pysnmp's objects."""
    name = _names[value.__class__.__name__]
    if name in EXCEPTIONS or name == "Null":
        plain = None
    elif name in ("OCTETS", "Opaque"):
        plain = value.asOctets()
    elif name == "IpAddress":
        plain = ".".join(map(str, value.asNumbers()))
    elif name == "OID":
        plain = tuple(value)
    else:
        plain = int(value)
    return Varbind(tuple(oid), name, plain)


class Pysnmp(Client):
    """pysnmp.  Versions 1 and 2c are its codec and a socket of ours, so that
    any PDU can be sent, at any time, by any thread; 3 is its engine."""

    lock = threading.Lock()
    number = int.from_bytes(os.urandom(3), "big")

    def __init__(self, port, version="2c", community=None):
        self.port, self.version = port, version
        self.community = community
        self.engine = hlapi.SnmpEngine() if version == "3" else None

    def __str__(self):
        return "pysnmp v" + self.version

    def get(self, *oids, **kw):
        return self._ask("Get", [(o, None) for o in oids], **kw)

    def next(self, *oids, **kw):
        return self._ask("GetNext", [(o, None) for o in oids], **kw)

    def bulk(self, non, most, *oids, **kw):
        return self._ask("GetBulk", [(o, None) for o in oids],
                         bulk=(non, most), **kw)

    def set(self, *varbinds, **kw):
        return self._ask("Set", varbinds, **kw)

    def _ask(self, kind, varbinds, bulk=None, timeout=15.0, retries=0,
             community=None):
        if community is None:
            community = self.community or (
                "private" if kind == "Set" else "public")
        timeout = timeout * PATIENCE if retries == 0 else timeout
        if self.version == "3":
            return self._ask_engine(kind, varbinds, bulk, timeout)
        version = (api.protoVersion1 if self.version == "1"
                   else api.protoVersion2c)
        module = api.protoModules[version]
        pdu = getattr(module, kind + "RequestPDU")()
        part = module.apiBulkPDU if bulk else module.apiPDU
        part.setDefaults(pdu)
        with Pysnmp.lock:
            Pysnmp.number = Pysnmp.number % 0x7ffffff0 + 1
            number = Pysnmp.number
        part.setRequestID(pdu, number)
        if bulk:
            part.setNonRepeaters(pdu, bulk[0])
            part.setMaxRepetitions(pdu, bulk[1])
        null = module.Null("")
        part.setVarBinds(pdu, [(o, null if v is None else _make[v[0]](v[1]))
                               for o, v in varbinds])
        message = module.Message()
        module.apiMessage.setDefaults(message)
        module.apiMessage.setCommunity(message, community)
        module.apiMessage.setPDU(message, pdu)
        data = encoder.encode(message)
        answer = self._exchange(data, number, module, timeout, retries)
        status = int(module.apiPDU.getErrorStatus(answer))
        index = int(answer.getComponentByPosition(2))
        return Reply(ERRORS[status], index if status else 0,
                     [_plain(o, v)
                      for o, v in module.apiPDU.getVarBinds(answer)])

    def _exchange(self, data, number, module, timeout, retries):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", self.port))
            for _ in range(retries + 1):
                end = time.monotonic() + timeout
                try:
                    sock.send(data)
                    while True:
                        sock.settimeout(max(end - time.monotonic(), 0.001))
                        message, _ = decoder.decode(
                            sock.recv(65536), asn1Spec=module.Message())
                        pdu = module.apiMessage.getPDU(message)
                        if (pdu.tagSet == module.GetResponsePDU.tagSet and
                                int(module.apiPDU.getRequestID(pdu)) == number):
                            return pdu
                except socket.timeout:
                    continue
                except ConnectionRefusedError:
                    break
        raise SnmpTimeout("no answer from port %d" % self.port)

    def _ask_engine(self, kind, varbinds, bulk, timeout):
        command = getattr(cmdgen, {"Get": "getCmd", "GetNext": "nextCmd",
                                   "GetBulk": "bulkCmd", "Set": "setCmd"}[kind])
        user = hlapi.UsmUserData(
            V3_USER, V3_AUTH, V3_PRIV,
            authProtocol=hlapi.usmHMACSHAAuthProtocol,
            privProtocol=hlapi.usmAesCfb128Protocol)
        target = cmdgen.UdpTransportTarget(("127.0.0.1", self.port),
                                           timeout=timeout, retries=0)
        types = [hlapi.ObjectType(
            hlapi.ObjectIdentity(o),
            rfc1905.unSpecified if v is None else _make[v[0]](v[1]))
            for o, v in varbinds]
        answers = []
        command(self.engine, user, target, hlapi.ContextData(), *(bulk or ()),
                *types, lookupMib=False,
                cbFun=lambda *answer: answers.append(answer))
        self.engine.transportDispatcher.runDispatcher()
        _, _, error, status, index, table, _ = answers[0]
        if error is not None:
            raise SnmpTimeout(str(error))
        if kind in ("GetNext", "GetBulk"):
            table = [varbind for row in table for varbind in row]
        return Reply(ERRORS[int(status)], int(index),
                     [_plain(tuple(o), v) for o, v in table])


class NetSnmp(Client):
    """Net-SNMP's command line tools."""

    def __init__(self, port, version="2c", community=None):
        self.port, self.version = port, version
        self.community = community

    def __str__(self):
        return "Net-SNMP v" + self.version

    plain = ["-On", "-Ox", "-OU"]

    def run(self, tool, options, *args, write=False, env=None, timeout=15,
            retries=0):
        """Run a tool as it is; returns the CompletedProcess."""
        if self.version == "3":
            who = ["-v3", "-l", "authPriv", "-u", V3_USER, "-a", "SHA", "-A",
                   V3_AUTH, "-x", "AES", "-X", V3_PRIV]
        else:
            who = ["-v" + self.version, "-c", self.community or (
                "private" if write else "public")]
        return subprocess.run(
            [tool] + who + ["-t", str(timeout), "-r", str(retries)] +
            list(options) + ["udp:127.0.0.1:%d" % self.port] + list(args),
            text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
            timeout=600, env={**os.environ, "SNMPCONFPATH": os.devnull,
                              "SNMP_PERSISTENT_DIR": os.devnull,
                              **({"MIBS": ""} if env is None else env)})

    def get(self, *oids, **kw):
        return self._parse(oids, self.run("snmpget", self.plain,
                                          *map(dotted, oids), **kw))

    def next(self, *oids, **kw):
        return self._parse(oids, self.run("snmpgetnext", self.plain,
                                          *map(dotted, oids), **kw))

    def bulk(self, non, most, *oids, **kw):
        return self._parse(oids, self.run(
            "snmpbulkget", ["-Cn%d" % non, "-Cr%d" % most] + self.plain,
            *map(dotted, oids), **kw))

    def set(self, *varbinds, **kw):
        args = []
        for oid, (letter, value) in varbinds:
            if letter in "sx":
                letter = "x"
                value = (value.encode() if isinstance(value, str)
                         else value).hex() or "  "
            elif letter == "o":
                value = dotted(value)
            args += [dotted(oid), letter, str(value)]
        return self._parse([v[0] for v in varbinds], self.run(
            "snmpset", self.plain, *args, write=True, **kw))

    def walk(self, root, tool=None):
        tool = tool or ("snmpwalk" if self.version == "1" else "snmpbulkwalk")
        done = self.run(tool, self.plain, dotted(root))
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return [v for v in self._lines(done.stdout)
                if v.type not in EXCEPTIONS]

    def _parse(self, oids, done):
        if "Timeout" in done.stderr or "No Response" in done.stderr:
            raise SnmpTimeout(done.stderr.strip())
        reason = re.search(r"Reason: \(?(\w+)", done.stderr)
        if reason is None:
            if done.returncode != 0:
                raise AssertionError("%r: %s%s" % (
                    done.args, done.stdout, done.stderr))
            return Reply("noError", 0, list(self._lines(done.stdout)))
        status = {"generror": "genErr"}.get(reason[1].lower(), reason[1])
        blamed = re.search(r"Failed object: (\.[\d.]+)", done.stderr)
        index = 0
        if blamed:
            index = list(oids).index(undotted(blamed[1])) + 1
        return Reply(status, index, [])

    _types = {"INTEGER": int, "Gauge32": int, "Counter32": int,
              "Counter64": int, "IpAddress": str,
              "OID": undotted, "Hex-STRING": bytes.fromhex,
              "STRING": lambda t: t.strip('"').encode(),
              "Timeticks": lambda t: int(re.match(r"\((\d+)\)", t)[1])}

    def _lines(self, text):
        for line in re.sub(r"\n(?!\.)", " ", text.strip()).split("\n"):
            if " = " not in line:
                continue
            name, value = line.split(" = ", 1)
            value = value.strip()
            oid = undotted(name)
            if value.startswith("No Such Object"):
                yield Varbind(oid, "noSuchObject", None)
            elif value.startswith("No Such Instance"):
                yield Varbind(oid, "noSuchInstance", None)
            elif value.startswith("No more variables"):
                yield Varbind(oid, "endOfMibView", None)
            elif value == '""':
                yield Varbind(oid, "OCTETS", b"")
            else:
                kind, rest = value.split(":", 1)
                name = "OCTETS" if kind.endswith("STRING") else kind
                yield Varbind(oid, name, self._types[kind](rest.strip()))


V3_USER, V3_AUTH, V3_PRIV = "labuser", "lab-auth-phrase", "lab-priv-phrase"


# ---- what is asked

class Server:
    """A section [server N]: of type test with files of its own by default."""

    def __init__(self, number, type="test", **keys):
        self.number, self.type, self.keys = number, type, keys


class Rel:
    """A relationship to be put into a database."""

    def __init__(self, name, scopes=(), mode=0, role=0, state=3, prev_state=2,
                 mclt=3600, safe_period=0xffffffff, percentage=50,
                 primary="192.0.2.1", secondary="192.0.2.2",
                 primary_name="", secondary_name="", secret=None):
        self.__dict__.update(locals())
        del self.__dict__["self"]


class Died(AssertionError):
    pass


def _die_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Lab:
    """See the top of the file.  `subagent`: keys of [subagent]; `snmpd`:
    more lines for snmpd.conf; `master`: False for no snmpd at all; `env`: more
    of the environment of dhcpfod and of snmpd."""

    REPORTS = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|"
                         r"UndefinedBehavior|runtime error:|^==\d+==", re.M)

    def __init__(self, servers=None, subagent=None, snmpd="", master=True,
                 start=True, wrap=(), argv=(), env=None):
        self.servers = {s.number: s for s in servers or [Server(1)]}
        self.subagent = {"poll-interval": 86400, "ping-interval": 3600,
                         **(subagent or {})}
        self.snmpd_extra, self.has_master = snmpd, master
        self.start_all, self.wrap, self.argv = start, list(wrap), list(argv)
        self.env = {**os.environ, **(env or {})}
        self.snmpd = self.agent = None
        self.frozen = set()
        self.pids = []  # of all snmpd and dhcpfod so far
        self.cleanups = []
        self.controls = 0
        self.port = None

    # -- life

    def __enter__(self):
        return self.open()

    def __exit__(self, kind, error, trace):
        self.close(failed=kind is not None)

    def open(self):
        base = tempfile.gettempdir()
        self.dir = tempfile.mkdtemp(
            prefix="fo", dir=base if len(base) < 60 else "/tmp")
        self.socket = self.path("x")
        os.mkdir(self.path("p"))
        try:
            if self.start_all and self.has_master:
                self.start_snmpd()
            if self.start_all:
                self.start_agent(ready=self.has_master)
        except BaseException:
            self.close(failed=True)
            raise
        return self

    def close(self, failed=False):
        """Stop everything; complain unless dhcpfod was and ended well."""
        problems = []
        if self.snmpd is not None and self.snmpd.poll() is not None:
            problems.append("snmpd had ended with %d:\n%s" % (
                self.snmpd.returncode, self.snmpd_log()[-3000:]))
        try:
            if self.agent is not None:
                self.thaw()
                problems += self._end_agent()
        finally:
            for process in (self.agent, self.snmpd):
                if process is not None and process.poll() is None:
                    process.kill()
                    process.wait()
            self.agent = self.snmpd = None
            for cleanup in reversed(self.cleanups):
                cleanup()
            if os.path.exists(self.path("dhcpfod.log")):
                if self.REPORTS.search(self.log()):
                    problems.append("a report in the log:\n" + self.log())
            if not os.environ.get("KEEP"):
                shutil.rmtree(self.dir, ignore_errors=True)
        if problems and not failed:
            raise Died("\n".join(problems))

    def _end_agent(self):
        process = self.agent
        if process.poll() is not None:
            return ["dhcpfod had ended with %d:\n%s" % (
                process.returncode, self.log()[-3000:])]
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(10 * PATIENCE)
        except subprocess.TimeoutExpired:
            return ["dhcpfod does not end on SIGTERM:\n" + self.log()[-3000:]]
        if status != 0:
            return ["dhcpfod ended with %d:\n%s" % (status,
                                                    self.log()[-3000:])]
        return []

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def start_snmpd(self):
        if self.port is None:
            self.reserved = Port()
            self.port = self.reserved.number
        self._write_snmpd_conf()
        self._spawn_snmpd()
        wait(self._snmpd_is_there, "snmpd answers")

    def _snmpd_is_there(self):
        if self.snmpd.poll() is not None:
            raise Died("snmpd ended with %d:\n%s" % (
                self.snmpd.returncode, self.snmpd_log()))
        try:
            Pysnmp(self.port).get(SYS_UPTIME, timeout=0.2)
            return True
        except SnmpTimeout:
            return False

    def _write_snmpd_conf(self):
        with open(self.path("snmpd.conf"), "w") as file:
            file.write(
                "agentAddress udp:127.0.0.1:%d\nmaster agentx\n"
                "dontLogTCPWrappersConnects yes\n"
                "agentXSocket unix:%s\n"
                "rocommunity public\nrwcommunity private\n"
                "rwuser -s usm %s priv\n"
                "view narrow included .1\n"
                "view narrow excluded %s\n"
                "rwcommunity narrow default -V narrow\n%s\n" % (
                    self.port, self.socket, V3_USER,
                    dotted(MIB["dhcpFoRelMclt"]), self.snmpd_extra))
        persistent = self.path("p", "snmpd.conf")
        if not os.path.exists(persistent):
            with open(persistent, "w") as file:
                file.write('createUser %s SHA "%s" AES "%s"\n' % (
                    V3_USER, V3_AUTH, V3_PRIV))

    def _spawn_snmpd(self):
        self.snmpd = subprocess.Popen(
            ["snmpd", "-f", "-C",  # -C: the persistent file is named, too
             "-c", self.path("snmpd.conf") + "," +
             self.path("p", "snmpd.conf"),
             "-Lf", self.path("snmpd.log"), "-p", self.path("snmpd.pid"),
             "-I", "-smux,-mteTrigger,-mteTriggerConf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=_die_with_us,
            env={**self.env, "MIBS": "", "SNMPCONFPATH": self.dir,
                 "SNMP_PERSISTENT_DIR": self.path("p"),
                 "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
        self.pids.append(self.snmpd.pid)

    def stop_snmpd(self, how=signal.SIGTERM):
        self.snmpd.send_signal(how)
        self.snmpd.wait(10 * PATIENCE)
        self.snmpd = None

    def write_conf(self, text=None):
        if text is None:
            lines = ["[subagent]", "agentx-socket = " + self.socket,
                     "state-dir = " + self.dir]
            lines += ["%s = %s" % kv for kv in self.subagent.items()]
            for number, srv in self.servers.items():
                keys = {"type": srv.type}
                if srv.type == "test":
                    keys.update(control=self.path("%d.ctl" % number),
                                calls=self.path("%d.calls" % number))
                if srv.type in ("local", "test"):
                    keys.update({"database": self.database(number),
                                 "max-relationships": 100000})
                keys.update({k.replace("_", "-"): v
                             for k, v in srv.keys.items()})
                lines += ["", "[server %d]" % number]
                lines += ["%s = %s" % kv for kv in keys.items()]
            text = "\n".join(lines) + "\n"
        with open(self.path("dhcpfod.conf"), "w") as file:
            file.write(text)

    def start_agent(self, ready=True, conf=None):
        self.write_conf(conf)
        with open(self.path("dhcpfod.log"), "ab") as log:
            self.agent = subprocess.Popen(
                self.wrap + WRAP + [
                    os.path.join(BUILD, "tests", "dhcpfod"), "-f",
                    "-c", self.path("dhcpfod.conf")] + self.argv,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.dir, preexec_fn=_die_with_us, env=self.env)
        self.pids.append(self.agent.pid)
        if ready:
            self.wait_tables()

    def stop_agent(self):
        problems = self._end_agent()
        if self.agent.poll() is None:
            self.agent.kill()
            self.agent.wait()
        self.agent = None
        if problems:
            raise Died("\n".join(problems))

    def kill_agent(self):
        """It must not have ended by itself before."""
        self.agent.kill()
        if self.agent.wait() != -signal.SIGKILL:
            self.check_alive()
        self.agent = None

    def freeze(self, process):
        process.send_signal(signal.SIGSTOP)
        self.frozen.add(process)
        wait(lambda: open("/proc/%d/stat" % process.pid).read().rsplit(
            ")", 1)[1].split()[0] == "T", "the process stops")

    def thaw(self):
        for process in self.frozen:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
        self.frozen.clear()

    def check_alive(self):
        if self.agent.poll() is not None:
            raise Died("dhcpfod ended with %d:\n%s" % (
                self.agent.returncode, self.log()[-3000:]))

    def tables_there(self):
        """Are the tables served?"""
        self.check_alive()
        try:
            found = Pysnmp(self.port).get(scalar("ServerCount"), timeout=1)
        except SnmpTimeout:
            return False
        return found.varbinds[0].value == len(self.servers)

    def wait_tables(self, seconds=10.0, polled=True):
        wait(self.tables_there, "the tables are there", seconds)
        if polled:
            wait(lambda: all(self.get(server("OperStatus", n)) != 1
                             for n in self.servers), "the first polls end")

    # -- files

    def log(self):
        with open(self.path("dhcpfod.log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def snmpd_log(self):
        try:
            with open(self.path("snmpd.log"), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def control(self, number, *lines):
        """Have the next operations of a test server fail or sleep."""
        path = self.path("%d.ctl" % number)
        # A line is counted anew only if it looks new.
        self.controls += 1
        blanks = " " * (self.controls % 100)
        with open(path + ".new", "w") as file:
            file.write("".join(blanks + line + "\n" for line in lines))
        os.replace(path + ".new", path)

    def calls(self, number, *kinds):
        """The operations of a test server so far, of some kinds or all."""
        try:
            with open(self.path("%d.calls" % number)) as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        return [x for x in lines if not kinds or x.split()[0] in kinds]

    def changes(self, number):
        """Those that change relationships."""
        return self.calls(number, "set", "create", "delete", "add_scopes",
                          "delete_scopes", "restore")

    def forget(self, number):
        """Empty the record of calls."""
        with open(self.path("%d.calls" % number), "a") as file:
            file.truncate(0)

    def database(self, number):
        return self.servers[number].keys.get("database",
                                             self.path("%d.db" % number))

    def connect(self, number):
        db = sqlite3.connect(self.database(number), timeout=20,
                             isolation_level=None)
        db.row_factory = sqlite3.Row
        return db

    def rows(self, number):
        """Name -> row, as the database has them."""
        db = self.connect(number)
        try:
            return {r["name"]: dict(r)
                    for r in db.execute("SELECT * FROM relationship")}
        finally:
            db.close()

    def scopes(self, number, name):
        """Addresses of the scopes of a relationship in the database."""
        db = self.connect(number)
        try:
            return [socket.inet_ntoa(r[0].to_bytes(4, "big")) for r in
                    db.execute("SELECT address FROM scope WHERE relationship"
                               " = ? ORDER BY address", (name,))]
        finally:
            db.close()

    def seed(self, number, rels):
        """Put relationships into the database, and have them read."""
        db = self.connect(number)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("BEGIN IMMEDIATE")
            for r in rels:
                db.execute("DELETE FROM relationship WHERE name = ?",
                           (r.name,))
                db.execute(
                    "INSERT INTO relationship VALUES "
                    "(?,?,?,?,?,?,?,?,?,?,?,?,?)", (
                        r.name, address_number(r.primary),
                        address_number(r.secondary), r.mode, r.role, r.state,
                        r.prev_state, r.mclt, r.safe_period, r.primary_name,
                        r.secondary_name, r.percentage, r.secret))
                for address in r.scopes:
                    db.execute(
                        "INSERT OR REPLACE INTO scope (address, length, "
                        "relationship, num_addr, addr_free, this_addr_free) "
                        "VALUES (?, 24, ?, 254, 254, 254)",
                        (address_number(address), r.name))
            db.execute("COMMIT")
        finally:
            db.close()
        self.refresh(number)

    def refresh(self, number):
        """Have the server read again, and wait until it was."""
        reply = self.set((server("Action", number), ("i", 2)))
        if reply.status != "noError":
            raise AssertionError("refresh: %r" % (reply,))
        wait(lambda: self.get(server("Action", number)) == 1,
             "the poll ends")

    # -- asking

    @property
    def pysnmp(self):
        return Pysnmp(self.port)

    @property
    def netsnmp(self):
        return NetSnmp(self.port)

    def clients(self):
        """Both clients in all three versions."""
        return [kind(self.port, version) for kind in (Pysnmp, NetSnmp)
                for version in ("1", "2c", "3")]

    def get(self, oid):
        return self.pysnmp.get1(oid)

    def set(self, *varbinds, **kw):
        return self.pysnmp.set(*varbinds, **kw)

    def columns(self, number, name, *labels):
        """label -> value of a row."""
        reply = self.pysnmp.get(*(rel(x, number, name) for x in labels))
        return dict(zip(labels, values(reply)))
