# SPDX-License-Identifier: BSD-2-Clause
"""A manager that sets rows for chaos.py, and knows what each of them must be."""
import random
import threading
import time

from lab import PATIENCE, Pysnmp, SnmpTimeout, octets_of, rel, scope

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
PENDING, SUCCEEDED, FAILED, UNDONE, IN_DOUBT = 2, 3, 4, 5, 6
ROWS = 4  # of each manager on each server
DEADLINE = 1.0  # seconds: set-deadline


class Wrong(AssertionError):
    pass


def strip(row):
    """What is compared of a row of the database; None: there is none."""
    if row is None:
        return None
    return {label: row[column] for label, (column, _) in MEMBERS.items()}


def like(is_now, value):
    """Does a row have all the members that `value` names?"""
    if is_now is None or value is None:
        return is_now is value
    return all(is_now[label] == value[label] for label in value)


def recreated(old):
    """A destroyed row that was made anew, when its states could not be
    restored any more."""
    return {**old, "State": 2, "PrevState": 1,
            **({} if old.get("SafePeriod") else {"SafePeriod": 0xffffffff})}


class Row:
    """A row, and what it may be: a dict of members each, or None."""

    def __init__(self, server, name, address):
        self.server, self.name, self.address = server, name, address
        self.now = None  # as of the last round's end, or a later certainty
        self.unclear = False  # do not touch it in this round
        # In this round: (answer, seconds, what it should be, rows of the SET).
        self.asked = []

    def oid(self, label):
        return rel(label, self.server, self.name)


class Group:
    """Rows of one server that a SET of unknown end has to change, all or none.
    `late`: it was answered noError while the server still worked."""

    def __init__(self, late):
        self.rows = []  # (Row, what it was, what it should become)
        self.late = late

    def add(self, row, value):
        self.rows.append((row, row.now, value))
        row.unclear = True


class Asker(threading.Thread):
    """Does once() again and again while `go` is set; `idle`: it does not."""

    def __init__(self, chaos, seed):
        super().__init__(daemon=True)
        self.chaos, self.random = chaos, random.Random(seed)
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

    def once(self):
        raise NotImplementedError

    def ask(self, *varbinds):
        """The error-status, None without an answer, and how long it took."""
        began = time.monotonic()
        try:
            status = Pysnmp(self.chaos.lab.port).set(
                *varbinds, timeout=2 / PATIENCE).status
        except SnmpTimeout:
            status = None
        self.sets += 1
        self.answers[status] = self.answers.get(status, 0) + 1
        return status, time.monotonic() - began

    def set_status(self, oid):
        """What dhcpfod says of the last SET of a row; None: nothing."""
        try:
            return Pysnmp(self.chaos.lab.port).get(
                oid, timeout=2 / PATIENCE).varbinds[0].value
        except SnmpTimeout:
            return None


class Manager(Asker):
    """`atomic`: server -> does it have transactions?"""

    def __init__(self, chaos, number, seed, atomic):
        super().__init__(chaos, "%s-%d" % (seed, number))
        self.number, self.atomic = number, atomic
        self.rows = [Row(s, "m%d-%d-row" % (number, i),
                         "10.%d.%d.0" % (number + 1, i))
                     for s in atomic for i in range(ROWS)]
        self.groups = []
        self.unclear = self.owned_up = 0

    def once(self):
        rows = [r for r in self.rows if not r.unclear]
        self.random.shuffle(rows)
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
        self.settle(wanted, bad, *self.ask(*mixed))

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
        # Nobody tells a secret: of a lost answer the rest has to be the proof,
        # and what a new row has is not known in the round that makes it.
        if self.random.random() < 0.2 and any(
                value[label] != old for label, old in row.now.items()):
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

    def settle(self, wanted, bad, status, took):
        """Keep what the answer says of the rows."""
        together = [(row.server, row.name) for row, _ in wanted]
        for row, value in wanted:
            row.asked.append((status, round(took, 3), "bad" if bad else value,
                              together))
        if status == "noError":
            if bad:
                raise Wrong("noError for nonsense")
            # Before the deadline it means "done"; later, only if the row
            # says so as well.
            if took < DEADLINE or all(
                    self.set_status(r.oid("SetStatus")) == SUCCEEDED
                    for r, v in wanted):
                for row, value in wanted:
                    row.now = value
            else:
                self.keep(wanted, late=True)
        elif status in UNKNOWN and not bad:
            self.keep(wanted)
        if status is None:
            self.chaos.breathe()

    def keep(self, wanted, late=False):
        """Nobody knows yet what became of those rows."""
        groups = {}
        for row, value in wanted:
            which = row.server if self.atomic[row.server] else row
            if which not in groups:
                groups[which] = Group(late)
            groups[which].add(row, value)
        self.groups += groups.values()

    # -- after a round

    def check(self, found, status):
        """`found`: server -> name -> row; `status`: of a Row, or None when
        the process that could tell has ended."""
        for group in self.groups:
            self.unclear += len(group.rows)
            ends = [self.end_of(found, *entry) for entry in group.rows]
            if not (all("new" in x for x in ends) or
                    all("old" in x for x in ends) or
                    ends == [{"between"}]):
                raise Wrong("half of a SET is there: %s" % [
                    (r.server, r.name, old, new,
                     strip(found[r.server].get(r.name)), r.asked)
                    for r, old, new in group.rows])
            if group.late and not all("new" in x for x in ends):
                self.own_up(group, status)
        for row in self.rows:
            is_now = strip(found[row.server].get(row.name))
            if not row.unclear and not like(is_now, row.now):
                raise Wrong("server %d, %s: is %s, must be %s; SetStatus %s; "
                            "asked: %s" % (
                                row.server, row.name, is_now, row.now,
                                status(row), row.asked))
            row.now, row.unclear, row.asked = is_now, False, []
        self.groups = []

    def end_of(self, found, row, old, new):
        is_now = strip(found[row.server].get(row.name))
        ends = {word for word, value in (("old", old), ("new", new))
                if like(is_now, value)}
        if (not self.atomic[row.server] and new is None and old is not None and
                like(is_now, recreated(old))):
            ends.add("between")
        return ends

    def own_up(self, group, status):
        """What was answered noError and is not there must be said to be."""
        for row, old, _ in group.rows:
            said = status(row)
            if said is not None and old is not None and said not in (
                    FAILED, UNDONE):
                raise Wrong("server %d, %s: pending, not done, and SetStatus "
                            "is %s" % (row.server, row.name, said))
            self.owned_up += 1
