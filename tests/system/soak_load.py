# SPDX-License-Identifier: BSD-2-Clause
"""The load of a soak: who reads, who writes, who is notified."""
import random
import socket
import threading

from lab import (MIB, ROOT, Pysnmp, SnmpTimeout, octets_of, rel,
                 scope)

READERS = WRITERS = 2
ROWS = 4  # of each writer on each server
PAIR = (1, 2)  # the servers that are written to


class Manager(threading.Thread):
    """Sends its requests of each phase, and counts what was answered."""

    def __init__(self, soak, number):
        super().__init__(daemon=True)
        self.soak, self.number = soak, number
        self.start_phase, self.done = threading.Event(), threading.Event()
        self.left = 0
        self.stopped = False
        self.error = None

    def run(self):
        while True:
            self.start_phase.wait()
            self.start_phase.clear()
            if self.stopped:
                return
            try:
                # Every phase is to be like every other.
                self.random = random.Random("%s-%s" % (
                    self.soak.seed, self.number))
                while self.left > 0:
                    self.soak.open.wait()
                    self.once()
                    self.left -= 1
            except BaseException as error:  # told by Soak.phase
                self.error = error
            self.done.set()

    def ask(self, kind, *args, timeout=0.75):
        client = Pysnmp(self.soak.lab.port)
        try:
            status = getattr(client, kind)(*args, timeout=timeout).status
        except SnmpTimeout:
            status = "no answer"
        self.soak.count(kind, status)
        return status


class Reader(Manager):
    COLUMNS = ("Name Mode ServerRole State PrevState Mclt SafePeriod "
               "Percentage PrimaryAddr SharedSecret RowStatus SetStatus "
               "SetCalls Transitions Health").split()

    def name(self):
        if self.random.random() < 0.1:
            return rel("Mclt", self.random.choice((1, 2, 3, 99)), "none")
        return rel(self.random.choice(self.COLUMNS),
                   self.random.choice(PAIR), "w%d-%d" % (
                       self.random.randrange(WRITERS),
                       self.random.randrange(ROWS + 1)))

    def table(self):
        return self.random.choice((
            ROOT, MIB["dhcpFoRelEntry"], MIB["dhcpFoScopeEntry"],
            MIB["dhcpFoServerEntry"], MIB["dhcpFoEventEntry"],
            self.name(), self.name()))

    def once(self):
        kind = self.random.choice(("get", "get", "next", "bulk"))
        if kind == "bulk":
            self.ask("bulk", self.random.randrange(2),
                     self.random.randrange(30), self.table(), self.table())
        else:
            which = self.name if kind == "get" else self.table
            self.ask(kind, *(which() for _ in range(
                self.random.randint(1, 8))))


class Writer(Manager):
    VALUES = {"Mclt": ("u", (60, 600, 3600)),
              "SafePeriod": ("u", (0, 3600, 0xffffffff)),
              "Percentage": ("u", (0, 30, 50, 100, 101)),
              "Mode": ("i", (0, 1, 2)),
              "State": ("i", (3, 4, 5, 12)),
              "SharedSecret": ("s", ("a secret", "", "s" * 200))}

    def row(self):
        return (self.random.choice(PAIR),
                "w%d-%d" % (self.number, self.random.randrange(ROWS)))

    def temporary(self, number):
        return "w%d-%d" % (self.number, ROWS), "10.%d.%d.0" % (
            self.number + 1, 100 + number)

    def members(self, row):
        label = self.random.choice(sorted(self.VALUES))
        letter, some = self.VALUES[label]
        return rel(label, *row), (letter, self.random.choice(some))

    def once(self):
        chance = self.random.random()
        if chance < 0.5:
            row = self.row()
            self.ask("set", *(self.members(row) for _ in range(
                self.random.randint(1, 3))))
        elif chance < 0.75:
            self.ask("set", *(self.members(self.row()) for _ in range(3)))
        elif chance < 0.8:
            self.ask("set", (rel("Name", *self.row()), ("s", "x")))
        elif chance < 0.9:
            number, name = self.row()
            self.ask("set", (scope(number, name, "10.%d.%d.0" % (
                self.number + 1, 200 + number)), (
                    "i", self.random.choice((4, 6)))))
        else:
            number = self.random.choice(PAIR)
            self.ask("set", *(self.creation(number)
                              if self.random.random() < 0.6
                              else self.destruction(number)))

    def creation(self, number):
        name, address = self.temporary(number)
        return [(rel("RowStatus", number, name), ("i", 4)),
                (rel("PrimaryAddr", number, name),
                 ("x", octets_of("192.0.2.1"))),
                (rel("SecondaryAddr", number, name),
                 ("x", octets_of("192.0.2.2"))),
                (scope(number, name, address), ("i", 4))]

    def destruction(self, number):
        return [(rel("RowStatus", number, self.temporary(number)[0]),
                 ("i", 6))]


class Traps(threading.Thread):
    """Counts the notifications that snmpd sends."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.count = 0

    def run(self):
        while self.socket.recv(65536):
            self.count += 1

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", ("127.0.0.1", self.port))
        self.join()
        self.socket.close()
