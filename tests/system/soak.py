#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Soak: soak.py [-t SECONDS] [-r REQUESTS] [-p PHASES] [-n PER_PHASE]
                [-w WARM_UP] [-s SEED] [-u] [-v]

Managers read and write while snmpd is restarted and killed, the configuration is
read again, servers come and go, and databases cannot be reached: in phases that
are all alike, each of PER_PHASE requests.  After WARM_UP phases, what dhcpfod
holds at rest after each (octets and blocks of its heap, memory, descriptors,
threads) must not grow: see growth().  Goes on until there were as many seconds,
requests and phases.  -u: unjudged, under valgrind or a sanitizer.
"""
import collections
import contextlib
import getopt
import mmap
import os
import signal
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from fake_kea import FakeKea  # noqa: E402
from lab import (BUILD, MIB, ROOT, WRAP, Lab, Rel, Server,  # noqa: E402
                 SnmpTimeout, scope, server, wait)
from soak_load import (PAIR, READERS, ROWS, WRITERS, Reader,  # noqa: E402
                       Traps, Writer)
from windows_case import HELPER, MISSING, Relationship, dhcpm_server  # noqa

HEAP = os.path.join(BUILD, "tests", "heap.so")
PING = 1
KEA, WINDOWS = 3, 4
EXTRA = 5  # the server that comes and goes

Sample = collections.namedtuple(
    "Sample", "requests octets blocks rss descriptors threads")

# By how much the last phases may have more than the first ones.  What moves by
# itself: texts of events, SQLite's pages, and statements, which are prepared when
# they are needed first; and of RSS, what malloc() keeps.
ALLOWED = Sample(None, octets=24 << 10, blocks=100, rss=1024, descriptors=0,
                 threads=0)


def growth(samples):
    """What has grown from the first third of the samples to the last: only if
    all that the last third shows is above all that the first third shows, and
    by more than is allowed.  A peak or a step back is no growth, and what is
    lost with every request is, the surer the longer it goes on."""
    third = max(1, len(samples) // 3)
    found = []
    for name in Sample._fields[1:]:
        first = [getattr(s, name) for s in samples[:third]]
        last = [getattr(s, name) for s in samples[-third:]]
        if None in first + last:
            continue
        if min(last) - max(first) > getattr(ALLOWED, name):
            found.append("%s grew from at most %d to at least %d" % (
                name, max(first), min(last)))
    return found


class Soak:
    def __init__(self, seed, per_phase=1200, judged=True, verbose=False):
        self.seed, self.per_phase, self.verbose = seed, per_phase, verbose
        self.heap = None
        self.open = threading.Event()  # snmpd is there: ask
        self.lock = threading.Lock()
        self.answers = collections.Counter()
        self.events = collections.Counter()
        self.left_out = set()  # events that cannot be had here
        self.samples = []
        self.phases = 0
        self.traps = Traps()
        self.judged = judged and not WRAP
        self.lab = Lab(
            [Server(1, pair_with=2), Server(2, type="local")],
            {"ping-interval": PING, "poll-interval": 1, "set-deadline": 300,
             "notify-min-interval": 0, "event-limit": 64},
            "trap2sink 127.0.0.1:%d public" % self.traps.port)
        self.kea = self.dhcpm = None
        self.managers = ([Reader(self, "r%d" % i) for i in range(READERS)] +
                         [Writer(self, i) for i in range(WRITERS)])

    # -- life

    def __enter__(self):
        lab = self.lab
        lab.start_all = False
        lab.open()
        self.disk = lab.path("disk")
        os.mkdir(self.disk)
        if subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", self.disk],
                capture_output=True).returncode == 0:
            lab.cleanups.append(lambda: subprocess.run(
                ["umount", "-l", self.disk], check=False))
        else:
            self.left_out.add("full_disk")
        lab.servers[2].keys["database"] = os.path.join(self.disk, "2.db")
        self.more_servers()
        if self.judged:
            lab.wrap = ["env", "LD_PRELOAD=" + HEAP,
                        "HEAP=" + lab.path("heap")]
        lab.start_snmpd()
        lab.start_agent()
        # That of main(), of the history, perhaps of a sanitizer.
        self.other_threads = self.threads() - len(lab.servers)
        if self.judged:
            with open(lab.path("heap"), "rb") as file:
                self.heap = mmap.mmap(file.fileno(), 16, prot=mmap.PROT_READ)
        self.traps.start()
        for manager in self.managers:
            manager.start()
        return self

    def more_servers(self):
        """Of the other types, to be read only."""
        lab = self.lab
        self.kea = FakeKea(lab.path("kea"))
        self.kea.start()
        lab.cleanups.append(self.kea.stop)
        lab.servers[KEA] = Server(KEA, type="kea", socket=self.kea.path)
        if MISSING:
            self.left_out.update(("windows_away", "kill_helper"))
            return
        self.dhcpm = dhcpm_server.DhcpmServer()
        lab.cleanups.append(self.dhcpm.close)
        self.dhcpm.add(Relationship("branch", ["198.51.100.0"]))
        admin = lab.path("admin")
        with open(os.open(admin, os.O_WRONLY | os.O_CREAT, 0o600),
                  "w") as file:
            file.write("username = admin\npassword = Secret-1\n"
                       "domain = LAB\n")
        lab.servers[WINDOWS] = Server(
            WINDOWS, type="windows", name="dc1", address="127.0.0.1",
            target="dhcpm.lab.example", mapper_port=self.dhcpm.mapper_port,
            credentials=admin, helper=HELPER)

    def __exit__(self, kind, error, trace):
        self.open.set()
        for manager in self.managers:
            manager.left = 0
            manager.stopped = True
            manager.start_phase.set()
        for manager in self.managers:
            manager.join(60)
        try:
            self.lab.close(failed=kind is not None)
        finally:
            self.traps.close()

    def count(self, kind, status):
        with self.lock:
            self.answers[kind, status] += 1

    @property
    def requests(self):
        with self.lock:
            return sum(self.answers.values())

    # -- what happens in each phase, in this order

    def restart_snmpd(self, how):
        self.open.clear()
        self.lab.stop_snmpd(how)
        self.lab.start_snmpd()
        self.open.set()
        self.lab.wait_tables(polled=False)

    def end_snmpd(self):
        self.restart_snmpd(signal.SIGTERM)

    def kill_snmpd(self):
        self.restart_snmpd(signal.SIGKILL)

    def reload(self):
        self.lab.write_conf()
        self.hup("read again")

    def hup(self, want):
        before = self.lab.log().count(want)
        self.lab.agent.send_signal(signal.SIGHUP)
        wait(lambda: self.lab.log().count(want) > before, want)

    def add_server(self):
        self.lab.servers[EXTRA] = Server(EXTRA, type="local")
        self.reload()
        self.seen(EXTRA, *self.UP)

    def remove_server(self):
        del self.lab.servers[EXTRA]
        self.reload()

    def bad_file(self):
        with open(self.lab.path("dhcpfod.conf"), "a") as file:
            file.write("bogus = 1\n")
        self.hup("nothing is changed")
        self.lab.write_conf()

    def status(self, number):
        try:
            reply = self.lab.pysnmp.get(server("OperStatus", number),
                                        timeout=0.75)
        except SnmpTimeout:
            return None
        return reply.varbinds[0].value

    def seen(self, number, *wanted):
        """Wait for a status of a server, that all are asked for at once."""
        self.lab.agent.send_signal(signal.SIGUSR1)
        wait(lambda: self.status(number) in wanted, "its status is of %s" % (
            wanted,))

    DOWN, UP = (3, 4, 5), (2,)

    def unreachable(self):
        self.lab.control(1, "* 0 1722 before")
        self.seen(1, *self.DOWN)
        self.lab.control(1)
        self.seen(1, *self.UP)

    def slow_and_lost(self):
        """Answers that come late, or never though it was done."""
        self.lab.control(1, "set 500 0 none 1", "set 0 1722 after 3",
                         "create 0 1722 after 1", "commit 400 0 none 3")
        self.lab.forget(1)
        wait(lambda: len(self.lab.calls(1, "set")) >= 4 or self.quiet(),
             "the calls are made", 30)
        self.lab.control(1)

    def moved_away(self):
        path = self.lab.database(2)
        every = ("", "-wal", "-shm")
        ends = []
        for end in every:
            # dhcpfod, which may see the first one go, takes the others away.
            with contextlib.suppress(FileNotFoundError):
                os.rename(path + end, path + end + ".away")
                ends.append(end)
        # With nothing there it makes a new file; it may be faster.
        def taken():
            try:
                os.mkdir(path)
                return True
            except FileExistsError:
                for end in every:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(path + end)
                return False
        wait(taken, "its place is taken")
        self.seen(2, *self.DOWN)
        os.rmdir(path)
        # The database last: with it in place SQLite would make another log.
        for end in reversed(ends):
            os.rename(path + end + ".away", path + end)
        self.seen(2, *self.UP)

    def full_disk(self):
        filler = os.path.join(self.disk, "filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        # Someone is told so, or nobody writes any more.
        before = self.get_errors()
        wait(lambda: self.get_errors() != before or self.quiet(),
             "a SET fails", 30)
        os.unlink(filler)
        self.seen(2, *self.UP)

    def get_errors(self):
        with self.lock:
            return sum(n for (kind, status), n in self.answers.items()
                       if kind == "set" and status in (
                           "resourceUnavailable", "commitFailed"))

    def kea_away(self):
        self.kea.stop()
        self.seen(KEA, *self.DOWN)
        self.kea.start()
        self.seen(KEA, *self.UP)

    def windows_away(self):
        self.dhcpm.stop()
        self.seen(WINDOWS, *self.DOWN)
        self.dhcpm.start()
        self.seen(WINDOWS, *self.UP)

    def kill_helper(self):
        """Of the server of type windows; it gets another one."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.lab.agent.pid)],
            stdout=subprocess.PIPE, text=True).stdout.split()
        for child in found:
            os.kill(int(child), signal.SIGKILL)
        wait(lambda: not any(os.path.exists("/proc/" + c) for c in found),
             "its end is seen")
        self.seen(WINDOWS, *self.UP)

    EVENTS = ("add_server", "end_snmpd", "unreachable", "bad_file",
              "slow_and_lost", "kea_away", "moved_away", "kill_snmpd",
              "windows_away", "full_disk", "kill_helper", "remove_server")

    # -- phases

    def quiet(self):
        return all(m.left <= 0 for m in self.managers)

    def seed_rows(self):
        """All phases begin with the same rows."""
        for number in PAIR:
            self.lab.seed(number, [
                Rel("w%d-%d" % (w, i), scopes=["10.%d.%d.0" % (
                    w + 1, 10 * number + i)])
                for w in range(WRITERS) for i in range(ROWS)])

    def phase(self):
        self.seed_rows()
        for manager in self.managers:
            manager.left = self.per_phase // len(self.managers)
            manager.done.clear()
            manager.start_phase.set()
        self.open.set()
        whole = sum(m.left for m in self.managers)
        events = [e for e in self.EVENTS if e not in self.left_out]
        for i, event in enumerate(events):
            share = whole - whole * (i + 1) // (len(events) + 2)
            wait(lambda n=share: sum(m.left for m in self.managers) <= n,
                 "requests are answered", 120)
            began = time.monotonic()
            getattr(self, event)()
            self.events[event] += 1
            self.say("%s, %.1f s" % (event, time.monotonic() - began))
        for manager in self.managers:
            wait(manager.done.is_set, "the manager is done", 120)
            if manager.error is not None:
                raise manager.error
        self.settle()
        self.phases += 1
        self.samples.append(self.sample())
        self.say(self.samples[-1])

    def say(self, text):
        if self.verbose:
            print("# %s" % (text,), flush=True)

    def settle(self):
        """What was created goes; nothing is pending; all has been read, and
        every kind of call been made: SQLite keeps what it has prepared."""
        lab = self.lab
        lab.check_alive()
        for writer in self.managers[READERS:]:
            for number in PAIR:
                member = scope(number, "w%d-0" % writer.number, "10.9.9.0")
                for kind, varbinds in (
                        ("destroy", writer.destruction(number)),
                        ("create", writer.creation(number)),
                        ("destroy", writer.destruction(number)),
                        ("seed", None),
                        ("add", [(member, ("i", 4))]),
                        ("remove", [(member, ("i", 6))])):
                    if varbinds is None:
                        self.seed_rows()
                        continue
                    self.until_done(writer, kind, varbinds)
        self.seed_rows()
        for number in PAIR:
            column = MIB["dhcpFoRelSetStatus"] + (number,)
            wait(lambda c=column: all(v.value not in (2, 6) for v in
                                      lab.pysnmp.walk(c)), "none is pending")
        lab.pysnmp.walk(ROOT)
        for number in PAIR:
            lab.refresh(number)
        lab.forget(1)
        # The worker of a server that was removed ends when it has time.
        wait(lambda: self.threads() == len(lab.servers) + self.other_threads,
             "each server has its thread, and none else")

    def threads(self):
        return len(os.listdir("/proc/%d/task" % self.lab.agent.pid))

    def until_done(self, writer, kind, varbinds):
        answers = collections.Counter()

        def done():
            answer = writer.ask("set", *varbinds, timeout=15)
            answers[answer] += 1
            return answer == "noError"
        try:
            wait(done, kind, 20)
        except AssertionError as error:
            raise AssertionError("%s: %s, answers %s, and dhcpfod said\n%s" % (
                error, varbinds, dict(answers),
                self.lab.log()[-4000:])) from error

    def sample(self):
        """At rest: what a poll has in hand just now does not count."""
        looks = [self.look() for _ in range(5)]
        return Sample(self.requests, *(
            None if None in column else min(column)
            for column in zip(*looks)))

    def look(self):
        """All but the first of a Sample, behind a poll."""
        pid = self.lab.agent.pid
        for number in PAIR:
            self.lab.refresh(number)
        octets = blocks = None
        if self.heap is not None:
            octets, blocks = struct.unpack("qq", self.heap[:16])
        with open("/proc/%d/statm" % pid) as file:
            rss = int(file.read().split()[1]) * (mmap.PAGESIZE >> 10)
        try:
            descriptors = len(os.listdir("/proc/%d/fd" % pid))
        except PermissionError:  # dhcpfod lets nobody look but root
            descriptors = None
        return octets, blocks, rss, descriptors, self.threads()

    def run(self, seconds=0, requests=0, phases=1, warm_up=2):
        began = time.monotonic()
        end = began + seconds
        while (time.monotonic() < end or self.phases < warm_up + phases or
               self.requests < requests):
            self.phase()
        self.took = time.monotonic() - began
        del self.samples[:warm_up]
        found = growth(self.samples) if self.judged else []
        if found:
            raise AssertionError("; ".join(found))

    def report(self):
        kinds = collections.Counter()
        statuses = collections.Counter()
        for (kind, status), n in self.answers.items():
            kinds[kind] += n
            statuses[status] += n
        lines = ["seed %s: %d phases, %d requests: %s" % (
            self.seed, self.phases, sum(kinds.values()),
            ", ".join("%s %d" % x for x in sorted(kinds.items())))]
        lines.append("answers: " + ", ".join(
            "%s %d" % x for x in statuses.most_common()))
        lines.append("%s; %d notifications%s" % (
            ", ".join("%s %d" % x for x in sorted(self.events.items())),
            self.traps.count, "".join(
                "; left out: " + e for e in sorted(self.left_out))))
        if self.samples:
            some = [("begin", self.samples[0]),
                    ("middle", self.samples[len(self.samples) // 2]),
                    ("end", self.samples[-1])]
            lines.append("%-8s" % "" + "".join(
                "%12s" % x for x in Sample._fields))
            lines += ["%-8s" % when + "".join("%12s" % x for x in sample)
                      for when, sample in some]
        return "\n".join(lines)


def main():
    options, _ = getopt.getopt(sys.argv[1:], "t:r:p:n:w:s:uvh")
    options = dict(options)
    if "-h" in options:
        print(__doc__)
        return 0
    seed = options.get("-s") or str(int.from_bytes(os.urandom(4), "big"))
    print("soak: seed %s" % seed, flush=True)
    with Soak(seed, int(options.get("-n", 1200)), "-u" not in options,
              "-v" in options) as soak:
        try:
            soak.run(float(options.get("-t", 0)), int(options.get("-r", 0)),
                     int(options.get("-p", 3)), int(options.get("-w", 2)))
        finally:
            print(soak.report(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
