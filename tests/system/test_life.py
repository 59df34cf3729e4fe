# SPDX-License-Identifier: BSD-2-Clause
"""Starts, ends, restarts, kills, and what is behind a server going away."""
import os
import random
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import unittest

from lab import (BUILD, MIB, PATIENCE, ROOT, Lab, Later, Pysnmp, Rel, Server,
                 SnmpTimeout, rel, scalar, scope, server, wait)
from test_set import LabCase, creation, member

PING = 1  # seconds; the shortest there is
ANSWER_OF_DEATH = ("genErr", "noError")  # both may be seen when somebody dies


def get(lab, oid):
    """What is read, or None while nobody answers."""
    try:
        reply = Pysnmp(lab.port).get(oid, timeout=1)
    except SnmpTimeout:
        return None
    return reply.varbinds[0].value if reply.status == "noError" else None


class Master(unittest.TestCase):
    """snmpd comes, goes, hangs."""
    weight = 5

    def lab(self, *args, **kw):
        lab = Lab(*args, **{"subagent": {"ping-interval": PING,
                                         **kw.pop("subagent", {})}, **kw})
        lab.open()
        self.addCleanup(lab.close)
        return lab

    def test_dhcpfod__started_before_snmpd__serves_when_that_comes(self):
        lab = self.lab(start=False)
        lab.start_agent(ready=False)
        wait(lambda: "no AgentX master" in lab.log(), "it says so")
        began = time.monotonic()
        lab.start_snmpd()
        lab.wait_tables()
        self.assertLess(time.monotonic() - began, (PING + 2) * PATIENCE / 2)
        self.assertEqual(lab.log().count("no AgentX master"), 1,
                         "it says so once")

    def test_master__that_lets_nobody_in__is_told_from_one_that_is_away(self):
        # What root may do in spite of modes is taken from it.
        wrap = [] if os.geteuid() != 0 else [
            "setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        lab = self.lab(start=False, wrap=wrap)
        lab.start_agent(ready=False)
        wait(lambda: "no AgentX master at %s (No such file or directory)" %
             lab.socket in lab.log(), "it is away")
        with socket.socket(socket.AF_UNIX) as shut:
            shut.bind(lab.socket)
            os.chmod(lab.socket, 0)
            shut.listen()
            wait(lambda: "no AgentX master at %s (Permission denied)" %
                 lab.socket in lab.log(), "it lets nobody in")
        os.unlink(lab.socket)
        lab.start_snmpd()
        lab.wait_tables()
        self.assertEqual(lab.log().count("no AgentX master"), 2)

    def test_master__that_ends_or_dies__is_not_said_to_be_silent(self):
        lab = self.lab()
        for n, how in enumerate((signal.SIGTERM, signal.SIGKILL), 1):
            lab.stop_snmpd(how)
            wait(lambda n=n: lab.log().count("no AgentX master") == n,
                 "it is away")
            self.assertNotIn("no answer", lab.log())
            lab.start_snmpd()
            lab.wait_tables()

    def test_snmpd__restarted_five_times__has_the_tables_back_each_time(
            self):
        lab = self.lab()
        lab.seed(1, [Rel("alpha")])
        self.assertEqual(lab.set(member("Mclt", 1, "alpha", 7)).status,
                         "noError")
        for i in range(5):
            lab.stop_snmpd(signal.SIGKILL if i % 2 else signal.SIGTERM)
            lab.start_snmpd()
            began = time.monotonic()
            lab.wait_tables()
            self.assertLess(time.monotonic() - began,
                            (PING + 2) * PATIENCE / 2)
            self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 7 + i)
            self.assertEqual(
                lab.set(member("Mclt", 1, "alpha", 8 + i)).status, "noError")
        # Nothing of what dhcpfod itself remembers was lost.
        self.assertEqual(lab.get(rel("SetCalls", 1, "alpha")), 6)

    def test_snmpd__killed_within_a_slow_set__leaves_a_consistent_row(self):
        lab = self.lab([Server(1), Server(2, atomic="no")])
        for number in (1, 2):
            lab.seed(number, [Rel("alpha"), Rel("beta")])
        for number in (1, 2):
            lab.control(number, "set 1500 0 none 1 beta")
            later = Later(lab.set, member("Mclt", number, "alpha", 5),
                          member("Mclt", number, "beta", 5), timeout=3)
            wait(lambda: len(lab.calls(number, "set")) == 2, "it has begun")
            lab.stop_snmpd(signal.SIGKILL)
            with self.assertRaises(SnmpTimeout):
                later.get()
            lab.start_snmpd()
            lab.wait_tables()
            # The calls went on, and what they did stays: both or none.
            wait(lambda: lab.get(rel("SetStatus", number, "beta")) == 3,
                 "the calls end")
            kept = [lab.rows(number)[x]["mclt"] for x in ("alpha", "beta")]
            shown = [lab.get(rel("Mclt", number, x))
                     for x in ("alpha", "beta")]
            self.assertEqual(kept, [5, 5])
            self.assertEqual(shown, kept)
            wait(lambda: "went away before it" in lab.log(),
                 "the log tells of it")
            lab.control(number)
            wait(lambda: lab.set(member("Mclt", number, "alpha", 6)
                                 ).status == "noError", "SETs go on")

    def test_snmpd__stopped_for_a_while__is_served_when_it_goes_on(self):
        lab = self.lab(subagent={"poll-interval": 1})
        lab.seed(1, [Rel("alpha")])
        lab.freeze(lab.snmpd)
        lab.forget(1)
        wait(lambda: len(lab.calls(1, "list")) >= 3,
             "the server is polled all the same", 15)
        lab.thaw()
        lab.wait_tables()
        self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 3600)
        wait(lambda: lab.set(member("Mclt", 1, "alpha", 5)).status ==
             "noError", "SETs go on")

    def test_snmpd__stopped_while_there_is_news__is_sent_all_of_it(self):
        lab = self.lab(subagent={"notify-min-interval": 0,
                                 "poll-interval": 1})
        lab.seed(1, [Rel("r%d" % i) for i in range(30)])
        wait(lambda: lab.get(scalar("NotifSent")) >= 30, "the first news")
        before = lab.get(scalar("NotifSent"))
        lab.freeze(lab.snmpd)
        db = lab.connect(1)
        db.execute("UPDATE relationship SET mclt = 1")
        db.close()
        # Three polls: longer than a notification waits for its answer.
        lab.forget(1)
        wait(lambda: len(lab.calls(1, "list")) >= 4, "polls", 30)
        lab.thaw()
        wait(lambda: get(lab, scalar("NotifSent")) is not None, "it is back")
        wait(lambda: lab.get(scalar("NotifSent")) >= before + 30,
             "all 30 are sent", 5)

    def test_snmpd__killed_while_dhcpfod_is_stopped__kills_it_not_by_sigpipe(
            self):
        lab = self.lab()
        lab.seed(1, [Rel("alpha"), Rel("beta")])
        lab.control(1, "set 700 0 none 1")
        later = Later(lab.set, member("Mclt", 1, "alpha", 5), timeout=3)
        wait(lambda: lab.calls(1, "set"), "it has begun")
        lab.freeze(lab.agent)
        lab.stop_snmpd(signal.SIGKILL)
        lab.thaw()  # now it answers into a socket that nobody reads
        with self.assertRaises(SnmpTimeout):
            later.get()
        lab.start_snmpd()
        lab.wait_tables()
        self.assertEqual(lab.rows(1)["alpha"]["mclt"], 5)
        lab.check_alive()

    def test_dhcpfod__stopped_for_longer_than_snmpd_waits__comes_back(self):
        lab = self.lab()
        lab.seed(1, [Rel("alpha")])
        lab.freeze(lab.agent)
        reply = lab.set(member("Mclt", 1, "alpha", 5))
        self.assertEqual(reply.status, "genErr")
        lab.thaw()
        wait(lambda: get(lab, rel("Mclt", 1, "alpha")) is not None,
             "the tables are back")
        lab.wait_tables()
        # The manager was told that it failed.
        self.assertEqual(lab.rows(1)["alpha"]["mclt"], 3600)
        self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 3600)
        self.assertEqual(lab.set(member("Mclt", 1, "alpha", 6)).status,
                         "noError")

    def test_two_dhcpfod__on_one_snmpd__the_second_takes_over(self):
        lab = self.lab()
        second = Lab(start=False, master=False,
                     subagent={"ping-interval": PING})
        second.open()
        self.addCleanup(second.close)
        second.socket, second.port = lab.socket, lab.port
        second.start_agent(ready=False)
        wait(lambda: "1 server" in second.log(), "the second runs")
        self.assertTrue(lab.tables_there())
        lab.stop_agent()
        wait(second.tables_there, "the second takes over", 20)


class Signals(unittest.TestCase):
    weight = 4

    def test_environment__while_threads_run__is_not_changed(self):
        # The programs of the tests abort if it is: tests/mock/environment.c.
        with Lab(env={"NOTIFY_SOCKET": "/nonexistent"}) as lab:
            self.assertNotIn("threads run", lab.log())

    def test_sigpipe__whatever_happens__is_ignored(self):
        with Lab() as lab:
            with open("/proc/%d/status" % lab.agent.pid) as file:
                ignored = [x for x in file if x.startswith("SigIgn")][0]
            self.assertTrue(int(ignored.split()[1], 16) >>
                            (signal.SIGPIPE - 1) & 1)

    def test_sigterm__at_any_time__ends_it_with_status_0(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            lab = Lab().open()
            lab.seed(1, [Rel("alpha")])
            lab.agent.send_signal(how)
            self.assertEqual(lab.agent.wait(10 * PATIENCE), 0)
            wait(lambda: get(lab, scalar("ServerCount")) is None,
                 "snmpd knows at once")
            lab.agent = None
            lab.close()

    def test_sigterm__before_there_is_a_master__ends_it_with_status_0(self):
        with Lab(start=False) as lab:
            lab.start_agent(ready=False)
            wait(lambda: "no AgentX master" in lab.log(), "it runs")
            lab.stop_agent()

    def test_sigterm__with_a_hung_master__ends_it_soon(self):
        with Lab() as lab:
            lab.freeze(lab.snmpd)
            began = time.monotonic()
            lab.stop_agent()
            self.assertLess(time.monotonic() - began, 4 * PATIENCE / 2)
            lab.thaw()

    def test_master__that_takes_no_connection__does_not_hold_dhcpfod(self):
        with Lab(start=False, subagent={"poll-interval": 1}) as lab:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(lab.socket)
                listener.listen(0)
                waiting = []
                try:
                    while True:  # until its queue is full
                        waiting.append(socket.socket(socket.AF_UNIX))
                        waiting[-1].setblocking(False)
                        waiting[-1].connect(lab.socket)
                except BlockingIOError:
                    pass
                try:
                    lab.start_agent(ready=False)
                    wait(lambda: len(lab.calls(1, "list")) >= 2,
                         "the server is polled", 5)
                    lab.stop_agent()
                finally:
                    for sock in waiting:
                        sock.close()

    def test_sigterm__within_a_slow_set__loses_nothing_acknowledged(self):
        with Lab() as lab:
            lab.seed(1, [Rel("alpha"), Rel("beta")])
            self.assertEqual(lab.set(member("Mclt", 1, "alpha", 1)).status,
                             "noError")
            lab.control(1, "set 1500 0 none 1 beta")
            later = Later(lab.set, member("Mclt", 1, "alpha", 2),
                          member("Mclt", 1, "beta", 2))
            wait(lambda: "set beta 0x01" in lab.calls(1), "it has begun")
            lab.stop_agent()  # checks that the status is 0
            self.assertIn(later.get().status, ANSWER_OF_DEATH)
            kept = [lab.rows(1)[x]["mclt"] for x in ("alpha", "beta")]
            self.assertIn(kept, ([2, 2], [1, 3600]))
            if later.result.status == "noError":
                self.assertEqual(kept, [2, 2])
            lab.control(1)
            lab.start_agent()
            self.assertEqual([lab.get(rel("Mclt", 1, x))
                              for x in ("alpha", "beta")], kept)

    def test_sigterm__with_a_pending_set__waits_for_it(self):
        with Lab(subagent={"set-deadline": 300}) as lab:
            lab.seed(1, [Rel("alpha")])
            lab.control(1, "set 2000 0 none")
            self.assertEqual(lab.set(member("Mclt", 1, "alpha", 2)).status,
                             "noError")
            self.assertEqual(lab.get(rel("SetStatus", 1, "alpha")), 2)
            lab.stop_agent()
            self.assertEqual(lab.rows(1)["alpha"]["mclt"], 2)

    def test_sigterm__with_a_call_that_never_ends__ends_it_all_the_same(self):
        with Lab(subagent={"set-deadline": 300}) as lab:
            lab.seed(1, [Rel("alpha")])
            lab.control(1, "set 60000 0 none")
            lab.set(member("Mclt", 1, "alpha", 2))
            began = time.monotonic()
            lab.stop_agent()
            self.assertLess(time.monotonic() - began, 8 * PATIENCE / 2)
            self.assertIn("not waited for", lab.log())
            self.assertIn('"alpha": dhcpfod ends before', lab.log())

    def test_sigterm__with_three_calls_that_never_end__waits_for_all_at_once(
            self):
        with Lab([Server(1), Server(2), Server(3)]) as lab:
            for number in lab.servers:
                lab.control(number, "list 60000 0 none")
                lab.forget(number)
            lab.agent.send_signal(signal.SIGUSR1)
            wait(lambda: all(lab.calls(n, "list") for n in lab.servers),
                 "the polls begin")
            began = time.monotonic()
            lab.stop_agent()
            # 5 seconds each would be more than systemd allows.
            self.assertLess(time.monotonic() - began, 6 * PATIENCE)
            self.assertEqual(lab.log().count("not waited for"), 3)

    def test_sigterm__while_servers_are_polled__is_clean(self):
        # Of use with a sanitizer or valgrind: who ends first, who last.
        for first, last in ((1, 3), (3, 1)):
            with Lab([Server(1), Server(2), Server(3)]) as lab:
                lab.control(first, "list 300 0 none")
                lab.control(2, "list 600 0 none")
                lab.control(last, "list 900 0 none")
                for number in lab.servers:
                    lab.forget(number)
                lab.agent.send_signal(signal.SIGUSR1)
                wait(lambda: all(lab.calls(n, "list") for n in lab.servers),
                     "the polls begin")
                lab.stop_agent()

    def test_sighup__with_a_server_more_and_less__changes_just_that(self):
        with Lab([Server(1), Server(2)]) as lab:
            for number in (1, 2):
                lab.seed(number, [Rel("alpha")])
            lab.set(member("Mclt", 1, "alpha", 5))
            del lab.servers[2]
            lab.servers[3] = Server(3)
            lab.write_conf()
            lab.agent.send_signal(signal.SIGHUP)
            wait(lambda: lab.get(server("Name", 3)) == b"server3", "it comes")
            self.assertEqual(lab.get(server("Name", 2)), "noSuchInstance")
            self.assertEqual(lab.get(rel("Name", 2, "alpha")),
                             "noSuchInstance")
            self.assertEqual(lab.get(rel("SetStatus", 1, "alpha")), 3)

    def test_sighup__with_a_bad_file__changes_nothing(self):
        with Lab() as lab:
            lab.seed(1, [Rel("alpha")])
            lab.write_conf("[subagent]\nnonsense = 1\n")
            lab.agent.send_signal(signal.SIGHUP)
            wait(lambda: "nothing is changed" in lab.log(), "it says so")
            self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 3600)
            self.assertIn("dhcpfod.conf:2:", lab.log())

    def test_sighup__after_the_log_was_rotated__opens_it_anew(self):
        def says(path, text):
            wait(lambda: os.path.exists(path) and text in open(path).read(),
                 "%s says %s" % (path, text))
        with Lab(start=False) as lab:
            os.mkdir(lab.path("logs"))
            log, old = lab.path("logs", "log"), lab.path("logs", "old")
            # Net-SNMP would leave out a file that comes after syslog.
            lab.argv = ["-Lf", log, "-Ls", "d"]
            lab.start_snmpd()
            lab.start_agent()
            os.rename(log, old)
            lab.agent.send_signal(signal.SIGHUP)
            says(log, "read again")
            self.assertNotIn("read again", open(old).read())
            # Where it cannot be opened, it goes on.
            os.rename(lab.path("logs"), lab.path("gone"))
            lab.agent.send_signal(signal.SIGHUP)
            says(lab.path("gone", "log"),
                 log + ": No such file or directory: the log stays in the "
                 "file that is open\n")
            os.rename(lab.path("gone"), lab.path("logs"))
            os.unlink(log)
            lab.agent.send_signal(signal.SIGHUP)
            says(log, "read again")

    def test_sighup__that_removes_a_server_within_a_set__is_harmless(self):
        with Lab([Server(1), Server(2)]) as lab:
            for number in (1, 2):
                lab.seed(number, [Rel("alpha")])
            lab.control(1, "set 1000 0 none")
            later = Later(lab.set, member("Mclt", 1, "alpha", 5),
                          (server("Action", 2), ("i", 2)))
            wait(lambda: lab.calls(1, "set"), "it has begun")
            del lab.servers[2]
            lab.write_conf()
            lab.agent.send_signal(signal.SIGHUP)
            wait(lambda: "read again" in lab.log(), "it is read")
            lab.agent.send_signal(signal.SIGHUP)
            wait(lambda: lab.log().count("read again") == 2, "and again")
            self.assertEqual(later.get().status, "noError")
            lab.check_alive()
            self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 5)

    def test_sighup__that_removes_the_server_of_a_pending_set__is_harmless(
            self):
        with Lab([Server(1), Server(2)],
                 subagent={"set-deadline": 300}) as lab:
            lab.seed(2, [Rel("alpha")])
            lab.control(2, "set 1000 0 none")
            self.assertEqual(lab.set(member("Mclt", 2, "alpha", 5)).status,
                             "noError")
            gone = lab.servers.pop(2)
            lab.write_conf()
            lab.agent.send_signal(signal.SIGHUP)
            wait(lambda: lab.get(server("Name", 2)) == "noSuchInstance",
                 "it goes")
            lab.servers[2] = gone
            wait(lambda: lab.rows(2)["alpha"]["mclt"] == 5, "the call ends")
            lab.write_conf()
            lab.agent.send_signal(signal.SIGHUP)
            wait(lambda: lab.get(rel("Mclt", 2, "alpha")) == 5, "it is back")

    def test_sigusr1__has_all_servers_polled(self):
        with Lab([Server(1), Server(2)]) as lab:
            for number in (1, 2):
                lab.forget(number)
            lab.agent.send_signal(signal.SIGUSR1)
            wait(lambda: all(lab.calls(n, "list") for n in (1, 2)), "polls")


class Killing(unittest.TestCase):
    """kill -9 in the middle of SETs: what was acknowledged is there, and what
    was not is there as a whole or not at all."""
    ROUNDS = 20
    weight = 8

    def run_rounds(self, lab, seed, check):
        dice = random.Random(seed)
        last = {"acknowledged": 0, "tried": 0}
        for _ in range(self.ROUNDS):
            stop = threading.Event()

            def write():
                while not stop.is_set():
                    last["tried"] += 1
                    try:
                        reply = self.write(lab, last["tried"])
                    except SnmpTimeout:
                        continue
                    if reply.status == "noError":
                        last["acknowledged"] = last["tried"]
                    elif stop.is_set() or reply.status != "noError":
                        return
            began = last["acknowledged"]
            writer = Later(write)
            wait(lambda: last["acknowledged"] > began, "a SET goes through")
            stop.wait(dice.random() * 0.05)  # at any moment
            lab.kill_agent()
            stop.set()
            writer.get()
            lab.start_agent(ready=False)
            wait(lambda: get(lab, server("OperStatus", 1)) == 2, "it is up")
            check(last)
        lab.check_alive()

    def write(self, lab, value):
        return lab.set(*(member("Mclt", 1, x, value)
                         for x in ("one", "two", "three")))

    def test_set__of_three_rows_and_kill_9_at_random__is_all_or_nothing(
            self):
        seed = random.SystemRandom().randrange(10 ** 6)
        print("# seed %d" % seed)
        with Lab([Server(1, type="local")],
                 subagent={"ping-interval": PING}) as lab:
            lab.seed(1, [Rel(x) for x in ("one", "two", "three")])

            def check(last):
                kept = {r["mclt"] for r in lab.rows(1).values()}
                self.assertEqual(len(kept), 1, "half: %s, seed %d" % (
                    kept, seed))
                self.assertIn(kept.pop(),
                              (last["acknowledged"], last["tried"]),
                              "seed %d" % seed)
                self.assertEqual(
                    {lab.get(rel("Mclt", 1, x))
                     for x in ("one", "two", "three")},
                    {r["mclt"] for r in lab.rows(1).values()})
                last["acknowledged"] = max(
                    last["acknowledged"], lab.rows(1)["one"]["mclt"])
                last["tried"] = max(last["tried"], last["acknowledged"])
            self.run_rounds(lab, seed, check)

    def test_create_and_destroy__and_kill_9_at_random__are_whole(self):
        seed = random.SystemRandom().randrange(10 ** 6)
        print("# seed %d" % seed)

        class Creator(Killing):
            def write(self, lab, value):
                if value % 2:
                    return lab.set(*creation(1, "new", "10.0.0.0",
                                             "10.0.1.0"))
                return lab.set((rel("RowStatus", 1, "new"), ("i", 6)))

        with Lab([Server(1, type="local")],
                 subagent={"ping-interval": PING}) as lab:
            creator = Creator(
                "test_create_and_destroy__and_kill_9_at_random__are_whole")

            def check(last):
                there = "new" in lab.rows(1)
                self.assertEqual(len(lab.scopes(1, "new")), 2 * there,
                                 "half, seed %d" % seed)
                if last["acknowledged"] == last["tried"]:
                    self.assertEqual(there, last["tried"] % 2 == 1,
                                     "seed %d" % seed)
                # Go on from what is there.
                last["tried"] = last["acknowledged"] = 1 if there else 0
            creator.run_rounds(lab, seed, check)


class Configuration(unittest.TestCase):
    """What is wrong is said in one line, with its place."""

    def refused(self, text, *words):
        with Lab(start=False, master=False) as lab:
            lab.start_agent(ready=False, conf=text)
            self.assertEqual(lab.agent.wait(10 * PATIENCE), 1)
            lab.agent = None
            said = lab.log().strip().splitlines()
            self.assertEqual(len(said), 1, said)
            for word in words:
                self.assertIn(word, said[0])

    GOOD = "[server 1]\ntype = local\n"

    def test_file__with_an_unknown_key__is_refused_with_its_line(self):
        self.refused("[subagent]\n\npoll-intervall = 5\n" + self.GOOD,
                     "dhcpfod.conf:3:", "poll-intervall")

    def test_file__with_a_bad_value__is_refused_with_its_line(self):
        for line, word in (("poll-interval = 0", "poll-interval"),
                           ("poll-interval = ten", "poll-interval"),
                           ("set-deadline = 5001", "set-deadline"),
                           ("write-policy = everything", "everything")):
            self.refused("[subagent]\n%s\n%s" % (line, self.GOOD),
                         "dhcpfod.conf:2:", word)

    def test_file__with_a_bad_server__is_refused_with_its_line(self):
        for text, line, word in (
                ("[server 0]\ntype = local\n", 1, ""),
                ("[server 65536]\ntype = local\n", 1, ""),
                ("[server 1]\ntype = solaris\n", 2, "solaris"),
                ("[server 1]\nname = x\n", 1, "type"),
                ("[nonsense]\n", 1, "nonsense")):
            self.refused(text, "dhcpfod.conf:%d:" % line, word)

    def test_file__without_any_server__is_refused(self):
        self.refused("[subagent]\npoll-interval = 5\n", "dhcpfod.conf")

    def test_file__that_is_not_there__is_refused_with_its_name(self):
        done = subprocess.run(
            [os.path.join(BUILD, "tests", "dhcpfod"), "-f", "-c",
             "no-such-directory/dhcpfod.conf"], capture_output=True,
            text=True, timeout=20 * PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("no-such-directory/dhcpfod.conf", done.stderr)

    def test_log__that_cannot_be_written__is_refused_with_its_name(self):
        with Lab(start=False, master=False) as lab:
            lab.argv = ["-Lf", lab.path("none", "log")]
            lab.start_agent(ready=False, conf=self.GOOD)
            self.assertEqual(lab.agent.wait(10 * PATIENCE), 1)
            lab.agent = None
            self.assertIn("%s: No such file or directory" % lab.argv[-1],
                          lab.log())

    def test_pidfile__for_which_there_is_no_room__is_said(self):
        with Lab(start=False, master=False) as lab:
            lab.argv = ["-p", lab.path("pid")]
            os.symlink("/dev/full", lab.path("pid"))
            lab.start_agent(ready=False)
            wait(lambda: "%s: No space left" % lab.path("pid") in lab.log(),
                 "it is said")

    def test_option_t__tests_the_file_and_ends(self):
        for text, status in ((self.GOOD, 0), ("[subagent]\nx = 1\n", 1)):
            with Lab(start=False, master=False, argv=["-t"]) as lab:
                lab.start_agent(ready=False, conf=text)
                self.assertEqual(lab.agent.wait(10 * PATIENCE), status)
                lab.agent = None


class Background(unittest.TestCase):
    """Without -f; it is no child of ours then, but has a file with its number.
    """

    def start(self, lab, pidfile):
        lab.write_conf("[subagent]\nagentx-socket = x\nstate-dir = .\n"
                       "[server 1]\ntype = local\ndatabase = 1.db\n")
        done = subprocess.run(
            [os.path.join(BUILD, "tests", "dhcpfod"), "-c", "dhcpfod.conf",
             "-p", pidfile, "-Lf", "dhcpfod.log"], cwd=lab.dir, timeout=60,
            stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)

    def test_files__without_a_directory__are_where_it_was_started(self):
        with Lab(start=False, master=False) as lab:
            self.start(lab, "pid")
            wait(lambda: "no AgentX master" in lab.log(), "it runs")
            wait(lambda: os.path.exists(lab.path("pid")), "its number")
            with open(lab.path("pid")) as file:
                number = int(file.read())
            os.kill(number, signal.SIGHUP)
            wait(lambda: "dhcpfod.conf: read again" in lab.log(), "a reload")
            os.kill(number, signal.SIGTERM)
            wait(lambda: not os.path.exists(lab.path("pid")), "it ends")
            self.assertTrue(os.path.exists(lab.path("1.db")))
            self.assertTrue(os.path.exists(lab.path("dhcpfod-state.db")))


class Database(unittest.TestCase):
    """The file of a server is missing, locked, spoilt, somebody else's: said in
    OperStatus and LastErrorText, and over when it is over."""
    weight = 3

    def setUp(self):
        # A database that everyone can read is refused.
        self.addCleanup(os.umask, os.umask(0o077))

    def broken(self, lab, *words, status=(5,)):
        wait(lambda: lab.get(server("OperStatus", 1)) in status,
             "the status says so")
        said = lab.get(server("LastErrorText", 1)).decode()
        for word in words:
            self.assertIn(word, said)
        logged = [x for x in lab.log().splitlines() if said[:60] in x]
        self.assertEqual(len(logged), 1, "said once:\n" + lab.log())

    def works(self, lab):
        wait(lambda: lab.get(server("OperStatus", 1)) == 2, "it is up again")

    POLL = {"poll-interval": 1}

    def test_directory__missing_at_the_start__is_said_and_made_up_for(self):
        lab = Lab(start=False, subagent=self.POLL)
        with lab:
            path = lab.path("sub", "x.db")
            lab.servers = {1: Server(1, type="local", database=path)}
            lab.start_snmpd()
            lab.start_agent()
            self.broken(lab, path)
            self.assertEqual(
                lab.set(*creation(1, "new", "10.0.0.0")).status,
                "resourceUnavailable")
            os.mkdir(lab.path("sub"))
            self.works(lab)
            self.assertEqual(
                lab.set(*creation(1, "new", "10.0.0.0")).status, "noError")
            self.assertIn("new", lab.rows(1))

    def test_file__removed_while_it_is_used__is_noticed_and_made_anew(self):
        with Lab([Server(1, type="local")], self.POLL) as lab:
            lab.seed(1, [Rel("alpha")])
            for suffix in ("", "-wal", "-shm"):
                if os.path.exists(lab.database(1) + suffix):
                    os.unlink(lab.database(1) + suffix)
            wait(lambda: lab.get(scalar("RelCount")) == 0, "it is noticed")
            self.works(lab)
            lab.seed(1, [Rel("beta")])
            self.assertEqual(lab.set(member("Mclt", 1, "beta", 5)).status,
                             "noError")
            self.assertEqual(lab.rows(1)["beta"]["mclt"], 5)

    def test_database__locked_by_another__refuses_and_goes_on(self):
        with Lab([Server(1, type="local", busy_timeout=200)],
                 self.POLL) as lab:
            lab.seed(1, [Rel("alpha")])
            db = lab.connect(1)
            self.addCleanup(db.close)
            db.execute("BEGIN IMMEDIATE")
            reply = lab.set(member("Mclt", 1, "alpha", 5))
            self.assertEqual(reply.status, "resourceUnavailable")
            # Reading goes on: that takes no lock.
            self.assertEqual(lab.get(server("OperStatus", 1)), 2)
            self.assertIn("lock", lab.get(
                server("LastErrorText", 1)).decode().lower())
            db.execute("ROLLBACK")
            self.assertEqual(lab.set(member("Mclt", 1, "alpha", 5)).status,
                             "noError")
            self.assertEqual(lab.rows(1)["alpha"]["mclt"], 5)

    def replace(self, lab, content):
        """Put another file in the database's place; returns the old one."""
        path, kept = lab.database(1), lab.path("kept.db")
        db = lab.connect(1)
        db.execute("VACUUM INTO ?", (kept,))
        db.close()
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.replace(path + ".new", path)
        return kept

    def test_file__that_is_no_database__is_said_and_rows_are_kept(self):
        with Lab([Server(1, type="local")], self.POLL) as lab:
            lab.seed(1, [Rel("alpha", ["10.0.0.0"])])
            kept = self.replace(lab, b"This is not a database. " * 999)
            self.broken(lab, lab.database(1))
            self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 3600)
            self.assertEqual(lab.get(rel("Health", 1, "alpha")), 4)
            self.assertNotEqual(
                lab.set(member("Mclt", 1, "alpha", 5)).status, "noError")
            with open(lab.database(1), "rb") as file:
                self.assertTrue(file.read().startswith(b"This is not"),
                                "the file is left alone")
            os.replace(kept, lab.database(1))
            self.works(lab)
            self.assertEqual(lab.set(member("Mclt", 1, "alpha", 5)).status,
                             "noError")
            self.assertEqual(lab.rows(1)["alpha"]["mclt"], 5)

    def test_file__that_is_damaged__is_said_and_over_when_repaired(self):
        with Lab([Server(1, type="local")], self.POLL) as lab:
            lab.seed(1, [Rel("r%d" % i) for i in range(60)])
            kept = lab.path("good.db")
            db = lab.connect(1)
            db.execute("VACUUM INTO ?", (kept,))
            db.close()
            with open(kept, "rb") as file:
                good = file.read()
            spoilt = good[:4096] + b"\xa5" * (len(good) - 4096)
            self.replace(lab, spoilt)
            self.broken(lab, lab.database(1))
            self.assertEqual(lab.get(scalar("RelCount")), 60)
            os.replace(kept, lab.database(1))
            self.works(lab)
            self.assertEqual(lab.set(member("Mclt", 1, "r7", 5)).status,
                             "noError")

    def test_database__of_another_program__is_said_and_left_alone(self):
        with Lab([Server(1, type="local")], self.POLL) as lab:
            lab.seed(1, [Rel("alpha")])
            other = lab.path("other.db")
            db = sqlite3.connect(other)
            db.executescript("CREATE TABLE x (y); INSERT INTO x VALUES (1);")
            db.close()
            with open(other, "rb") as file:
                content = file.read()
            kept = self.replace(lab, content)
            self.broken(lab, "not a database of dhcpfo")
            with open(lab.database(1), "rb") as file:
                self.assertEqual(file.read(), content)
            os.replace(kept, lab.database(1))
            self.works(lab)

    def mount(self, lab, size):
        """A small file system of its own."""
        at = lab.path("mnt")
        os.mkdir(at)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o",
                               "size=%d,mode=0755" % size, "tmpfs", at],
                              capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("cannot mount a small file system (needs root): " +
                          done.stderr.strip())
        lab.cleanups.append(lambda: subprocess.run(["umount", "-l", at]))
        return at

    def test_database__that_can_only_be_read__is_shown_but_not_set(self):
        lab = Lab(start=False, subagent=self.POLL)
        with lab:
            at = self.mount(lab, 1 << 20)
            lab.servers = {1: Server(1, type="local",
                                     database=os.path.join(at, "x.db"))}
            lab.start_snmpd()
            lab.start_agent()
            lab.seed(1, [Rel("alpha")])
            lab.stop_agent()
            subprocess.run(["mount", "-o", "remount,ro", at], check=True)
            lab.start_agent()
            reply = None
            if lab.get(server("OperStatus", 1)) == 2:
                self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 3600)
                reply = lab.set(member("Mclt", 1, "alpha", 5))
                self.assertNotEqual(reply.status, "noError")
                self.assertEqual(lab.get(rel("Mclt", 1, "alpha")), 3600)
            self.assertIn(at, lab.get(server("LastErrorText", 1)).decode())
            subprocess.run(["mount", "-o", "remount,rw", at], check=True)
            self.works(lab)
            self.assertEqual(lab.set(member("Mclt", 1, "alpha", 5)).status,
                             "noError")
            self.assertEqual(lab.rows(1)["alpha"]["mclt"], 5)

    def test_disk__that_is_full__is_resource_unavailable_and_loses_nothing(
            self):
        lab = Lab(start=False)
        with lab:
            at = self.mount(lab, 600 << 10)
            lab.servers = {1: Server(1, type="local",
                                     database=os.path.join(at, "x.db"))}
            lab.start_snmpd()
            lab.start_agent()
            lab.seed(1, [Rel("r%d" % i) for i in range(40)])
            with open(os.path.join(at, "filler"), "wb",
                      buffering=0) as filler:
                try:
                    while True:
                        filler.write(bytes(1024))
                except OSError:
                    pass
            kept, refused = {}, None
            for i in range(400):
                name = "r%d" % (i % 40)
                reply = lab.set(member("Mclt", 1, name, i),
                                member("SharedSecret", 1, name, "s" * 250))
                if reply.status != "noError":
                    refused = reply
                    break
                kept[name] = i
            self.assertIsNotNone(refused, "the disk never was full")
            self.assertEqual(refused.status, "resourceUnavailable")
            self.assertEqual(lab.get(server("LastError", 1)), 112)
            self.assertTrue(lab.get(server("LastErrorText", 1)))
            for name, value in kept.items():
                self.assertEqual(lab.rows(1)[name]["mclt"], value)
                self.assertEqual(lab.get(rel("Mclt", 1, name)), value)
            os.unlink(os.path.join(at, "filler"))
            self.assertEqual(lab.set(member("Mclt", 1, "r0", 4711)).status,
                             "noError")
            self.assertEqual(lab.rows(1)["r0"]["mclt"], 4711)


class Log(LabCase):
    ROWS = {1: [Rel("alpha")]}

    def test_log__of_changes__has_each_once(self):
        for i in range(5):
            self.ok(member("Mclt", 1, "alpha", 100 + i))
        self.ok(*creation(1, "new", "10.0.0.0"))
        self.ok((scope(1, "alpha", "10.0.1.0"), ("i", 4)))
        self.ok((rel("RowStatus", 1, "new"), ("i", 6)))
        self.ok(member("Percentage", 1, "alpha", 1))
        wait(lambda: "percentage" in self.lab.log(), "all is logged")
        lines = self.lab.log().splitlines()

        def count(number, *words):
            found = [x for x in lines if all(w in x for w in words)]
            self.assertEqual(len(found), number, "\n".join(found))
        count(5, '"alpha"', "set mclt", "done")
        count(1, '"alpha"', "set percentage")
        count(1, '"new"', "create")
        count(1, '"new"', "delete")
        count(1, '"alpha"', "scope")

    def test_log__of_a_server_that_fails_again_and_again__says_it_once(self):
        self.lab.control(1, "list 0 1722 before")
        for _ in range(5):
            self.lab.refresh(1)
        self.lab.control(1)
        self.lab.refresh(1)
        log = self.lab.log()
        self.assertEqual(log.count("list: told to fail"), 1)
        self.assertEqual(log.count("works again"), 1)

    def test_walk__after_all_this__is_still_whole(self):
        self.assertTrue(self.lab.pysnmp.walk(ROOT))
        self.assertTrue(self.lab.pysnmp.walk(MIB["dhcpFoRelTable"]))


if __name__ == "__main__":
    unittest.main()
