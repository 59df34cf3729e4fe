#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Chaos: chaos.py [-t SECONDS] [-k KILLS] [-s SEED] [-m MANAGERS] [-v]

Managers set, create and destroy relationships of two local servers, one row and
several in a SET, rightly and wrongly, while dhcpfod and snmpd are killed (kill -9)
and stopped, the disk is full or can only be read, and dhcpfod has no descriptor
left.  Each manager knows what each of its rows must be:

  noError        all of the SET is there
  another error  nothing of it is there
  genErr, undoFailed or no answer: all or nothing of it on each server

After each round all is let go on, and the database and what SNMP shows must be
just that, and equal.  A row that is not what noError promised must say so in
dhcpFoRelSetStatus.  Ends with status 1 and the seed at the first difference.
"""
import getopt
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from lab import (FLAGS, PATIENCE, Lab, Pysnmp, Rel, Server, SnmpTimeout,  # noqa
                 octets_of, rel, scope, wait)

# Column of the database of each member, and values that a SET may give it.
MEMBERS = {
    "Mclt": ("mclt", (60, 600, 3600, 7200, 86400)),
    "SafePeriod": ("safe_period", (0, 60, 3600, 0xffffffff)),
    "Percentage": ("percentage", (0, 5, 30, 50, 70, 100)),
    "Mode": ("mode", (0, 1)),
    "PrevState": ("prev_state", (1, 2, 3, 4, 5)),
    "State": ("state", (3, 4, 5)),
}
LETTER = {"Mode": "i", "State": "i", "PrevState": "i"}
UNKNOWN = ("genErr", "undoFailed", None)
PENDING, FAILED, UNDONE, IN_DOUBT = 2, 4, 5, 6
SERVERS = (1, 2)
ROWS = 4  # of each manager on each server


class Wrong(AssertionError):
    pass


def strip(row):
    """What is compared of a row of the database; None: there is none."""
    if row is None:
        return None
    return {label: row[column] for label, (column, _) in MEMBERS.items()}


class Row:
    """A row, and what it may be: a dict of members each, or None."""

    def __init__(self, server, name, address):
        self.server, self.name, self.address = server, name, address
        self.now = None  # as of the last round's end, or a later certainty
        self.promised = False  # by a noError of this round
        self.unclear = None  # a Group: do not touch it in this round

    def oid(self, label):
        return rel(label, self.server, self.name)


class Group:
    """Rows of one server that one SET of unknown end has to change, all or
    none."""

    def __init__(self):
        self.rows = []  # (Row, what it was, what it should become)


class Manager(threading.Thread):
    def __init__(self, chaos, number, seed):
        super().__init__(daemon=True)
        self.chaos, self.number = chaos, number
        self.random = random.Random("%s-%d" % (seed, number))
        self.rows = [Row(s, "m%d-%d-row" % (number, i),
                         "10.%d.%d.0" % (number + 1, i))
                     for s in SERVERS for i in range(ROWS)]
        self.groups = []
        self.go, self.idle = threading.Event(), threading.Event()
        self.end = False
        self.error = None
        self.sets = 0
        self.answers = {}

    def run(self):
        try:
            while not self.end:
                if not self.go.wait(0.05):
                    self.idle.set()
                    continue
                self.idle.clear()
                self.once()
        except BaseException as error:  # told by Chaos.check
            self.error = error
        self.idle.set()

    def free_rows(self):
        rows = [r for r in self.rows if r.unclear is None]
        self.random.shuffle(rows)
        return rows

    def once(self):
        rows = self.free_rows()
        if not rows:
            self.go.clear()
            return
        n = self.random.choice((1, 1, 2, 3))
        wanted, varbinds = [], []
        for row in rows[:n]:
            more, value = self.change(row)
            wanted.append((row, value))
            varbinds.append(more)
        bad = self.random.random() < 0.2
        # The rows' varbinds in any order, but each row's in its own.
        mixed = []
        while any(varbinds):
            mixed.append(self.random.choice(
                [v for v in varbinds if v]).pop(0))
        if bad:
            mixed.insert(self.random.randrange(len(mixed) + 1),
                         self.nonsense(rows[0]))
        self.settle(wanted, bad, self.ask(mixed))

    def change(self, row):
        """Varbinds that change a row, and what it is then."""
        if row.now is None:
            value = {"Mclt": self.random.choice(MEMBERS["Mclt"][1])}
            return [
                (row.oid("RowStatus"), ("i", 4)),
                (row.oid("PrimaryAddr"), ("x", octets_of("192.0.2.1"))),
                (row.oid("SecondaryAddr"), ("x", octets_of("192.0.2.2"))),
                (row.oid("Mclt"), ("u", value["Mclt"])),
                (scope(row.server, row.name, row.address), ("i", 4)),
            ], value
        if self.random.random() < 0.08:
            return [(row.oid("RowStatus"), ("i", 6))], None
        labels = self.random.sample(sorted(MEMBERS), self.random.randint(1, 4))
        value = dict(row.now)
        varbinds = []
        for label in labels:
            value[label] = self.random.choice(MEMBERS[label][1])
            varbinds.append((row.oid(label), (LETTER.get(label, "u"),
                                              value[label])))
        if self.random.random() < 0.2:
            varbinds.append((row.oid("SharedSecret"), ("s", "chaos-secret")))
        return varbinds, value

    def nonsense(self, row):
        return self.random.choice((
            (row.oid("Percentage"), ("u", 101)),
            (row.oid("State"), ("i", 12)),
            (row.oid("Mclt"), ("i", 1)),
            (row.oid("Name"), ("s", "x")),
            (rel("Mclt", row.server, "no such row"), ("u", 1)),
            (rel("Mclt", 4711, row.name), ("u", 1)),
            (row.oid("SharedSecret"), ("x", b"a\0b")),
        ))

    def ask(self, varbinds):
        try:
            status = Pysnmp(self.chaos.lab.port).set(
                *varbinds, timeout=2 / PATIENCE).status
        except SnmpTimeout:
            status = None
        self.sets += 1
        self.answers[status] = self.answers.get(status, 0) + 1
        return status

    def settle(self, wanted, bad, status):
        """Keep what the answer says of the rows."""
        if status == "noError":
            if bad:
                raise Wrong("noError for nonsense")
            for row, value in wanted:
                row.now, row.promised = value, True
        elif status in UNKNOWN and not (bad and status is not None):
            for number in SERVERS:
                group = Group()
                for row, value in wanted:
                    if row.server == number and not bad:
                        group.rows.append((row, row.now, value))
                        row.unclear = group
                self.groups.append(group)
            # Who asks in vain need not ask at once again.
            self.random.random()
        if status is None:
            self.chaos.breathe()

    # -- after a round

    def check(self, found, status):
        """`found`: server -> name -> row; `status`: of a Row, or None."""
        for group in self.groups:
            outcomes = [self.outcome(found, *entry) for entry in group.rows]
            if not (all("new" in x for x in outcomes) or
                    all("old" in x for x in outcomes)):
                raise Wrong("half of a SET is there: %s" % [
                    (r.name, old, new, strip(found[r.server].get(r.name)))
                    for r, old, new in group.rows])
        for row in self.rows:
            is_now = strip(found[row.server].get(row.name))
            if row.unclear is None and not like(is_now, row.now):
                if not row.promised or status(row) not in (
                        PENDING, FAILED, UNDONE, IN_DOUBT):
                    raise Wrong("server %d, %s: is %s, must be %s; promised "
                                "%s, SetStatus %s" % (
                                    row.server, row.name, is_now, row.now,
                                    row.promised, status(row)))
                self.chaos.owned_up += 1
            row.now, row.unclear, row.promised = is_now, None, False
        self.groups = []

    @staticmethod
    def outcome(found, row, old, new):
        is_now = strip(found[row.server].get(row.name))
        return {word for word, value in (("old", old), ("new", new))
                if like(is_now, value)}


def like(is_now, value):
    """Does a row have all the members that `value` names?"""
    if is_now is None or value is None:
        return is_now is value
    return all(is_now[label] == value[label] for label in value)


class Chaos:
    def __init__(self, seed, managers=3, verbose=False):
        self.random = random.Random(seed)
        self.seed, self.verbose = seed, verbose
        self.kills = {"dhcpfod": 0, "snmpd": 0}
        self.faults = {}
        self.rounds = self.owned_up = 0
        self.unclear = 0
        self.disk = None
        self.lab = Lab([Server(n, type="local") for n in SERVERS],
                       subagent={"ping-interval": 1, "poll-interval": 5})
        self.managers = [Manager(self, i, seed) for i in range(managers)]

    # -- life

    def __enter__(self):
        self.lab.start_all = False
        self.lab.open()
        self.make_disk()
        self.lab.start_snmpd()
        self.lab.start_agent()
        for number in SERVERS:
            self.lab.seed(number, [
                Rel(r.name, scopes=[r.address]) for m in self.managers
                for r in m.rows if r.server == number])
        found = {n: self.lab.rows(n) for n in SERVERS}
        for manager in self.managers:
            for row in manager.rows:
                row.now = strip(found[row.server][row.name])
            manager.start()
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.keep_evidence()
        for manager in self.managers:
            manager.end = True
        for manager in self.managers:
            if manager.is_alive():
                manager.join(30)
        self.lab.close(failed=kind is not None)

    def keep_evidence(self):
        """With KEEP in the environment the lab stays, but disks do not."""
        if os.environ.get("KEEP"):
            for number in SERVERS:
                for end in ("", "-wal", "-shm"):
                    path = self.lab.database(number) + end
                    if os.path.exists(path):
                        shutil.copy(path, self.lab.dir)
            print("chaos: evidence in %s" % self.lab.dir, flush=True)

    def make_disk(self):
        """The databases are on a small disk of their own, if we may mount."""
        path = self.lab.path("disk")
        os.mkdir(path)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs",
                           path], capture_output=True).returncode == 0:
            self.disk = path
            self.lab.cleanups.append(lambda: subprocess.run(
                ["umount", "-l", path], check=False))
        for number, srv in self.lab.servers.items():
            srv.keys["database"] = os.path.join(path, "%d.db" % number)

    def breathe(self, most=0.05):
        threading.Event().wait(self.random.random() * most)

    def say(self, text):
        if self.verbose:
            print("# round %d: %s" % (self.rounds, text), flush=True)

    # -- faults; each leaves things so that mend() can mend them

    def kill_dhcpfod(self):
        for _ in range(self.random.choice((1, 2, 4, 8))):
            self.breathe(0.3)
            self.lab.kill_agent()
            self.kills["dhcpfod"] += 1
            self.lab.start_agent(ready=False)
            # Sometimes it dies before it is up.
            if self.random.random() < 0.7:
                self.until_served()

    def kill_snmpd(self):
        self.breathe(0.3)
        self.lab.stop_snmpd(signal.SIGKILL)
        self.kills["snmpd"] += 1
        self.breathe(0.2)
        self.lab.start_snmpd()

    def kill_both(self):
        self.breathe(0.3)
        first, second = self.random.sample(
            (self.lab.kill_agent, lambda: self.lab.stop_snmpd(signal.SIGKILL)),
            2)
        first()
        self.breathe(0.02)
        second()
        self.kills["dhcpfod"] += 1
        self.kills["snmpd"] += 1
        if self.random.random() < 0.5:
            self.lab.start_snmpd()
            self.lab.start_agent(ready=False)
        else:
            self.lab.start_agent(ready=False)
            self.lab.start_snmpd()

    def stop_dhcpfod(self):
        self.stop(self.lab.agent, self.random.choice((0.3, 1, 2.5)))

    def stop_dhcpfod_long(self):
        self.stop(self.lab.agent, 7)

    def stop_snmpd(self):
        self.stop(self.lab.snmpd, self.random.choice((0.3, 1, 2.5)))

    def stop(self, process, seconds):
        self.breathe(0.3)
        self.lab.freeze(process)
        self.breathe(seconds)
        self.lab.thaw()

    def stop_and_kill(self):
        self.breathe(0.3)
        self.lab.freeze(self.lab.agent)
        self.breathe(0.5)
        self.lab.frozen.clear()
        self.lab.kill_agent()
        self.kills["dhcpfod"] += 1
        self.lab.start_agent(ready=False)

    def full_disk(self):
        self.breathe(0.1)
        if self.disk is None:
            return
        with open(os.path.join(self.disk, "filler"), "wb", 0) as file:
            for size in (65536, 512, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
        self.breathe(0.5)
        if self.random.random() < 0.3:
            self.lab.kill_agent()
            self.kills["dhcpfod"] += 1
            self.lab.start_agent(ready=False)
            self.breathe(0.5)
        os.unlink(os.path.join(self.disk, "filler"))

    def read_only_disk(self):
        if self.disk is None:
            return
        self.breathe(0.2)
        self.lab.kill_agent()
        self.kills["dhcpfod"] += 1
        self.remount("ro")
        self.lab.start_agent(ready=False)
        self.breathe(1)
        self.lab.kill_agent()
        self.kills["dhcpfod"] += 1
        self.remount("rw")
        self.lab.start_agent(ready=False)

    def remount(self, how):
        wait(lambda: subprocess.run(
            ["mount", "-o", "remount," + how, self.disk],
            capture_output=True).returncode == 0, "remounted " + how)

    def no_descriptors(self):
        pid = self.lab.agent.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir("/proc/%d/fd" % pid))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, before[1]))
        self.breathe(0.3)
        if self.random.random() < 0.5:
            self.kill_snmpd()
        self.breathe(0.5)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

    FAULTS = (["kill_dhcpfod"] * 12 + ["kill_snmpd"] * 3 + ["kill_both"] * 3 +
              ["stop_dhcpfod", "stop_dhcpfod", "stop_snmpd", "stop_snmpd",
               "stop_and_kill", "stop_and_kill", "full_disk", "full_disk",
               "read_only_disk", "no_descriptors"])

    # -- rounds

    def until_served(self):
        wait(self.lab.tables_there, "the tables are there", 20)

    def one_round(self, fault=None):
        self.rounds += 1
        fault = fault or self.random.choice(self.FAULTS)
        self.faults[fault] = self.faults.get(fault, 0) + 1
        self.say(fault)
        pid = self.lab.agent.pid
        for manager in self.managers:
            manager.go.set()
        self.breathe(0.1)
        getattr(self, fault)()
        for manager in self.managers:
            manager.go.clear()
        for manager in self.managers:
            if not manager.idle.wait(60):
                raise Wrong("a manager hangs")
        # idle may be of before: ask again behind it
        for manager in self.managers:
            wait(lambda m=manager: m.idle.is_set(), "the manager is idle", 30)
        self.check(pid == self.lab.agent.pid)

    def check(self, same_process):
        self.lab.check_alive()
        self.until_served()
        for number in SERVERS:
            wait(lambda n=number: self.get_status(n) == 2,
                 "server %d is up" % number, 20)
        self.quiet()
        found = {n: self.lab.rows(n) for n in SERVERS}
        self.whole()
        for manager in self.managers:
            if manager.error is not None:
                raise manager.error
            self.unclear += sum(len(g.rows) for g in manager.groups)
            manager.check(found, lambda r: self.status(r, same_process))
        for number in SERVERS:
            self.compare(number, found[number])

    def quiet(self):
        """Nothing is on its way any more: dhcpfod has undone what it has to of
        a session that has ended, no row is pending, and has listed anew."""
        def still():
            before = {n: self.lab.rows(n) for n in SERVERS}
            for number in SERVERS:
                try:
                    self.lab.refresh(number)
                except SnmpTimeout:
                    return False
            return before == {n: self.lab.rows(n) for n in SERVERS}
        wait(still, "the rows do not change any more", 20)

    def get_status(self, number):
        from lab import server
        try:
            return self.lab.get(server("OperStatus", number))
        except SnmpTimeout:
            return None

    def status(self, row, same_process):
        if not same_process:
            return None  # what is told by a process ends with it
        return self.lab.get(row.oid("SetStatus"))

    def whole(self):
        for number in SERVERS:
            db = self.lab.connect(number)
            try:
                found = [tuple(r) for r in db.execute("PRAGMA quick_check")]
            finally:
                db.close()
            if found != [("ok",)]:
                raise Wrong("database %d: %s" % (number, found))

    def compare(self, number, found):
        """What SNMP shows is what the database has."""
        from lab import MIB
        table = {}
        for label in MEMBERS:
            column = MIB["dhcpFoRel" + label] + (number,)
            for v in self.lab.pysnmp.walk(column):
                name = bytes(v.oid[len(column) + 1:]).decode()
                table.setdefault(name, {})[label] = v.value
        want = {name: strip(row) for name, row in found.items()}
        if table != want:
            raise Wrong("server %d: SNMP shows %s, the database has %s" % (
                number, table, want))

    def run(self, seconds, kills=0):
        end = time.monotonic() + seconds
        faults = sorted(set(self.FAULTS))
        self.random.shuffle(faults)
        while time.monotonic() < end or sum(self.kills.values()) < kills:
            # Each of them at least once, in a long run.
            self.one_round(faults.pop() if faults else None)

    def report(self):
        answers = {}
        for manager in self.managers:
            for status, n in manager.answers.items():
                answers[status or "none"] = answers.get(status or "none", 0) + n
        return ("seed %s: %d rounds, %d kills (%s), %d SETs, answers %s, "
                "%d rows of unknown end, %d told by SetStatus; faults %s" % (
                    self.seed, self.rounds, sum(self.kills.values()),
                    ", ".join("%s %d" % kv for kv in self.kills.items()),
                    sum(m.sets for m in self.managers),
                    " ".join("%s %d" % kv for kv in sorted(answers.items())),
                    self.unclear, self.owned_up,
                    " ".join("%s %d" % kv for kv in sorted(
                        self.faults.items()))))


def main():
    options, _ = getopt.getopt(sys.argv[1:], "t:k:s:m:vh")
    options = dict(options)
    if "-h" in options:
        print(__doc__)
        return 0
    seed = options.get("-s") or str(int.from_bytes(os.urandom(4), "big"))
    print("chaos: seed %s" % seed, flush=True)
    with Chaos(seed, int(options.get("-m", 3)), "-v" in options) as chaos:
        try:
            chaos.run(float(options.get("-t", 30)), int(options.get("-k", 0)))
        finally:
            print(chaos.report(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
