# SPDX-License-Identifier: BSD-2-Clause
"""Pairs of real kea-dhcp4 servers behind the table.

Kea runs on loopback as whoever runs the tests; with KEA_TEST_SEND_RESPONSES_TO_
SOURCE and UDP sockets it leases addresses there without being root.  Its timers
are short, and everything waits for a condition.
"""
import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

from lab import (MIB, PATIENCE, ROOT, Lab, Server, _die_with_us, dotted,
                 octets_of, rel, scalar, scope, server, values, wait)
from ports import Port
from test_monitor import Trapd

KEA = shutil.which("kea-dhcp4", path=os.environ.get("PATH", "") +
                   ":/usr/sbin:/usr/local/sbin")
HOOKS = next(iter(glob.glob("/usr/lib/*/kea/hooks") +
                  glob.glob("/usr/local/lib/kea/hooks")), None)

NAME = "server1-server2"
SUBNET = "192.0.2.0"
# config-get tells it.  So long that free() does not happen to overwrite all.
PASSWORD = "pA55-of-the-peers-" + "x" * 60 + "-and-its-end"
STARTUP, NORMAL, INTERRUPTED, DOWN = 2, 3, 4, 5
UP, UNREACHABLE, DENIED, ERROR = 2, 3, 4, 5


class Kea:
    """One kea-dhcp4."""

    def __init__(self, name, directory, client_port):
        self.name, self.dir = name, directory
        self.path = os.path.join(directory, name + ".socket")
        self.log_path = os.path.join(directory, name + ".log")
        self.reserved = Port(socket.SOCK_STREAM), Port()
        self.http, self.port = (r.number for r in self.reserved)
        self.client_port = client_port
        self.process = None
        self.stopped = False

    def start(self, config):
        conf = os.path.join(self.dir, self.name + ".json")
        with open(conf, "w", encoding="utf-8") as file:
            json.dump(config, file, ensure_ascii=False)
        for left in glob.glob(os.path.join(self.dir, self.name + "*.pid")):
            os.unlink(left)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [KEA, "-c", conf, "-p", str(self.port), "-P",
                 str(self.client_port)], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=_die_with_us, cwd=self.dir,
                env={**os.environ, "KEA_PIDFILE_DIR": self.dir,
                     "KEA_LOCKFILE_DIR": self.dir,
                     "KEA_CONTROL_SOCKET_DIR": self.dir,
                     "KEA_TEST_SEND_RESPONSES_TO_SOURCE": "ENABLED"})
        self.stopped = False
        wait(self.answers, "%s answers:\n%s" % (self.name, self.log()[-2000:]),
             15)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("%s ended:\n%s" % (self.name,
                                                    self.log()[-2000:]))
        try:
            return self.ask("status-get")
        except OSError:
            return None

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(20)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    def close(self):
        if self.running():
            self.process.kill()
            self.process.wait()

    def ask(self, command, timeout=15, **arguments):
        text = {"command": command}
        if arguments:
            text["arguments"] = arguments
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(timeout)
            sock.connect(self.path)
            sock.sendall(json.dumps(text).encode())
            answer = b""
            while True:
                more = sock.recv(65536)
                if not more:
                    return json.loads(answer) if answer else None
                answer += more

    def state(self):
        answer = self.ask("status-get")["arguments"]["high-availability"][0]
        return answer["ha-servers"]["local"]["state"]

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def received(self, command):
        """How often it was given a command."""
        return self.log().count("Received command '%s'" % command)


class Pair:
    """Two of them, and what they are configured to be."""

    def __init__(self, directory, mode="load-balancing", unacked=0,
                 delay=2000):
        self.reserved = Port()
        self.client_port = self.reserved.number
        self.mode, self.unacked, self.delay = mode, unacked, delay
        self.dir = directory
        self.one = Kea("server1", directory, self.client_port)
        self.two = Kea("server2", directory, self.client_port)
        self.both = (self.one, self.two)

    def config(self, kea, hooks=("stat_cmds", "lease_cmds", "ha")):
        second = "secondary" if self.mode == "load-balancing" else "standby"
        peers = [{"name": k.name, "url": "http://127.0.0.1:%d/" % k.http,
                  "role": role, "basic-auth-user": "peer",
                  "basic-auth-password": PASSWORD}
                 for k, role in zip(self.both, ("primary", second))]
        ha = {"this-server-name": kea.name, "mode": self.mode,
              "heartbeat-delay": 400, "max-response-delay": self.delay,
              "max-ack-delay": 1000, "max-unacked-clients": self.unacked,
              "multi-threading": {"enable-multi-threading": True,
                                  "http-dedicated-listener": True},
              "peers": peers}
        libraries = []
        for hook in hooks:
            entry = {"library": "%s/libdhcp_%s.so" % (HOOKS, hook)}
            if hook == "ha":
                entry["parameters"] = {"high-availability": [ha]}
            libraries.append(entry)
        return {"Dhcp4": {
            "interfaces-config": {"interfaces": ["lo/127.0.0.1"],
                                  "dhcp-socket-type": "udp"},
            "control-socket": {"socket-type": "unix",
                               "socket-name": kea.path},
            "lease-database": {"type": "memfile", "persist": False},
            "multi-threading": {"enable-multi-threading": True,
                                "thread-pool-size": 2},
            "valid-lifetime": 3600,
            "user-context": {"Straße": "Zürich, 5 €"},
            "hooks-libraries": libraries,
            "subnet4": [
                {"id": 4, "subnet": SUBNET + "/24",
                 "pools": [{"pool": "192.0.2.11-192.0.2.60"}]}],
            "shared-networks": [
                {"name": "floor", "subnet4": [
                    {"id": 9, "subnet": "198.51.100.0/25",
                     "pools": [{"pool": "198.51.100.1-198.51.100.8"}]}]}],
            "loggers": [{"name": "kea-dhcp4", "severity": "INFO",
                         "output_options": [{"output": "stdout"}]}]}}

    def start(self, *which):
        for kea in which or self.both:
            if not kea.running():
                kea.start(self.config(kea))

    def normal(self):
        """Both run, and each is well."""
        for kea in self.both:
            if kea.running() and kea.stopped:
                kea.thaw()
        self.start()
        good = {"load-balancing", "hot-standby"}
        wait(lambda: all(k.state() in good for k in self.both),
             "the pair is well", 25)

    def close(self):
        for kea in self.both:
            kea.close()

    # -- a client of theirs

    def lease(self, number):
        """DISCOVER and REQUEST by a relay; the address that was leased."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", self.client_port))
            offer = self._exchange(sock, self._packet(number, 1))
            packet = self._packet(number, 3, (50, offer[16:20]),
                                  (54, _option(offer, 54)))
            answer = self._exchange(sock, packet)
        if _option(answer, 53) != b"\5":
            raise AssertionError("no DHCPACK: %r" % answer)
        return socket.inet_ntoa(answer[16:20])

    def _exchange(self, sock, packet):
        end = time.monotonic() + 8 * PATIENCE
        sock.settimeout(0.5)
        while time.monotonic() < end:
            # Which of them answers depends on the hash of the address.
            for kea in self.both:
                sock.sendto(packet, ("127.0.0.1", kea.port))
            try:
                while True:
                    answer = sock.recv(2048)
                    if answer[4:8] == packet[4:8]:
                        return answer
            except (socket.timeout, ConnectionRefusedError):
                continue
        raise AssertionError("no answer to a DHCP packet")

    @staticmethod
    def _packet(number, kind, *options):
        mac = b"\2\0\0" + struct.pack(">I", number)[1:]
        xid = struct.pack(">I", number << 8 | kind)
        head = (b"\1\1\6\1" + xid + b"\0\0\0\0" + bytes(12) +
                octets_of("192.0.2.1") + mac + bytes(10) + bytes(192) +
                b"\x63\x82\x53\x63" + bytes([53, 1, kind]))
        for code, value in options:
            head += bytes([code, len(value)]) + value
        return head + b"\xff"


def _option(packet, wanted):
    at = 240
    while packet[at] != 255:
        if packet[at] == 0:
            at += 1
            continue
        code, length = packet[at], packet[at + 1]
        if code == wanted:
            return packet[at + 2:at + 2 + length]
        at += 2 + length
    return None


class KeaCase(unittest.TestCase):
    weight = 30
    keys = {1: {"allow-config-set": "yes"}, 2: {}}
    pair_keys = {}
    wrap = []

    @classmethod
    def setUpClass(cls):
        if KEA is None or HOOKS is None:
            raise unittest.SkipTest("there is no kea-dhcp4 with its hooks: "
                                    "install kea-dhcp4-server")
        cls.lab = Lab([Server(n, type="kea") for n in cls.keys], start=False,
                      wrap=cls.wrap)
        cls.lab.open()
        cls.addClassCleanup(cls.lab.close)
        cls.pair = Pair(cls.lab.dir, **cls.pair_keys)
        cls.addClassCleanup(cls.pair.close)
        cls.trapd = Trapd(cls.lab.dir)
        cls.addClassCleanup(cls.trapd.close)
        cls.lab.snmpd_extra = "trap2sink 127.0.0.1:%d\n" % cls.trapd.port
        cls.lab.start_snmpd()
        cls.prepare()
        cls.lab.start_agent(conf=cls.conf())

    @classmethod
    def prepare(cls):
        cls.pair.start()

    @classmethod
    def conf(cls):
        lines = ["[subagent]", "agentx-socket = " + cls.lab.socket,
                 "state-dir = " + cls.lab.dir, "poll-interval = 1",
                 "notify-min-interval = 0"]
        for number, keys in cls.keys.items():
            keys = {"type": "kea", "name": "kea-%d" % number,
                    "socket": cls.pair.both[number - 1].path,
                    "timeout": 800, **keys}
            lines += ["[server %d]" % number]
            lines += ["%s = %s" % kv for kv in keys.items()]
        return "\n".join(lines) + "\n"

    def get(self, oid):
        return self.lab.get(oid)

    def state(self, number):
        return self.get(rel("State", number, NAME))

    def wait_state(self, number, *states, seconds=15):
        wait(lambda: self.state(number) in states,
             "server %d is in state %s; is in %s" % (
                 number, states, self.state(number)), seconds)

    def normal(self):
        self.pair.normal()
        for number in self.keys:
            self.wait_state(number, NORMAL)

    def error_text(self, number):
        return self.get(server("LastErrorText", number)).decode()

    def set_down(self, number, name=NAME):
        return self.lab.set((rel("State", number, name), ("i", DOWN)))

    def assert_refused(self, reply, words, number=1):
        self.assertEqual((reply.status, reply.index), ("inconsistentValue", 1))
        self.assertIn(words, self.error_text(number))
        self.assertIn(words, self.lab.log())


class LoadBalancing(KeaCase):
    # With unacked clients Kea does not go to partner-down by itself.
    pair_keys = {"unacked": 1}

    def setUp(self):
        self.normal()

    def test_pair__is_shown_with_all_its_members(self):
        for number, role in ((1, 0), (2, 1)):
            found = self.lab.columns(
                number, NAME, "Name", "Mode", "ServerRole", "State", "Mclt",
                "SafePeriod", "Percentage", "PrimaryAddr", "SecondaryAddr",
                "PrimaryName", "SecondaryName", "SharedSecret", "ScopeCount",
                "PartnerState", "AuthEnabled", "Drift", "Health")
            self.assertEqual(list(found.values()), [
                NAME.encode(), 0, role, NORMAL, 0, 2, 50,
                octets_of("127.0.0.1"), octets_of("127.0.0.1"), b"server1",
                b"server2", b"", 2, NORMAL, 2, b"\0", 1])
            self.assertEqual(self.get(server("Type", number)), 4)
            self.assertEqual(self.get(server("OperStatus", number)), UP)
            self.assertEqual(self.get(server("ClockOffset", number)), 0)
            found = values(self.lab.pysnmp.get(
                scope(number, NAME, "198.51.100.0", "Addresses"),
                scope(number, NAME, "198.51.100.0", "Free"),
                scope(number, NAME, "198.51.100.0", "InUse"),
                scope(number, NAME, "198.51.100.0", "ThisFree"),
                scope(number, NAME, "198.51.100.0", "PartnerInUse")))
            self.assertEqual(found, [8, 8, 0, None, None])

    def test_partner_killed__is_interrupted_then_down_by_set_then_normal(self):
        told = len(self.trapd.lines("PartnerDown"))
        self.pair.two.kill()
        self.wait_state(1, INTERRUPTED)
        wait(lambda: self.get(server("OperStatus", 2)) == UNREACHABLE,
             "the dead one is unreachable")
        self.assertIn("nobody listens", self.error_text(2))
        wait(lambda: self.get(rel("PartnerState", 1, NAME)) == 0,
             "the partner's state is not known")
        # It stays so by itself: nobody's clients are unacknowledged.
        asked = self.pair.one.received("ha-maintenance-start")
        began = time.monotonic()
        reply = self.set_down(1)
        self.assertEqual(reply.status, "noError")
        self.assertLess(time.monotonic() - began, 2 * PATIENCE)
        self.assertEqual(self.pair.one.state(), "partner-down")
        self.assertEqual(self.state(1), DOWN)
        self.assertEqual(self.get(rel("PrevState", 1, NAME)), INTERRUPTED)
        self.trapd.wait("PartnerDown", NAME, n=told + 1)
        # Once more, as managers do: nothing is sent.
        self.assertEqual(self.set_down(1).status, "noError")
        self.assertEqual(self.pair.one.received("ha-maintenance-start"),
                         asked + 1)
        self.assertEqual(self.get(rel("SetStatus", 1, NAME)), 3)
        # It serves all clients, of which it had half before.
        self.assertEqual(len({self.pair.lease(n)
                              for n in range(100, 106)}), 6)

        recovered = len(self.trapd.lines("Recovered"))
        self.pair.start(self.pair.two)
        self.wait_state(1, NORMAL)
        self.wait_state(2, NORMAL)
        self.trapd.wait("Recovered", NAME, n=recovered + 1)
        self.assertEqual(self.get(server("OperStatus", 2)), UP)

    def test_previous_state__outlives_a_reload_and_a_restart(self):
        self.pair.two.kill()
        self.wait_state(1, INTERRUPTED)
        self.assertEqual(self.get(rel("PrevState", 1, NAME)), NORMAL)
        self.lab.write_conf(self.conf().replace("timeout = 800",
                                                "timeout = 900"))
        said = 'server "kea-1": up,'
        n = self.lab.log().count(said)
        self.lab.agent.send_signal(signal.SIGHUP)
        wait(lambda: self.lab.log().count(said) > n, "it is asked anew")
        self.assertEqual(self.get(rel("PrevState", 1, NAME)), NORMAL)
        # What is told of a change meanwhile tells from what, too.
        self.lab.stop_agent()
        self.pair.normal()
        self.lab.start_agent(conf=self.conf())
        self.wait_state(1, NORMAL)
        self.assertEqual(self.get(rel("PrevState", 1, NAME)), INTERRUPTED)

    def test_partner_that_hangs__is_seen_and_partner_down_is_refused(self):
        self.pair.two.freeze()
        self.wait_state(1, INTERRUPTED)
        wait(lambda: self.get(server("OperStatus", 2)) == UNREACHABLE,
             "the hung one is unreachable")
        self.assertIn("within 800 ms", self.error_text(2))
        asked = self.pair.one.received("ha-maintenance-start")
        began = time.monotonic()
        self.assert_refused(self.set_down(1), "it hangs")
        self.assertLess(time.monotonic() - began, 2 * PATIENCE)
        self.assertEqual(self.pair.one.received("ha-maintenance-start"),
                         asked)
        # Its own row, too: nothing is sent to one that does not answer.
        reply = self.set_down(2)
        self.assertEqual(reply.status, "resourceUnavailable")
        self.assertEqual(self.get(rel("SetStatus", 2, NAME)), 4)
        self.pair.two.thaw()
        self.normal()

    def test_partner_down_while_normal__is_refused(self):
        self.assert_refused(self.set_down(1), "refused in state normal")
        for value in (0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11):
            reply = self.lab.set((rel("State", 1, NAME), ("i", value)))
            self.assert_refused(reply, "partnerDown")
        self.assertEqual(self.pair.one.state(), "load-balancing")

    def test_partner_alive_but_not_heard__forbids_partner_down(self):
        """It listens, while the other one is told to wait for it."""
        self.pair.two.kill()
        self.wait_state(1, INTERRUPTED)
        with socket.socket() as other:  # somebody else at its port
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", self.pair.two.http))
            other.listen(8)
            self.assert_refused(self.set_down(1), "it hangs")
        self.assertEqual(self.pair.one.state(), "communication-recovery")

    def test_what_kea_cannot_set__is_not_writable_and_nothing_is_done(self):
        others = [("Mclt", ("u", 3600)), ("Percentage", ("u", 60)),
                  ("Mode", ("i", 1)), ("PrevState", ("i", 3)),
                  ("SharedSecret", ("s", "x"))]
        self.pair.two.kill()
        self.wait_state(1, INTERRUPTED)
        for label, value in others:
            with self.subTest(label):
                reply = self.lab.set((rel("State", 1, NAME), ("i", DOWN)),
                                     (rel(label, 1, NAME), value))
                self.assertEqual((reply.status, reply.index),
                                 ("notWritable", 2))
        reply = self.lab.set((rel("SafePeriod", 2, NAME), ("u", 5)))
        self.assertEqual((reply.status, reply.index), ("notWritable", 1))
        reply = self.lab.set((rel("RowStatus", 1, NAME), ("i", 6)))
        self.assertEqual((reply.status, reply.index), ("notWritable", 1))
        reply = self.lab.set((rel("RowStatus", 1, "new"), ("i", 4)))
        self.assertEqual((reply.status, reply.index), ("noCreation", 1))
        self.assertEqual(self.pair.one.state(), "communication-recovery")

    def test_leases__show_in_the_statistics_of_both(self):
        def in_use(number):
            return self.get(scope(number, NAME, SUBNET, "InUse"))

        start = in_use(1)
        first = random.randrange(1000, 2 ** 20)
        leased = {self.pair.lease(n) for n in range(first, first + 10)}
        self.assertEqual(len(leased), 10)
        for number in (1, 2):
            wait(lambda: in_use(number) == start + 10,
                 "server %d counts the leases" % number)
            found = values(self.lab.pysnmp.get(
                scope(number, NAME, SUBNET, "Addresses"),
                scope(number, NAME, SUBNET, "Free"),
                scope(number, NAME, SUBNET, "FreePercent")))
            self.assertEqual(found, [50, 40 - start, 2 * (40 - start)])

    def test_safe_period__is_set_by_config_set_and_is_drift(self):
        def drift(number):
            return self.get(rel("Drift", number, NAME))

        with open(os.path.join(self.lab.dir, "server1.json")) as file:
            before = file.read()
        was = self.pair.one.ask("config-get")
        reply = self.lab.set((rel("SafePeriod", 1, NAME), ("u", 5)))
        self.assertEqual(reply.status, "noError")
        self.assertEqual(self.get(rel("SafePeriod", 1, NAME)), 5)
        found = self.pair.one.ask("config-get")
        ha = found["arguments"]["Dhcp4"]["hooks-libraries"][-1]["parameters"]
        ha = ha["high-availability"][0]
        self.assertEqual(ha["max-response-delay"], 5000)
        self.assertEqual(ha["peers"][1]["basic-auth-password"], PASSWORD)
        ha["max-response-delay"] = 2000
        self.assertEqual(found, was)
        wait(lambda: drift(1) == drift(2) == b"\x40", "they differ")
        self.normal()
        for value in (0, 66, 4294967295):
            reply = self.lab.set((rel("SafePeriod", 1, NAME), ("u", value)))
            self.assert_refused(reply, "1 to 65 seconds")
        reply = self.lab.set((rel("SafePeriod", 1, NAME), ("u", 2)))
        self.assertEqual(reply.status, "noError")
        wait(lambda: drift(1) == drift(2) == b"\0", "they agree again")
        with open(os.path.join(self.lab.dir, "server1.json")) as file:
            self.assertEqual(file.read(), before)

    def test_passwords__are_nowhere(self):
        reply = self.lab.set((rel("SafePeriod", 1, NAME), ("u", 3)))
        self.assertEqual(reply.status, "noError")
        self.normal()
        self.assertEqual(self.lab.set((rel("SafePeriod", 1, NAME),
                                       ("u", 2))).status, "noError")
        secret = PASSWORD[-20:].encode()
        self.assertNotIn(secret, self.lab.log().encode())
        for found in self.lab.pysnmp.walk(ROOT):
            if isinstance(found.value, bytes):
                self.assertNotIn(secret, found.value, dotted(found.oid))
        self.assertEqual(self.memory_with(secret), [])

    def memory_with(self, octets):
        """Mappings of dhcpfod with them in it: what a core would tell."""
        pid = self.lab.agent.pid
        found = []
        try:
            memory = open("/proc/%d/mem" % pid, "rb", 0)
        except PermissionError:
            self.skipTest("the memory of dhcpfod may not be read")
        with memory, open("/proc/%d/maps" % pid) as maps:
            for line in maps:
                area = re.match(r"(\w+)-(\w+) rw", line)
                if not area or "[v" in line:
                    continue
                start, end = (int(x, 16) for x in area.groups())
                if end - start > 1 << 30:  # a sanitizer's shadow
                    continue
                try:
                    memory.seek(start)
                    if octets in memory.read(end - start):
                        found.append(line.strip())
                except OSError:
                    continue
        return found


class HotStandby(KeaCase):
    pair_keys = {"mode": "hot-standby"}

    def setUp(self):
        self.normal()

    def test_pair__has_the_mode_and_reserves_nothing(self):
        for number, role in ((1, 0), (2, 1)):
            found = self.lab.columns(number, NAME, "Mode", "ServerRole",
                                     "State", "Percentage", "PartnerState")
            self.assertEqual(list(found.values()), [1, role, NORMAL, 0,
                                                    NORMAL])

    def test_primary_killed__leads_to_partner_down_by_itself_and_back(self):
        n = len(self.trapd.lines("StateChange"))
        self.pair.one.kill()
        self.wait_state(2, DOWN)
        self.assertEqual(self.pair.two.state(), "partner-down")
        self.trapd.wait("PartnerDown", NAME)
        # The way there was seen as well.
        self.assertIn(self.get(rel("PrevState", 2, NAME)),
                      (NORMAL, INTERRUPTED))
        self.pair.start(self.pair.one)
        self.wait_state(2, NORMAL)
        self.wait_state(1, NORMAL)
        self.trapd.wait("Recovered", NAME)
        self.assertGreater(len(self.trapd.lines("StateChange")), n + 1)

    def test_standby_stopped_orderly__is_not_running(self):
        self.pair.two.kill(signal.SIGTERM)
        wait(lambda: self.get(server("OperStatus", 2)) == UNREACHABLE,
             "it is unreachable")
        self.assertRegex(self.error_text(2), "there is no socket|nobody "
                         "listens")
        self.wait_state(1, DOWN)
        # What was known stays known.
        self.assertEqual(self.get(rel("Name", 2, NAME)), NAME.encode())
        self.assertEqual(self.get(rel("Health", 2, NAME)), 4)


class Alone(KeaCase):
    """One server, whose partner never was there; and one without the hook."""
    keys = {1: {}, 2: {}}
    pair_keys = {"delay": 40000}
    if os.geteuid() == 0:  # or it may connect to any socket
        wrap = ["setpriv", "--bounding-set=-dac_override"]

    @classmethod
    def prepare(cls):
        cls.pair.start(cls.pair.one)
        two = cls.pair.two
        two.start(cls.pair.config(two, hooks=()))

    def test_startup_with_a_dead_partner__can_be_set_to_partner_down(self):
        # Nobody listens at the partner's URL: the other Kea has no hook.
        self.wait_state(1, STARTUP)
        self.assertEqual(self.pair.one.state(), "waiting")
        wait(lambda: "unavailable" in json.dumps(
            self.pair.one.ask("status-get")), "Kea has tried")
        self.assertEqual(self.set_down(1).status, "noError")
        self.assertEqual(self.pair.one.state(), "partner-down")
        self.assertEqual(self.state(1), DOWN)
        self.assertTrue(self.pair.lease(7))

    def test_server_without_high_availability__is_an_error_with_words(self):
        self.assertEqual(self.get(server("OperStatus", 2)), ERROR)
        self.assertIn("libdhcp_ha.so is not loaded", self.error_text(2))
        self.assertEqual(self.get(server("LastError", 2)), 20118)
        self.assertEqual(self.get(server("RelCount", 2)), 0)
        self.assertEqual(self.lab.log().count("libdhcp_ha.so is not loaded"),
                         1)

    def test_socket_without_permission__is_access_denied(self):
        os.chmod(self.pair.two.path, 0)
        self.addCleanup(os.chmod, self.pair.two.path, 0o755)
        wait(lambda: self.get(server("OperStatus", 2)) == DENIED,
             "access is denied")
        self.assertIn("no permission to connect to the socket",
                      self.error_text(2))


if __name__ == "__main__":
    unittest.main()
