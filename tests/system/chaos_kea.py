# SPDX-License-Identifier: BSD-2-Clause
"""A pair of real Kea for chaos.py, and the manager that sets what Kea lets be
set: safePeriod of the first, which its next start forgets, and partnerDown."""
import threading

from chaos_manager import (DEADLINE, FAILED, SUCCEEDED, UNDONE, UNKNOWN, Asker,
                           Wrong)
from lab import rel, wait
from test_kea import DOWN, HOOKS, KEA, NAME, NORMAL, Pair

MISSING = "" if KEA and HOOKS else "there is no kea-dhcp4 with its hooks"
MAYBE = ("noError",) + UNKNOWN
CONFIGURED = 2  # seconds: safePeriod in the file


class KeaPair(Asker):
    def __init__(self, chaos, numbers, seed):
        super().__init__(chaos, "%s-kea" % seed)
        self.numbers = numbers
        # With unacked clients Kea does not go to partner-down by itself.
        self.pair = Pair(chaos.lab.dir, unacked=1)
        self.lock = threading.Lock()
        self.starts = 0  # those that began, and those that ended
        self.possible = {CONFIGURED}  # safePeriod of the first
        self.asked = set()  # the value that is being set
        self.ordered = set()  # numbers that may be in partnerDown by a SET
        for number, kea in zip(numbers, self.pair.both):
            chaos.lab.servers[number].keys.update(
                {"socket": kea.path, "timeout": 800})
        chaos.lab.servers[numbers[0]].keys["allow-config-set"] = "yes"

    def open(self):
        self.pair.start()
        self.pair.normal()
        self.start()

    def restart(self, *which):
        self.starts += 1
        self.pair.start(*which)
        with self.lock:
            self.starts += 1
            self.possible |= self.asked | {CONFIGURED}

    def once(self):
        dice = self.random.random()
        if dice < 0.15:
            self.nonsense()
        elif dice < 0.4:
            self.set_safe_period(self.random.randint(1, 9))
        else:
            self.set_down(self.random.randrange(2))
        self.chaos.breathe()

    def order(self, number, label, value):
        """(error-status or None, was it done for certain?)"""
        status, took = self.ask((rel(label, number, NAME), value))
        return status, status == "noError" and (
            took < DEADLINE or self.status_of(number) == SUCCEEDED)

    def status_of(self, number):
        return self.set_status(rel("SetStatus", number, NAME))

    def nonsense(self):
        label, value = self.random.choice((
            ("Mclt", ("u", 3600)), ("Percentage", ("u", 60)),
            ("State", ("i", NORMAL)), ("SafePeriod", ("u", 66)),
            ("RowStatus", ("i", 6))))
        # Before a Kea that hangs has said no, it may be pending.
        if self.order(self.numbers[0], label, value)[1]:
            raise Wrong("Kea was given %s = %s" % (label, value))

    def set_safe_period(self, seconds):
        number = self.numbers[0]
        with self.lock:
            starts = self.starts
            self.asked = {seconds}
        status, certain = self.order(number, "SafePeriod", ("u", seconds))
        maybe = not certain and status in MAYBE
        with self.lock:
            if certain and starts == self.starts:
                self.possible = {seconds}
            elif certain or maybe:
                self.possible.add(seconds)
            if not maybe:
                self.asked = set()

    def set_down(self, which):
        number, starts = self.numbers[which], self.starts
        status, certain = self.order(number, "State", ("i", DOWN))
        if status in MAYBE:
            self.ordered.add(number)
        try:
            state = self.pair.both[which].ask("status-get", timeout=1)[
                "arguments"]["high-availability"][0]["ha-servers"]["local"][
                    "state"]
        except (OSError, TypeError, ValueError):
            return  # it is away
        if starts != self.starts:
            return
        if certain and state != "partner-down":
            raise Wrong("Kea %d was told partnerDown, and is in %s" % (
                number, state))
        if state == "partner-down" and number not in self.ordered:
            raise Wrong("Kea %d is in partner-down, and nobody ordered it; the "
                        "answer was %s" % (number, status))

    # -- after a round

    def mend(self):
        for kea in self.pair.both:
            if kea.stopped and kea.running():
                kea.thaw()
        if not all(kea.running() for kea in self.pair.both):
            self.restart()
        self.pair.normal()

    def safe_period(self):
        libraries = self.pair.one.ask("config-get")["arguments"]["Dhcp4"][
            "hooks-libraries"]
        return libraries[-1]["parameters"]["high-availability"][0][
            "max-response-delay"] // 1000

    def check(self):
        """What Kea has is what was promised, and what SNMP shows."""
        def shown():
            return [self.chaos.lab.get(rel(label, number, NAME))
                    for label in ("State", "SafePeriod")
                    for number in self.numbers]
        # What was pending may be done only now, and has Kea begin anew.
        wait(lambda: all(self.status_of(n) in (1, SUCCEEDED, FAILED, UNDONE)
                         for n in self.numbers), "nothing is pending", 40)
        self.pair.normal()
        found = self.safe_period()
        if found not in self.possible:
            raise Wrong("Kea's safePeriod is %d, must be one of %s" % (
                found, sorted(self.possible)))
        want = [NORMAL, NORMAL, found, CONFIGURED]
        wait(lambda: shown() == want, "SNMP shows %s of Kea, not %s" % (
            want, shown()), 20)
        self.possible, self.asked, self.ordered = {found}, set(), set()

    def close(self):
        self.end = True
        if self.is_alive():
            self.join(30)
        self.pair.close()
