#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Chaos: chaos.py [-t SECONDS] [-k KILLS] [-s SEED] [-m MANAGERS]
                [-f FAULT,...] [-v]

Managers set, create and destroy relationships, one row and several in a SET,
rightly and wrongly, of two local servers and of one of type windows, and what
can be set of a pair of Kea, while dhcpfod, snmpd, the servers and the helper
program are killed (kill -9) and stopped, answers get lost, the disk is full or
can only be read, dhcpfod has no descriptor left, and the clock jumps.  Each
manager knows what each of its rows must be:

  noError, before the deadline or with SetStatus succeeded: all is there
  noError after it: all or nothing, and if nothing, SetStatus says so
  another error: nothing is there
  genErr, undoFailed or no answer: all or nothing on each local server, and of
      each row on one that has no transactions

After each round all is let go on, and what the servers have and what SNMP shows
must be just that, and equal.  Ends with status 1 and the seed at the first
difference.  -f: only these faults.  Without Samba's or Kea's programs, or
faketime, what needs them is left out, which is said.
"""
import getopt
import os
import random
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
import chaos_kea  # noqa: E402
import clock  # noqa: E402
import windows_case  # noqa: E402
from chaos_faults import (CLOCK_FAULTS, FAULTS, KEA_FAULTS,  # noqa: E402
                          WINDOWS_FAULTS, Faults)
from chaos_manager import (IN_DOUBT, MEMBERS, PENDING, Manager, Wrong,  # noqa
                           strip)
from lab import MIB, Lab, Rel, Server, SnmpTimeout, server, wait  # noqa: E402

LOCAL, WINDOWS, KEA = (1, 2), 3, (4, 5)


class Chaos(Faults):
    def __init__(self, seed, managers=3, verbose=False, kea=True):
        self.random = random.Random(seed)
        self.seed, self.verbose = seed, verbose
        self.kills = dict.fromkeys(
            ("dhcpfod", "snmpd", "windows", "helper", "kea"), 0)
        self.chances, self.faults = dict(FAULTS), {}
        self.rounds, self.fault = 0, None
        self.disk = self.windows = self.kea = self.clock = None
        self.with_windows = self.use(windows_case.MISSING, WINDOWS_FAULTS)
        self.with_kea = kea and self.use(chaos_kea.MISSING, KEA_FAULTS)
        self.with_clock = self.use(clock.MISSING, CLOCK_FAULTS)
        servers = [Server(n, type="local") for n in LOCAL]
        if self.with_windows:
            servers.append(Server(WINDOWS, type="windows"))
        if self.with_kea:
            servers += [Server(n, type="kea") for n in KEA]
        self.rows_of = LOCAL + ((WINDOWS,) if self.with_windows else ())
        self.lab = Lab(servers, subagent={
            "ping-interval": 1, "poll-interval": 5, "set-deadline": 1000})
        self.managers = [
            Manager(self, i, seed, {n: n in LOCAL for n in self.rows_of})
            for i in range(managers)]

    def use(self, missing, chances):
        if missing:
            # In one piece: between the two of print() others may write.
            sys.stderr.write("# chaos: LEFT OUT are %s: %s\n" % (
                ", ".join(chances), missing))
            return False
        self.chances.update(chances)
        return True

    # -- life

    def __enter__(self):
        self.lab.start_all = False
        self.lab.open()
        try:
            self.start()
        except BaseException:
            self.close(failed=True)
            raise
        return self

    def start(self):
        self.make_disk()
        if self.with_clock:
            self.clock = clock.Clock(self.lab.path("clock"))
            self.lab.env.update(self.clock.env)
        if self.with_windows:
            from chaos_windows import Windows
            self.windows = Windows(self.lab, WINDOWS)
            self.windows.seed([(r.name, r.address) for m in self.managers
                               for r in m.rows if r.server == WINDOWS])
            self.windows.start()
        if self.with_kea:
            self.kea = chaos_kea.KeaPair(self, KEA, self.seed)
            self.kea.open()
        self.lab.start_snmpd()
        self.lab.start_agent()
        for number in LOCAL:
            self.lab.seed(number, [
                Rel(r.name, scopes=[r.address]) for m in self.managers
                for r in m.rows if r.server == number])
        found = self.found()
        for manager in self.managers:
            for row in manager.rows:
                row.now = strip(found[row.server][row.name])
            manager.start()

    def __exit__(self, kind, error, trace):
        self.close(failed=kind is not None)

    def close(self, failed):
        if failed:
            self.keep_evidence()
        for manager in self.managers:
            manager.end = True
        for manager in self.managers:
            if manager.is_alive():
                manager.join(30)
        try:
            self.lab.close(failed)
        finally:
            for more in (self.windows, self.kea):
                if more is not None:
                    more.close()
            if self.clock is not None:
                self.clock.forget(self.lab.pids)

    def keep_evidence(self):
        """Which files dhcpfod has open.  With KEEP in the environment the lab
        stays, but disks do not."""
        print("chaos: it was in round %d, %s" % (self.rounds, self.fault))
        agent = self.lab.agent
        if agent is not None and agent.poll() is None:
            where = "/proc/%d/fd/" % agent.pid
            for path in [where + fd for fd in os.listdir(where)]:
                print("chaos: dhcpfod has %s, %d" % (
                    os.readlink(path), os.stat(path).st_ino))
        for number in LOCAL:
            for end in ("", "-wal", "-shm"):
                path = self.lab.database(number) + end
                if os.path.exists(path):
                    print("chaos: there is %s, %d" % (
                        path, os.stat(path).st_ino))
            try:
                print("chaos: server %d shows %s" % (
                    number, self.shown(number)))
            except SnmpTimeout:
                print("chaos: server %d shows nothing" % number)
        if os.environ.get("KEEP"):
            for number in LOCAL:
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
        for number in LOCAL:
            self.lab.servers[number].keys["database"] = os.path.join(
                path, "%d.db" % number)

    def breathe(self, most=0.05):
        threading.Event().wait(self.random.random() * most)

    def say(self, text):
        if self.verbose:
            print("# round %d: %s" % (self.rounds, text), flush=True)

    # -- rounds

    def until_served(self):
        wait(self.lab.tables_there, "the tables are there", 20)

    def one_round(self, fault=None):
        self.rounds += 1
        fault = fault or self.random.choices(
            list(self.chances), list(self.chances.values()))[0]
        self.fault = fault
        self.faults[fault] = self.faults.get(fault, 0) + 1
        self.say(fault)
        pid = self.lab.agent.pid
        busy = list(self.managers)
        if self.kea is not None and (fault in KEA_FAULTS or
                                     self.random.random() < 0.15):
            busy.append(self.kea)
        for manager in busy:
            manager.go.set()
        self.breathe(0.1)
        getattr(self, fault)()
        for manager in busy:
            manager.go.clear()
        for manager in busy:
            if not manager.idle.wait(60):
                raise Wrong("a manager hangs")
        # idle may be of before: ask again behind it
        for manager in busy:
            wait(lambda m=manager: m.idle.is_set(), "the manager is idle", 30)
            if manager.error is not None:
                raise manager.error
        self.check(pid == self.lab.agent.pid, self.kea in busy)

    def check(self, same_process, with_kea):
        self.lab.check_alive()
        if with_kea:
            self.kea.mend()
        self.until_served()
        for number in self.lab.servers:
            wait(lambda n=number: self.get_status(n) == 2,
                 "server %d is up" % number, 20)
        self.quiet()
        found = self.found()
        self.whole()
        for manager in self.managers:
            manager.check(found, lambda r: self.status(r, same_process))
        for number in self.rows_of:
            self.compare(number, found[number])
        if with_kea:
            self.kea.check()
        if self.clock is not None:
            self.clock.forget(p for p in self.lab.pids if p not in (
                self.lab.agent.pid, self.lab.snmpd.pid))

    def found(self):
        """server -> name -> row, as the servers have them."""
        return {n: self.windows.rows() if n == WINDOWS else self.lab.rows(n)
                for n in self.rows_of}

    def quiet(self):
        """Nothing is on its way any more: dhcpfod has undone what it has to of
        a session that has ended, no row is pending or in doubt, and it has
        listed anew."""
        def still():
            before = self.found()
            try:
                # What fails at the last server is undone at the first.
                for number in self.rows_of + LOCAL:
                    self.lab.refresh(number)
                said = {v.value for n in self.rows_of for v in
                        self.lab.pysnmp.walk(MIB["dhcpFoRelSetStatus"] + (n,))}
            except SnmpTimeout:
                return False
            return before == self.found() and not said & {PENDING, IN_DOUBT}
        wait(still, "the rows do not change any more", 20)

    def get_status(self, number):
        try:
            return self.lab.get(server("OperStatus", number))
        except SnmpTimeout:
            return None

    def status(self, row, same_process):
        if not same_process:
            return None  # what is told by a process ends with it
        return self.lab.get(row.oid("SetStatus"))

    def whole(self):
        for number in LOCAL:
            db = self.lab.connect(number)
            try:
                found = [tuple(r) for r in db.execute("PRAGMA quick_check")]
            finally:
                db.close()
            if found != [("ok",)]:
                raise Wrong("database %d: %s" % (number, found))

    def shown(self, number):
        """name -> row, as SNMP shows them."""
        table = {}
        for label in MEMBERS:
            column = MIB["dhcpFoRel" + label] + (number,)
            for v in self.lab.pysnmp.walk(column):
                name = bytes(v.oid[len(column) + 1:]).decode()
                table.setdefault(name, {})[label] = v.value
        return table

    def compare(self, number, found):
        """What SNMP shows is what the database has."""
        table = self.shown(number)
        want = {name: strip(row) for name, row in found.items()}
        if table != want:
            raise Wrong("server %d: SNMP shows %s, the database has %s" % (
                number, table, want))

    def run(self, seconds, kills=0, only=None):
        if only:
            self.chances = {f: self.chances[f] for f in only}
        end = time.monotonic() + seconds
        faults = sorted(self.chances)
        self.random.shuffle(faults)
        while time.monotonic() < end or sum(self.kills.values()) < kills:
            # Each of them at least once, in a long run.
            self.one_round(faults.pop() if faults else None)

    def report(self):
        answers, managers = {}, list(self.managers)
        if self.kea is not None:
            managers.append(self.kea)
        for manager in managers:
            for status, n in manager.answers.items():
                answers[status or "none"] = answers.get(status or "none", 0) + n
        return ("seed %s: %d rounds, %d kills (%s), %d SETs, answers %s, "
                "%d rows of unknown end, %d told by SetStatus; faults %s" % (
                    self.seed, self.rounds, sum(self.kills.values()),
                    ", ".join("%s %d" % kv for kv in self.kills.items()),
                    sum(m.sets for m in managers),
                    " ".join("%s %d" % kv for kv in sorted(answers.items())),
                    sum(m.unclear for m in self.managers),
                    sum(m.owned_up for m in self.managers),
                    " ".join("%s %d" % kv for kv in sorted(
                        self.faults.items()))))


def main():
    options, _ = getopt.getopt(sys.argv[1:], "t:k:s:m:f:vh")
    options = dict(options)
    if "-h" in options:
        print(__doc__)
        return 0
    seed = options.get("-s") or str(int.from_bytes(os.urandom(4), "big"))
    print("chaos: seed %s" % seed, flush=True)
    with Chaos(seed, int(options.get("-m", 3)), "-v" in options) as chaos:
        try:
            chaos.run(float(options.get("-t", 30)), int(options.get("-k", 0)),
                      options["-f"].split(",") if "-f" in options else None)
        finally:
            print(chaos.report(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
