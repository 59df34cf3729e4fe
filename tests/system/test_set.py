# SPDX-License-Identifier: BSD-2-Clause
"""SET: what reaches the server, what is kept, and what is refused how."""
import unittest

from lab import (FLAGS, MIB, ROOT, SYS_CONTACT, Lab, NetSnmp, Pysnmp,
                 Rel, Server, octets_of, rel, scalar, scope, server, values,
                 wait)

DB_COLUMN = {"Mclt": "mclt", "SafePeriod": "safe_period", "State": "state",
             "Percentage": "percentage", "Mode": "mode",
             "PrevState": "prev_state", "SharedSecret": "secret"}
LETTER = {"Mclt": "u", "SafePeriod": "u", "State": "i", "Percentage": "u",
          "Mode": "i", "PrevState": "i", "SharedSecret": "s"}
V1 = {"badValue": ("wrongType", "wrongLength", "wrongEncoding", "wrongValue",
                   "inconsistentValue"),
      "noSuchName": ("noAccess", "noCreation", "notWritable",
                     "inconsistentName", "authorizationError"),
      "genErr": ("resourceUnavailable", "commitFailed", "undoFailed")}


def member(label, number, name, value):
    return rel(label, number, name), (LETTER[label], value)


def creation(number, name, *scopes, primary="192.0.2.1",
             secondary="192.0.2.2"):
    """The varbinds that create a relationship."""
    found = [(rel("PrimaryAddr", number, name), ("x", octets_of(primary))),
             (rel("SecondaryAddr", number, name), ("x", octets_of(secondary))),
             (rel("RowStatus", number, name), ("i", 4))]
    return found + [(scope(number, name, a), ("i", 4)) for a in scopes]


class LabCase(unittest.TestCase):
    """Tests with one laboratory for all of a class."""
    SERVERS = [Server(1)]
    SUBAGENT = {}
    SNMPD = ""
    ROWS = {}

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(cls.SERVERS, cls.SUBAGENT, cls.SNMPD).open()
        cls.addClassCleanup(cls.lab.close)

    def setUp(self):
        self.lab.check_alive()
        for number in self.lab.servers:
            self.lab.control(number)
            self.clear(number)
            self.lab.seed(number, self.ROWS.get(number, []))
            self.lab.forget(number)

    def clear(self, number):
        db = self.lab.connect(number)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM relationship")
        db.close()

    def ok(self, *varbinds, client=None):
        reply = (client or self.lab.pysnmp).set(*varbinds)
        self.assertEqual((reply.status, reply.index), ("noError", 0))
        return reply

    def refused(self, status, index, *varbinds, client=None, **kw):
        reply = (client or self.lab.pysnmp).set(*varbinds, **kw)
        self.assertEqual((reply.status, reply.index), (status, index))
        return reply

    def both(self, number, name):
        """A row as SNMP shows it and as the database has it: the same."""
        lab = self.lab
        shown = lab.columns(number, name, *FLAGS)
        kept = lab.rows(number)[name]
        for label, column in DB_COLUMN.items():
            if label != "SharedSecret":
                self.assertEqual(shown[label], kept[column], label)
        self.assertEqual(lab.get(rel("AuthEnabled", number, name)),
                         2 if kept["secret"] is None else 1)
        return kept

    def whole(self):
        """All there is to know of relationships, in SNMP and on disk."""
        return ([self.lab.pysnmp.walk(MIB["dhcpFoRelTable"]),
                 self.lab.pysnmp.walk(MIB["dhcpFoScopeTable"])] +
                [(self.lab.rows(n), [self.lab.scopes(n, x)
                                     for x in sorted(self.lab.rows(n))])
                 for n in self.lab.servers])


class Merging(LabCase):
    ROWS = {1: [Rel("alpha", ["10.0.0.0"]), Rel("beta"), Rel("gamma")]}

    def test_pdu__of_five_interleaved_varbinds_on_two_rows__is_two_calls(
            self):
        self.ok(member("Mclt", 1, "alpha", 100),
                member("Mode", 1, "beta", 1),
                member("SafePeriod", 1, "alpha", 200),
                member("Percentage", 1, "beta", 20),
                member("State", 1, "alpha", 5))
        self.assertEqual(self.lab.changes(1),
                         ["set alpha 0x07", "set beta 0x18"])
        self.assertEqual(self.both(1, "alpha")["state"], 5)
        self.assertEqual(self.both(1, "beta")["percentage"], 20)

    def test_pdu__of_two_rows__is_one_transaction_of_the_server(self):
        self.ok(member("Mclt", 1, "alpha", 100), member("Mclt", 1, "beta", 1))
        self.assertEqual(
            self.lab.calls(1, "begin", "commit", "rollback", "set"),
            ["begin", "set alpha 0x01", "set beta 0x01", "commit"])

    def test_pdu__of_three_columns__is_one_call_with_their_flags(self):
        self.ok(member("Mclt", 1, "alpha", 100),
                member("Percentage", 1, "alpha", 70),
                member("Mode", 1, "alpha", 1))
        self.assertEqual(self.lab.changes(1), ["set alpha 0x19"])

    def test_pdu__of_all_six_columns_of_the_document__is_one_call(self):
        self.ok(*(member(x, 1, "alpha", v) for x, v in (
            ("PrevState", 3), ("Mode", 1), ("Percentage", 11), ("State", 4),
            ("SafePeriod", 600), ("Mclt", 7200))))
        self.assertEqual(self.lab.changes(1), ["set alpha 0x3f"])
        self.both(1, "alpha")

    def test_pdu__of_all_seven_columns__is_one_call(self):
        for client in self.lab.clients():
            with self.subTest(str(client)):
                self.lab.forget(1)
                self.ok(*(member(x, 1, "alpha", v) for x, v in (
                    ("Mclt", 1), ("SafePeriod", 2), ("State", 3),
                    ("Percentage", 4), ("Mode", 1), ("PrevState", 6),
                    ("SharedSecret", "s"))), client=client)
                self.assertEqual(self.lab.changes(1), ["set alpha 0x7f"])
                self.assertEqual(self.both(1, "alpha")["secret"], "s")

    def test_calls__of_many_rows__come_in_the_order_of_the_pdu(self):
        self.ok(member("Mclt", 1, "gamma", 1), member("Mclt", 1, "alpha", 1),
                member("Mode", 1, "gamma", 1), member("Mclt", 1, "beta", 1))
        self.assertEqual(self.lab.changes(1), [
            "set gamma 0x11", "set alpha 0x01", "set beta 0x01"])

    def test_flags__in_each_of_127_combinations__change_exactly_theirs(self):
        at = [dict(Mclt=1000, SafePeriod=2000, State=3, Percentage=10, Mode=0,
                   PrevState=1, SharedSecret=None),
              dict(Mclt=0xffffffff, SafePeriod=0, State=11, Percentage=100,
                   Mode=1, PrevState=0, SharedSecret="secret")]
        now = dict(at[0])
        self.ok(*(member(x, 1, "alpha", "" if v is None else v)
                  for x, v in now.items()))
        for flags in range(1, 128):
            asked = [x for x, bit in FLAGS.items() if flags & bit]
            if flags % 2:
                asked.reverse()
            for label in asked:
                now[label] = at[now[label] == at[0][label]][label]
            self.lab.forget(1)
            self.ok(*(member(x, 1, "alpha",
                             "" if now[x] is None else now[x])
                      for x in asked))
            self.assertEqual(self.lab.changes(1),
                             ["set alpha 0x%02x" % flags])
            kept = self.both(1, "alpha")
            self.assertEqual({x: kept[c] for x, c in DB_COLUMN.items()}, now)
            self.assertEqual(
                self.lab.columns(1, "alpha", "LastSetFlags", "SetStatus",
                                 "LastSetResult"),
                {"LastSetFlags": bytes([int("{:08b}".format(flags)[::-1], 2)]),
                 "SetStatus": 3, "LastSetResult": 0})

    def test_values__at_their_limits__are_kept_as_they_are(self):
        for value in (0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1):
            for client in (self.lab.pysnmp, self.lab.netsnmp):
                self.ok(member("Mclt", 1, "alpha", value),
                        member("SafePeriod", 1, "alpha", value),
                        client=client)
                kept = self.both(1, "alpha")
                self.assertEqual((kept["mclt"], kept["safe_period"]),
                                 (value, value))

    def test_duplicate__with_the_same_value__counts_once(self):
        self.ok(member("Mclt", 1, "alpha", 5), member("Mode", 1, "alpha", 1),
                member("Mclt", 1, "alpha", 5),
                member("SharedSecret", 1, "alpha", "x"),
                member("SharedSecret", 1, "alpha", "x"))
        self.assertEqual(self.lab.changes(1), ["set alpha 0x51"])

    def test_duplicate__with_another_value__is_blamed_and_nothing_done(self):
        for label, one, two in (
                ("Mclt", 5, 6), ("SafePeriod", 0, 1), ("State", 3, 4),
                ("Percentage", 1, 2), ("Mode", 0, 1), ("PrevState", 1, 2),
                ("SharedSecret", "a", "b"), ("SharedSecret", "a", "")):
            self.refused("inconsistentValue", 3,
                         member(label, 1, "alpha", one),
                         member("Mclt", 1, "beta", 1),
                         member(label, 1, "alpha", two))
        self.assertEqual(self.lab.changes(1), [])

    def test_same_values__set_again__are_a_call_and_harmless(self):
        for _ in range(2):
            self.ok(member("Mclt", 1, "alpha", 77))
        self.assertEqual(self.lab.changes(1), ["set alpha 0x01"] * 2)
        self.assertEqual(self.both(1, "alpha")["mclt"], 77)

    def test_row__named_by_a_derived_key__is_set_under_its_full_name(self):
        name = "Büro \"1\" " + "n" * 100
        self.lab.seed(1, [Rel(name)])
        self.ok(member("Mclt", 1, name, 9))
        self.assertEqual(self.lab.changes(1), ["set %s 0x01" % name])
        self.assertEqual(self.both(1, name)["mclt"], 9)

    def test_pdu__of_a_hundred_rows__is_a_hundred_calls_in_one_go(self):
        self.lab.seed(1, [Rel("r%d" % i) for i in range(100)])
        self.lab.forget(1)
        self.ok(*(member("Mclt", 1, "r%d" % i, i) for i in range(100)))
        self.assertEqual(self.lab.changes(1),
                         ["set r%d 0x01" % i for i in range(100)])
        self.assertEqual([self.lab.rows(1)["r%d" % i]["mclt"]
                          for i in range(100)], list(range(100)))

    def test_row_status__active_on_an_existing_row__does_nothing(self):
        self.ok((rel("RowStatus", 1, "alpha"), ("i", 1)))
        self.ok((scope(1, "alpha", "10.0.0.0"), ("i", 1)))
        self.assertEqual(self.lab.changes(1), [])

    def test_counters__after_sets_that_went_well_and_not__tell(self):
        labels = ("SetCalls", "SetFailures")
        before = self.lab.columns(1, "beta", *labels)
        total = self.lab.get(server("SetCalls", 1))
        bad = self.lab.get(server("SetFailures", 1))
        self.ok(member("Mclt", 1, "beta", 5), member("Mode", 1, "beta", 1))
        self.lab.control(1, "set 0 87 before")
        self.refused("inconsistentValue", 1, member("Mclt", 1, "beta", 6))
        self.lab.control(1)
        now = self.lab.columns(1, "beta", *labels)
        self.assertEqual([now[x] - before[x] for x in labels], [2, 1])
        self.assertEqual(self.lab.get(server("SetCalls", 1)) - total, 2)
        self.assertEqual(self.lab.get(server("SetFailures", 1)) - bad, 1)
        self.assertEqual(
            self.lab.columns(1, "beta", "SetStatus", "LastSetFlags",
                             "LastSetResult"),
            {"SetStatus": 4, "LastSetFlags": b"\x80", "LastSetResult": 87})
        self.assertTrue(self.lab.get(rel("LastSetText", 1, "beta")))

    def test_table_last_change__after_a_change_of_state_only__stays(self):
        def stamps():
            return self.lab.pysnmp.get(scalar("TableLastChange"),
                                       rel("LastChange", 1, "beta"))
        self.ok(member("Mclt", 1, "beta", 5))
        before = values(stamps())
        up = values(self.lab.pysnmp.get((1, 3, 6, 1, 2, 1, 1, 3, 0)))[0]
        wait(lambda: self.lab.get((1, 3, 6, 1, 2, 1, 1, 3, 0)) > up + 20,
             "time passes")
        self.ok(member("State", 1, "beta", 5))
        for a, b in zip(before, values(stamps())):
            self.assertAlmostEqual(a, b, delta=2)
        self.ok(member("Mclt", 1, "beta", 6))
        for a, b in zip(before, values(stamps())):
            self.assertGreater(b, a + 10)

    def log_lines(self, name):
        return [x for x in self.lab.log().splitlines()
                if '"%s"' % name in x]

    def test_log__of_a_set__has_one_line_for_each_change(self):
        self.lab.seed(1, [Rel("logged"), Rel("marker")])
        before = len(self.log_lines("logged"))
        self.ok(member("Mclt", 1, "logged", 4711))
        self.ok(member("Mclt", 1, "logged", 4712),
                member("Mode", 1, "logged", 1))
        self.ok(member("Mclt", 1, "marker", 1))
        wait(lambda: any("set" in x for x in self.log_lines("marker")),
             "all is logged")
        lines = self.log_lines("logged")[before:]
        self.assertEqual(len(lines), 2, lines)
        for line, words in zip(lines, (("mclt",), ("mclt", "mode"))):
            for word in ("set", "done") + words:
                self.assertIn(word, line)


class Refusals(LabCase):
    """Each error-status of design.md 5, with the varbind it blames."""
    SERVERS = [Server(1), Server(2, atomic="no"),
               Server(3, write="mclt, percentage"), Server(4, write="none"),
               Server(5, type="local", auto_scopes="no",
                      scopes="10.5.0.0/24, 10.5.1.0/24",
                      max_relationships=2)]
    ROWS = {1: [Rel("alpha", ["10.1.0.0"]), Rel("beta", ["10.1.1.0"]),
                Rel("sleeping", ["10.1.2.0"], state=4)],
            2: [Rel("alpha", ["10.2.0.0"]), Rel("beta")],
            3: [Rel("alpha")], 4: [Rel("alpha", ["10.4.0.0"])],
            5: [Rel("alpha", ["10.5.0.0"])]}

    def check(self, cases):
        """(status, index, varbinds): refused so, and nothing has changed."""
        before = self.whole()
        for status, index, varbinds in cases:
            with self.subTest(status, index=index, varbinds=varbinds):
                self.refused(status, index, *varbinds)
        self.assertEqual(self.whole(), before)
        for number in self.lab.servers:
            self.assertEqual(self.lab.changes(number), [])

    good = [member("Mclt", 1, "beta", 1)]

    def test_wrong_type__of_each_column__is_refused_and_blamed(self):
        cases = []
        for label in FLAGS:
            for wrong in (("c", 1), ("t", 1), ("a", "10.0.0.1"), ("C", 1),
                          ("o", (1, 3, 6)), ("n", 0),
                          ("i", 1) if LETTER[label] != "i" else ("u", 1),
                          ("x", b"1") if LETTER[label] != "s" else ("u", 1)):
                cases.append(("wrongType", 2, self.good + [
                    (rel(label, 1, "alpha"), wrong)]))
        cases += [("wrongType", 1, [(rel("RowStatus", 1, "alpha"), ("u", 1))]),
                  ("wrongType", 1, [(rel("PrimaryAddr", 1, "new"),
                                     ("a", "10.0.0.1"))]),
                  ("wrongType", 1, [(rel("ServerRole", 1, "new"),
                                     ("u", 1))]),
                  ("wrongType", 1, [(rel("PrimaryName", 1, "new"),
                                     ("i", 1))]),
                  ("wrongType", 1, [(scalar("PollInterval"), ("i", 5))]),
                  ("wrongType", 1, [(scalar("SetSpinLock"), ("u", 5))]),
                  ("wrongType", 1, [(server("Action", 1), ("x", b"\2"))]),
                  ("wrongType", 1, [(scope(1, "alpha", "10.9.9.0"),
                                     ("u", 4))])]
        self.check(cases)

    def test_wrong_length__of_octets__is_refused_and_blamed(self):
        self.check([
            ("wrongLength", 2, self.good + [
                (rel("SharedSecret", 1, "alpha"), ("s", "x" * 256))]),
            ("wrongLength", 1, [(rel("PrimaryAddr", 1, "n"), ("x", b""))]),
            ("wrongLength", 1, [(rel("PrimaryAddr", 1, "n"), ("x", b"abc"))]),
            ("wrongLength", 2, self.good + [
                (rel("SecondaryAddr", 1, "n"), ("x", b"abcde"))]),
            ("wrongLength", 1, [(rel("SecondaryAddr", 1, "n"),
                                 ("x", b"a" * 16))]),
            ("wrongLength", 1, [(rel("PrimaryName", 1, "n"),
                                 ("s", "p" * 256))])])

    def test_wrong_value__out_of_the_range_of_the_mib__is_refused(self):
        bad = [("Mode", 2), ("Mode", -1), ("State", 12), ("State", 13),
               ("State", 14), ("State", -1), ("PrevState", 12),
               ("PrevState", 255), ("Percentage", 101),
               ("Percentage", 2 ** 32 - 1), ("Percentage", 256),
               ("SharedSecret", b"a\0b"), ("SharedSecret", b"\0"),
               ("SharedSecret", b"\xff\xfe"), ("SharedSecret", b"\xc0\x80"),
               ("SharedSecret", b"\xed\xa0\x80")]
        self.check(
            [("wrongValue", 2, self.good + [member(x, 1, "alpha", v)])
             for x, v in bad] +
            [("wrongValue", 1, [(rel("RowStatus", 1, "alpha"), ("i", v))])
             for v in (0, 2, 3, 5, 7, -1, 2 ** 31 - 1)] +
            [("wrongValue", 1, [(scope(1, "alpha", "10.1.0.0"), ("i", v))])
             for v in (0, 2, 3, 5, 7)] +
            [("wrongValue", 1, [(scalar("PollInterval"), ("u", v))])
             for v in (0, 86401, 2 ** 32 - 1)] +
            [("wrongValue", 1, [(server("Action", 1), ("i", v))])
             for v in (0, 3, -1)] +
            [("wrongValue", 1, [(rel("ServerRole", 1, "n"), ("i", 2))]),
             ("wrongValue", 1, [(rel("PrimaryAddrType", 1, "n"), ("i", 2))]),
             ("wrongValue", 1, [(rel("PrimaryAddrType", 1, "n"), ("i", 0))]),
             ("wrongValue", 1, [(rel("PrimaryAddr", 1, "n"),
                                 ("x", bytes(4)))]),
             ("wrongValue", 1, [(scalar("SetSpinLock"), ("i", -1))])])

    def test_not_writable__of_what_can_only_be_read__is_refused(self):
        self.check([
            ("notWritable", 2, self.good + [
                (rel("Name", 1, "alpha"), ("s", "omega"))]),
            ("notWritable", 1, [(rel("Health", 1, "alpha"), ("i", 1))]),
            ("notWritable", 1, [(rel("SetStatus", 1, "alpha"), ("i", 1))]),
            ("notWritable", 1, [(scalar("ServerCount"), ("u", 1))]),
            ("notWritable", 1, [(scalar("WritePolicy"), ("x", b"\xfe"))]),
            ("notWritable", 1, [(server("Name", 1), ("s", "x"))]),
            ("notWritable", 1, [(ROOT + (1, 99, 0), ("i", 1))]),
            ("notWritable", 1, [(MIB["dhcpFoRelEntry"] + (1, 1, 1, 65),
                                 ("i", 1))]),
            ("notWritable", 1, [(MIB["dhcpFoRelEntry"] + (18, 1, 1, 65),
                                 ("i", 1))]),
            ("notWritable", 1, [(ROOT, ("i", 1))])])

    def test_not_writable__by_the_write_key_of_the_server__is_refused(self):
        self.check(
            [("notWritable", 3, self.good + [
                member("Mclt", 3, "alpha", 1), member(x, 3, "alpha", v)])
             for x, v in (("SafePeriod", 5), ("State", 5), ("Mode", 1),
                          ("PrevState", 1), ("SharedSecret", "x"))] +
            [("notWritable", 1, [member("Mclt", 4, "alpha", 5)]),
             ("notWritable", 1, [(rel("RowStatus", 4, "alpha"), ("i", 6))]),
             ("notWritable", 1, [(scope(4, "alpha", "10.4.1.0"), ("i", 4))]),
             ("notWritable", 1, [(scope(4, "alpha", "10.4.0.0"), ("i", 6))]),
             ("noCreation", 3, creation(4, "new", "10.4.2.0"))])
        self.ok(member("Mclt", 3, "alpha", 1),
                member("Percentage", 3, "alpha", 2))
        self.assertEqual(self.lab.changes(3), ["set alpha 0x09"])

    def test_inconsistent_name__of_a_row_that_is_not_there__is_refused(self):
        self.check(
            [("inconsistentName", 2, self.good + [member(x, 1, "nobody", v)])
             for x, v in (("Mclt", 5), ("Mode", 1), ("SharedSecret", "x"))] +
            [("inconsistentName", 1, [(scope(1, "nobody", "10.1.8.0"),
                                       ("i", 4))]),
             ("inconsistentName", 1, [(scope(1, "nobody", "10.1.8.0"),
                                       ("i", 6))]),
             ("inconsistentName", 1, [(rel("PrimaryName", 1, "nobody"),
                                       ("s", "x"))])])

    def test_inconsistent_name__when_the_server_has_no_such_row__is_told(
            self):
        db = self.lab.connect(1)
        db.execute("UPDATE relationship SET name = 'gone' "
                   "WHERE name = 'sleeping'")
        db.close()
        self.refused("inconsistentName", 2, member("Mclt", 1, "alpha", 9),
                     member("Mclt", 1, "sleeping", 9))
        self.assertEqual(self.both(1, "alpha")["mclt"], 3600)

    def test_no_creation__of_what_can_never_exist__is_refused(self):
        base = MIB["dhcpFoRelMclt"]
        self.check(
            [("noCreation", 2, self.good + [(oid, ("u", 1))]) for oid in (
                base, base + (1,), base + (1, 0), base + (1, 81) + (65,) * 81,
                base + (1, 5, 65), base + (1, 2, 65, 65, 65),
                base + (1, 1, 256), base + (0, 1, 65), base + (6, 1, 65),
                base + (65536, 1, 65))] +
            [("noCreation", 1, [(MIB["dhcpFoPollInterval"] + (1,),
                                 ("u", 1))]),
             ("noCreation", 1, [(MIB["dhcpFoPollInterval"], ("u", 1))]),
             ("noCreation", 1, [(server("Action", 99), ("i", 2))]),
             ("noCreation", 1, [(
                 scope(1, "alpha", "10.1.0.0")[:-6] + (2, 16) + (0,) * 16,
                 ("i", 4))]),
             ("noCreation", 1, [(
                 scope(1, "alpha", "10.1.0.0")[:-1] + (256,), ("i", 4))]),
             ("noCreation", 3, creation(1, b"tab\tbed", "10.1.9.0")),
             ("noCreation", 3, creation(1, b"B\xc3\xbcro", "10.1.9.0"))])

    def test_inconsistent_value__for_each_of_its_causes__is_refused(self):
        self.check(
            [("inconsistentValue", 2, self.good + [
                (rel(x, 1, "alpha"), v)])
             for x, v in (("ServerRole", ("i", 1)),
                          ("PrimaryAddr", ("x", b"\1\2\3\4")),
                          ("PrimaryAddrType", ("i", 1)),
                          ("SecondaryAddr", ("x", b"\1\2\3\4")),
                          ("SecondaryAddrType", ("i", 1)),
                          ("PrimaryName", ("s", "x")),
                          ("SecondaryName", ("s", "x")))] +
            # Creation of what is there, or of half.
            [("inconsistentValue", 3, creation(1, "alpha", "10.1.7.0")),
             ("inconsistentValue", 3, creation(1, "new")),
             ("inconsistentValue", 1, creation(1, "new")[2:]),
             ("inconsistentValue", 2, creation(1, "new", "10.1.7.0")[1:]),
             ("inconsistentValue", 1, creation(1, "new", "10.1.7.0")[2:]),
             ("inconsistentValue", 1, [member("State", 1, "new", 3)] +
              creation(1, "new", "10.1.7.0")),
             ("inconsistentValue", 5, creation(1, "new", "10.1.7.0") +
              [member("PrevState", 1, "new", 3)]),
             ("inconsistentValue", 1, [(rel("RowStatus", 1, "new"),
                                        ("i", 1))]),
             # Contradictions.
             ("inconsistentValue", 2, [(rel("RowStatus", 1, "alpha"),
                                        ("i", 6)),
                                       (rel("RowStatus", 1, "alpha"),
                                        ("i", 1))]),
             ("inconsistentValue", 1, [(rel("RowStatus", 1, "alpha"),
                                        ("i", 6)),
                                       member("Mclt", 1, "alpha", 1)]),
             ("inconsistentValue", 2, [(scope(1, "alpha", "10.1.0.0"),
                                        ("i", 6)),
                                       (rel("RowStatus", 1, "alpha"),
                                        ("i", 6))]),
             ("inconsistentValue", 2, [(scope(1, "alpha", "10.1.6.0"),
                                        ("i", 4)),
                                       (scope(1, "alpha", "10.1.6.0"),
                                        ("i", 6))]),
             # Scopes that are there, or are not.
             ("inconsistentValue", 2, self.good + [
                 (scope(1, "alpha", "10.1.0.0"), ("i", 4))]),
             ("inconsistentValue", 1, [(scope(1, "alpha", "10.1.6.0"),
                                        ("i", 1))]),
             # The spin lock.
             ("inconsistentValue", 2, self.good + [
                 (scalar("SetSpinLock"),
                  ("i", (self.lab.get(scalar("SetSpinLock")) + 1) %
                   2 ** 31))])])

    def test_inconsistent_value__when_the_server_refuses__is_told(self):
        before = self.whole()
        for status, index, varbinds in [
                # 20120: not in state normal.
                ("inconsistentValue", 2, self.good + [
                    (scope(1, "sleeping", "10.1.6.0"), ("i", 4))]),
                # 20113: in another relationship.
                ("inconsistentValue", 2, self.good + [
                    (scope(1, "alpha", "10.1.1.0"), ("i", 4))]),
                ("inconsistentValue", 4, self.good + creation(
                    1, "new", "10.1.1.0")),
                # 20005: no such scope there.
                ("inconsistentValue", 1, [(scope(5, "alpha", "10.6.0.0"),
                                           ("i", 4))]),
                ("inconsistentValue", 3, creation(5, "new", "10.6.0.0"))]:
            with self.subTest(status, index=index, varbinds=varbinds):
                self.refused(status, index, *varbinds)
                self.assertEqual(self.whole(), before)

    def test_resource_unavailable__at_the_limit_of_rows__is_told(self):
        self.ok(*creation(5, "second", "10.5.1.0"))
        self.refused("resourceUnavailable", 4, *(
            self.good + creation(5, "third", "10.5.1.0")))
        self.assertEqual(sorted(self.lab.rows(5)), ["alpha", "second"])
        self.assertEqual(self.both(1, "beta")["mclt"], 3600)

    def test_no_access__outside_the_write_view__is_refused_by_snmpd(self):
        for client in (Pysnmp(self.lab.port, community="narrow"),
                       NetSnmp(self.lab.port, community="narrow")):
            self.refused("noAccess", 2, member("Mode", 1, "alpha", 1),
                         member("Mclt", 1, "alpha", 5), client=client)
            self.ok(member("Mode", 1, "alpha", 1), client=client)
        self.assertEqual(self.both(1, "alpha")["mclt"], 3600)
        # The read-only community may not write at all.
        self.refused("noAccess", 1, member("Mode", 1, "alpha", 0),
                     client=Pysnmp(self.lab.port, community="public"))
        self.assertEqual(self.both(1, "alpha")["mode"], 1)

    CODES = {
        "noAccess": (5, 20121), "notWritable": (50, 20118, 20134),
        "inconsistentName": (20115, 2),
        "inconsistentValue": (87, 20005, 20113, 20114, 20116, 20117, 20119,
                              20120, 20125, 20127, 20129, 20131, 20132,
                              20133),
        "resourceUnavailable": (8, 112, 170, 1460, 1722, 1727, 1753, 20017,
                                20122, 20123, 20124, 20128, 20130),
        "commitFailed": (13, 31, 1726, 1392, 20013, 54321)}

    def test_codes__of_the_server__become_the_error_status_of_the_design(
            self):
        for status, codes in self.CODES.items():
            for code in codes:
                self.lab.control(1, "set 0 %d before" % code)
                with self.subTest(code):
                    self.refused(status, 1, member("Mclt", 1, "alpha", 5))
                    self.assertEqual(
                        self.lab.get(rel("LastSetResult", 1, "alpha")), code)
                    self.assertEqual(self.lab.get(
                        server("LastError", 1)), code)
        self.lab.control(1)
        self.assertEqual(self.both(1, "alpha")["mclt"], 3600)

    def test_codes__of_the_server_by_v1__are_mapped_as_rfc_3584_says(self):
        for client in (Pysnmp(self.lab.port, "1"),
                       NetSnmp(self.lab.port, "1")):
            for status, codes in self.CODES.items():
                self.lab.control(1, "set 0 %d before 0 beta" % codes[0])
                old = [x for x, news in V1.items() if status in news][0]
                with self.subTest(status, client=str(client)):
                    self.refused(old, 2, member("Mclt", 1, "alpha", 5),
                                 member("Mclt", 1, "beta", 5), client=client)
        self.lab.control(1)
        self.assertEqual(self.both(1, "alpha")["mclt"], 3600)

    def test_static_errors__by_v1__are_mapped_as_rfc_3584_says(self):
        client = Pysnmp(self.lab.port, "1")
        for old, varbind in (
                ("badValue", (rel("Mclt", 1, "alpha"), ("i", 1))),
                ("badValue", (rel("Mode", 1, "alpha"), ("i", 9))),
                ("badValue", (rel("ServerRole", 1, "alpha"), ("i", 1))),
                ("noSuchName", (rel("Name", 1, "alpha"), ("s", "x"))),
                ("noSuchName", (rel("Mclt", 1, "nobody"), ("u", 1))),
                ("noSuchName", (rel("Mclt", 77, "nobody"), ("u", 1)))):
            self.refused(old, 2, self.good[0], varbind, client=client)

    def test_errors__by_v3_and_by_both_clients__are_the_same(self):
        for client in self.lab.clients():
            if client.version == "1":
                continue
            with self.subTest(str(client)):
                self.refused("wrongValue", 2, self.good[0],
                             member("Mode", 1, "alpha", 9), client=client)
                self.refused("inconsistentName", 2, self.good[0],
                             member("Mode", 1, "nobody", 1), client=client)

    def test_kth_varbind__static_or_at_the_server__is_the_one_blamed(self):
        names = ["k%d" % i for i in range(6)]
        self.lab.seed(1, [Rel(n) for n in names])
        for k, name in enumerate(names):
            varbinds = [member("Mclt", 1, n, 5) for n in names]
            varbinds[k] = member("Percentage", 1, name, 101)
            self.refused("wrongValue", k + 1, *varbinds)
            self.lab.control(1, "set 0 5 before 0 " + name)
            pairs = [member("Mclt", 1, n, 5) for n in names] + [
                member("Mode", 1, n, 1) for n in names]
            self.refused("noAccess", k + 1, *pairs)
            self.lab.control(1)
        for name in names:
            self.assertEqual(self.both(1, name)["mclt"], 3600)

    def test_kth_varbind__with_snmpds_own_objects_before__is_blamed(self):
        self.lab.control(1, "set 0 5 before 0 beta")
        self.refused("noAccess", 3, (SYS_CONTACT, ("s", "me")),
                     member("Mclt", 1, "alpha", 5),
                     member("Mclt", 1, "beta", 5))

    def test_two_errors_in_one_pdu__of_one_kind__blame_the_first(self):
        self.refused("wrongValue", 2, self.good[0],
                     member("Mode", 1, "alpha", 9),
                     member("Percentage", 1, "alpha", 101))
        self.refused("inconsistentName", 1, member("Mclt", 1, "nobody", 1),
                     member("Mclt", 1, "noone", 1))

    def test_second_row_refused__by_an_atomic_server__undoes_the_first(self):
        before = self.whole()
        self.lab.control(1, "set 0 5 before 0 beta")
        self.refused("noAccess", 2, member("Mclt", 1, "alpha", 5),
                     member("Mclt", 1, "beta", 5),
                     member("Mode", 1, "alpha", 1),
                     member("SharedSecret", 1, "alpha", "new"))
        self.assertEqual(self.lab.calls(1, "begin", "set", "rollback",
                                        "commit", "restore"),
                         ["begin", "set alpha 0x51", "set beta 0x01",
                          "rollback"])
        self.assertEqual(self.whole(), before)
        self.check_undone(1)

    def test_second_row_refused__by_a_plain_server__undoes_the_first(self):
        before = self.whole()
        self.lab.control(2, "set 0 5 before 0 beta")
        self.refused("noAccess", 2, member("Mclt", 2, "alpha", 5),
                     member("Mclt", 2, "beta", 5),
                     member("Mode", 2, "alpha", 1),
                     member("State", 2, "alpha", 5))
        self.lab.control(2)
        self.assertEqual(self.lab.changes(2)[:2],
                         ["set alpha 0x15", "set beta 0x01"])
        self.assertEqual(self.whole(), before)
        self.check_undone(2)
        self.lab.refresh(2)
        self.assertEqual(self.whole(), before)

    def check_undone(self, number):
        self.assertEqual(
            self.lab.columns(number, "alpha", "SetStatus", "SetCalls"),
            {"SetStatus": 5, "SetCalls": self.lab.get(
                rel("SetCalls", number, "alpha"))})
        self.assertEqual(self.lab.get(rel("SetStatus", number, "beta")), 4)

    def test_third_row__after_a_refusal__is_not_attempted(self):
        self.lab.seed(1, [Rel("omega")])
        self.lab.forget(1)
        self.lab.control(1, "set 0 5 before 0 beta")
        self.refused("noAccess", 2, *(member("Mclt", 1, n, 5)
                                      for n in ("alpha", "beta", "omega")))
        self.assertEqual(self.lab.changes(1),
                         ["set alpha 0x01", "set beta 0x01"])

    def test_second_server_refuses__after_the_first_has_done__undoes_both(
            self):
        before = self.whole()
        self.lab.control(2, "set 0 1722 before 0 alpha")
        self.refused("resourceUnavailable", 2,
                     member("Mclt", 1, "alpha", 5),
                     member("Mclt", 2, "alpha", 5),
                     member("Mode", 1, "beta", 1))
        self.lab.control(2)
        self.assertEqual(self.whole(), before)
        self.assertEqual(self.lab.get(rel("SetStatus", 1, "alpha")), 5)
        for number in self.lab.servers:
            self.lab.refresh(number)
        self.assertEqual(self.whole(), before)

    def test_begin_or_commit_fails__of_the_server__nothing_has_changed(self):
        before = self.whole()
        for op in ("begin", "commit"):
            self.lab.control(1, "%s 0 112 before" % op)
            reply = self.lab.set(member("Mclt", 1, "alpha", 5),
                                 member("Mclt", 1, "beta", 5))
            self.assertEqual(reply.status, "resourceUnavailable", op)
            self.assertIn(reply.index, (1, 2))
            self.lab.control(1)
            self.assertEqual(self.whole(), before, op)

    def test_answer_that_was_lost__of_a_plain_server__is_not_a_lie(self):
        # The server has done it, but its answer did not come through.
        self.lab.control(2, "set 0 1726 after 1 alpha")
        reply = self.lab.set(member("Mclt", 2, "alpha", 5))
        self.lab.control(2)
        wait(lambda: self.lab.get(rel("SetStatus", 2, "alpha")) != 6,
             "the doubt ends")
        kept = self.lab.rows(2)["alpha"]["mclt"]
        self.assertIn(kept, (5, 3600))
        self.assertEqual(reply.status == "noError", kept == 5,
                         "the manager was told %s, the server has %d" % (
                             reply.status, kept))
        self.assertEqual(self.lab.get(rel("Mclt", 2, "alpha")), kept)
        self.assertEqual(self.lab.get(rel("SetStatus", 2, "alpha")),
                         3 if kept == 5 else 4)

    def test_undo_fails__within_a_plain_server__is_undo_failed_and_in_doubt(
            self):
        lab = self.lab
        lab.control(2, "set 0 5 before 0 beta", "set 0 31 before 2 alpha")
        reply = lab.set(member("Mclt", 2, "alpha", 5),
                        member("Mclt", 2, "beta", 5))
        self.assertEqual(reply.status, "undoFailed")
        self.assertEqual(lab.rows(2)["alpha"]["mclt"], 5)
        # It has been read again: what the row shows is the truth.
        wait(lambda: lab.get(rel("Mclt", 2, "alpha")) == 5, "the truth")
        self.assertEqual(lab.get(rel("SetStatus", 2, "beta")), 4)
        # The MIB: inDoubt until it is read again, then what it came to.
        wait(lambda: lab.get(rel("SetStatus", 2, "alpha")) in (3, 6),
             "the row is not said to be undone", 2)
        wait(lambda: lab.get(rel("SetStatus", 2, "alpha")) == 3,
             "the doubt ends", 2)

    def test_failed_set__of_a_state__leaves_the_totals_as_they_were(self):
        totals = [scalar("RelNotNormalCount"), scalar("Health")]
        before = values(self.lab.pysnmp.get(*totals))
        self.lab.control(1, "set 0 5 before 0 beta")
        self.refused("noAccess", 2, member("State", 1, "alpha", 5),
                     member("Mclt", 1, "beta", 1))
        self.assertEqual(values(self.lab.pysnmp.get(*totals)), before)
        self.lab.control(1)
        self.ok(member("State", 1, "alpha", 5))
        after = values(self.lab.pysnmp.get(*totals))
        self.assertEqual(after, [before[0] + 1, 3])


class WritePolicy(LabCase):
    SUBAGENT = {"write-policy": "mclt, changeState"}
    SERVERS = [Server(1), Server(2, write="mode")]
    ROWS = {1: [Rel("alpha")], 2: [Rel("alpha")]}

    def test_write_policy__shows_and_rules__on_every_server(self):
        self.assertEqual(self.lab.get(scalar("WritePolicy")), b"\xa0")
        for label, value in (("SafePeriod", 5), ("Percentage", 5),
                             ("Mode", 1), ("PrevState", 3),
                             ("SharedSecret", "x")):
            self.refused("notWritable", 2, member("Mclt", 1, "alpha", 5),
                         member(label, 1, "alpha", value))
        self.assertEqual(self.lab.changes(1), [])
        self.ok(member("Mclt", 1, "alpha", 5), member("State", 1, "alpha", 5))
        self.assertEqual(self.lab.changes(1), ["set alpha 0x05"])

    def test_server__whose_flags_the_policy_forbids__cannot_be_changed(self):
        self.refused("notWritable", 1, member("Mode", 2, "alpha", 1))
        self.refused("notWritable", 1, (rel("RowStatus", 2, "alpha"),
                                        ("i", 6)))
        self.refused("noCreation", 3, *creation(2, "new", "10.2.0.0"))

    def test_server__that_allows_any_flag__lets_rows_come_and_go(self):
        """As dhcpfod.conf(5) and dhcpFoWritePolicy warn."""
        self.ok((rel("RowStatus", 1, "alpha"), ("i", 6)))
        self.ok(*creation(1, "new", "10.2.0.0"))
        self.assertEqual(self.lab.changes(1), ["delete alpha", "create new 1"])


class CreateAndDestroy(LabCase):
    SERVERS = [Server(1), Server(2, atomic="no")]
    ROWS = {1: [Rel("old", ["10.1.0.0", "10.1.1.0"])],
            2: [Rel("old", ["10.2.0.0", "10.2.1.0"])]}

    def test_create__with_addresses_and_scopes__is_one_call(self):
        self.ok(*creation(1, "new", "10.9.2.0", "10.9.1.0"))
        self.assertEqual(self.lab.changes(1), ["create new 2"])
        kept = self.both(1, "new")
        self.assertEqual(
            {k: kept[k] for k in ("mode", "server_type", "state",
                                  "prev_state", "mclt", "safe_period",
                                  "percentage", "secret")},
            dict(mode=0, server_type=0, state=2, prev_state=1, mclt=3600,
                 safe_period=4294967295, percentage=50, secret=None))
        self.assertEqual(self.lab.scopes(1, "new"), ["10.9.1.0", "10.9.2.0"])
        self.assertEqual(
            self.lab.columns(1, "new", "PrimaryAddr", "SecondaryAddr",
                             "ScopeCount", "RowStatus"),
            dict(PrimaryAddr=octets_of("192.0.2.1"), ScopeCount=2,
                 SecondaryAddr=octets_of("192.0.2.2"), RowStatus=1))
        self.assertEqual(self.lab.get(scope(1, "new", "10.9.1.0")), 1)

    def test_create__with_every_column_in_any_order__keeps_them_all(self):
        more = [(scope(1, "full", "10.9.3.0"), ("i", 4)),
                (rel("ServerRole", 1, "full"), ("i", 1)),
                member("Mode", 1, "full", 1), member("Mclt", 1, "full", 9),
                member("SafePeriod", 1, "full", 600),
                member("Percentage", 1, "full", 30),
                (rel("PrimaryName", 1, "full"), ("s", "eins.example")),
                (rel("SecondaryName", 1, "full"),
                 ("s", "größe.example".encode())),
                (rel("PrimaryAddrType", 1, "full"), ("i", 1)),
                (rel("SecondaryAddrType", 1, "full"), ("i", 1)),
                member("SharedSecret", 1, "full", "psst")]
        for client in self.lab.clients():
            with self.subTest(str(client)):
                self.setUp()
                self.ok(*(more + creation(1, "full")), client=client)
                self.assertEqual(self.lab.changes(1), ["create full 1"])
                kept = self.both(1, "full")
                self.assertEqual(
                    (kept["mode"], kept["server_type"], kept["mclt"],
                     kept["safe_period"], kept["percentage"],
                     kept["primary_name"], kept["secondary_name"],
                     kept["secret"]),
                    (1, 1, 9, 600, 30, "eins.example", "größe.example",
                     "psst"))

    def test_create__in_mode_hot_standby__assumes_five_percent(self):
        self.ok(member("Mode", 1, "hot", 1), *creation(1, "hot", "10.9.4.0"))
        self.assertEqual(self.both(1, "hot")["percentage"], 5)

    def test_create__that_the_server_refuses__leaves_nothing(self):
        before = self.whole()
        for number in (1, 2):
            self.lab.control(number, "create 0 5 before")
            self.refused("noAccess", 4, member("Mclt", number, "old", 5),
                         *creation(number, "new", "10.9.5.0"))
            self.lab.control(number)
        self.assertEqual(self.whole(), before)
        self.ok(*creation(1, "new", "10.9.5.0"))

    def test_two_creates__in_one_pdu_of_which_one_fails__leave_nothing(self):
        before = self.whole()
        for number in (1, 2):
            with self.subTest(number):
                self.lab.control(number, "create 0 5 before 0 b")
                self.refused("noAccess", 7,
                             *creation(number, "a", "10.9.6.0"),
                             *creation(number, "b", "10.9.7.0"))
                self.lab.control(number)
                self.lab.refresh(number)
                self.assertEqual(self.whole(), before)

    def test_create__of_the_longest_key__is_done(self):
        name = "k" * 80
        self.ok(*creation(1, name, "10.9.8.0"))
        self.assertIn(name, self.lab.rows(1))
        self.assertEqual(self.lab.get(rel("Name", 1, name)), name.encode())

    def test_destroy__of_a_row__is_one_call_and_its_scopes_stay(self):
        self.ok((rel("RowStatus", 1, "old"), ("i", 6)))
        self.assertEqual(self.lab.changes(1), ["delete old"])
        self.assertEqual(self.lab.rows(1), {})
        self.assertEqual(self.lab.get(rel("Name", 1, "old")),
                         "noSuchInstance")
        self.assertEqual(self.lab.get(scope(1, "old", "10.1.0.0")),
                         "noSuchInstance")
        # The scopes are free for another one.
        self.ok(*creation(1, "other", "10.1.0.0"))

    def test_destroy__of_nothing__is_no_error_and_no_call(self):
        for client in (self.lab.pysnmp, self.lab.netsnmp):
            self.ok((rel("RowStatus", 1, "nobody"), ("i", 6)), client=client)
            self.ok((scope(1, "old", "10.77.0.0"), ("i", 6)), client=client)
        self.assertEqual(self.lab.changes(1), [])

    def test_destroy__twice_in_one_pdu__is_one_call(self):
        self.ok((rel("RowStatus", 1, "old"), ("i", 6)),
                (rel("RowStatus", 1, "old"), ("i", 6)))
        self.assertEqual(self.lab.changes(1), ["delete old"])

    def test_destroy__with_a_later_row_refused__brings_the_row_back(self):
        for number in (1, 2):
            with self.subTest(number):
                self.lab.seed(number, [Rel("late")])
                before = self.whole()
                self.lab.control(number, "set 0 5 before 0 late")
                self.refused("noAccess", 2,
                             (rel("RowStatus", number, "old"), ("i", 6)),
                             member("Mclt", number, "late", 5))
                self.lab.control(number)
                self.lab.refresh(number)
                self.assertEqual(self.whole(), before)

    def test_destroy_and_create__of_two_rows_in_one_pdu__both_happen(self):
        self.ok((rel("RowStatus", 1, "old"), ("i", 6)),
                *creation(1, "new", "10.1.0.0"))
        self.assertEqual(self.lab.changes(1), ["delete old", "create new 1"])
        self.assertEqual(self.lab.scopes(1, "new"), ["10.1.0.0"])

    def test_create_and_destroy__in_whatever_order__both_happen(self):
        self.ok(*creation(1, "new", "10.1.0.0"),
                (rel("RowStatus", 1, "old"), ("i", 6)))
        self.assertEqual(self.lab.changes(1), ["delete old", "create new 1"])
        self.assertEqual(self.lab.scopes(1, "new"), ["10.1.0.0"])

    def test_row__created_again_after_destroy__begins_anew(self):
        self.ok(member("Mclt", 1, "old", 7))
        self.ok((rel("RowStatus", 1, "old"), ("i", 6)))
        self.ok(*creation(1, "old", "10.1.0.0"))
        self.assertEqual(
            self.lab.columns(1, "old", "SetCalls", "SetStatus", "Mclt"),
            {"SetCalls": 0, "SetStatus": 1, "Mclt": 3600})

    def test_counts__after_create_and_destroy__follow(self):
        oids = [scalar("RelCount"), server("RelCount", 1)]
        before = values(self.lab.pysnmp.get(*oids))
        self.ok(*creation(1, "new", "10.9.9.0"))
        self.assertEqual(values(self.lab.pysnmp.get(*oids)),
                         [n + 1 for n in before])
        self.ok((rel("RowStatus", 1, "new"), ("i", 6)))
        self.assertEqual(values(self.lab.pysnmp.get(*oids)), before)


class Bursts(unittest.TestCase):
    """More news at once than a socket holds, with notifications as they are
    by default: neither dhcpfod nor snmpd may wait for the other."""

    def check(self, lab):
        self.assertEqual(lab.pysnmp.get(SYS_CONTACT, timeout=5).status,
                         "noError", "snmpd answers")
        self.assertTrue(lab.tables_there(), "dhcpfod answers")

    def test_scopes__400_added_in_one_pdu__do_not_hang_the_agent(self):
        with Lab([Server(1)]) as lab:
            lab.seed(1, [Rel("one")])
            reply = lab.set(*((scope(1, "one", "10.%d.%d.0" % (
                i // 200, i % 200)), ("i", 4)) for i in range(400)),
                timeout=5)
            self.assertEqual(reply.status, "noError")
            self.check(lab)
            self.assertEqual(len(lab.scopes(1, "one")), 400)

    def test_rows__2000_that_come_and_go__do_not_hang_the_agent(self):
        with Lab([Server(1)]) as lab:
            lab.seed(1, [Rel("r%d" % i) for i in range(2000)])
            wait(lambda: lab.get(scalar("RelCount")) == 2000, "the rows")
            self.check(lab)
            db = lab.connect(1)
            db.execute("DELETE FROM relationship")
            db.close()
            lab.refresh(1)
            wait(lambda: lab.get(scalar("RelCount")) == 0, "they go")
            self.check(lab)


class Scopes(LabCase):
    SUBAGENT = {"notify": "none"}
    SERVERS = [Server(1), Server(2, atomic="no")]
    ROWS = {n: [Rel("one", ["10.%d.0.0" % n, "10.%d.1.0" % n]), Rel("two")]
            for n in (1, 2)}

    def test_scopes__added_in_one_pdu__are_one_call_for_each_row(self):
        self.ok((scope(1, "one", "10.1.3.0"), ("i", 4)),
                (scope(1, "two", "10.1.5.0"), ("i", 4)),
                (scope(1, "one", "10.1.2.0"), ("i", 4)),
                (scope(1, "two", "10.1.4.0"), ("i", 4)),
                (scope(1, "one", "10.1.2.0"), ("i", 4)))
        self.assertEqual(self.lab.changes(1),
                         ["add_scopes one 2", "add_scopes two 2"])
        self.assertEqual(self.lab.scopes(1, "one"), [
            "10.1.0.0", "10.1.1.0", "10.1.2.0", "10.1.3.0"])
        self.assertEqual(self.lab.get(rel("ScopeCount", 1, "one")), 4)
        self.assertEqual(self.lab.get(scope(1, "two", "10.1.5.0")), 1)

    def test_scopes__removed_in_one_pdu__are_one_call(self):
        self.ok((scope(1, "one", "10.1.1.0"), ("i", 6)),
                (scope(1, "one", "10.1.0.0"), ("i", 6)),
                (scope(1, "one", "10.1.9.0"), ("i", 6)))
        self.assertEqual(self.lab.changes(1), ["delete_scopes one 2"])
        self.assertEqual(self.lab.scopes(1, "one"), [])
        self.assertEqual(self.lab.get(rel("ScopeCount", 1, "one")), 0)

    def test_scopes__with_columns_in_one_pdu__come_after_the_set(self):
        self.ok((scope(1, "one", "10.1.2.0"), ("i", 4)),
                member("Mclt", 1, "one", 8),
                (scope(1, "one", "10.1.0.0"), ("i", 6)))
        self.assertEqual(self.lab.changes(1), [
            "set one 0x01", "add_scopes one 1", "delete_scopes one 1"])
        self.assertEqual(self.both(1, "one")["mclt"], 8)
        self.assertEqual(self.lab.scopes(1, "one"), ["10.1.1.0", "10.1.2.0"])

    def test_scope__moved_in_one_pdu__changes_its_relationship(self):
        self.ok((scope(1, "one", "10.1.0.0"), ("i", 6)),
                (scope(1, "two", "10.1.0.0"), ("i", 4)))
        self.assertEqual(self.lab.scopes(1, "two"), ["10.1.0.0"])

    def test_scope__that_is_taken_before_it_is_given__is_moved_all_the_same(
            self):
        for number in (1, 2):
            with self.subTest(number):
                one, two = ("10.%d.%d.0" % (number, i) for i in (0, 1))
                self.ok((scope(number, "two", one), ("i", 4)),
                        member("Mclt", number, "one", 8),
                        (scope(number, "one", one), ("i", 6)))
                self.assertEqual(self.lab.scopes(number, "two"), [one])
                # Both give and both take.
                self.ok((scope(number, "one", one), ("i", 4)),
                        (scope(number, "one", two), ("i", 6)),
                        (scope(number, "two", two), ("i", 4)),
                        (scope(number, "two", one), ("i", 6)))
                self.assertEqual(self.lab.scopes(number, "one"), [one])
                self.assertEqual(self.lab.scopes(number, "two"), [two])
                # If it cannot be, all is as before.
                before = self.whole()
                self.lab.control(number, "add_scopes 0 5 before 1 one")
                self.refused("noAccess", 3,
                             (scope(number, "two", one), ("i", 4)),
                             (scope(number, "one", one), ("i", 6)),
                             (scope(number, "one", two), ("i", 4)),
                             (scope(number, "two", two), ("i", 6)))
                self.lab.control(number)
                self.lab.refresh(number)
                self.assertEqual(self.whole(), before)

    def test_scopes__when_the_last_call_fails__are_all_as_before(self):
        for number in (1, 2):
            with self.subTest(number):
                before = self.whole()
                self.lab.control(number, "delete_scopes 0 5 before 1 one")
                self.refused("noAccess", 3,
                             member("Mclt", number, "one", 8),
                             (scope(number, "one", "10.%d.7.0" % number),
                              ("i", 4)),
                             (scope(number, "one", "10.%d.0.0" % number),
                              ("i", 6)))
                self.lab.control(number)
                self.lab.refresh(number)
                self.assertEqual(self.whole(), before)

    def test_scopes__more_than_four_hundred__are_refused_by_the_server(self):
        # In one PDU there is room for about 500.
        many = [(scope(1, "one", "10.%d.%d.0" % (i // 200 + 20, i % 200)),
                 ("i", 4)) for i in range(401)]
        self.refused("resourceUnavailable", 1, *many)
        self.assertEqual(len(self.lab.scopes(1, "one")), 2)
        self.ok(*many[:400])
        self.assertEqual(self.lab.changes(1)[-1], "add_scopes one 400")
        self.assertEqual(len(self.lab.scopes(1, "one")), 402)


class SpinLock(LabCase):
    ROWS = {1: [Rel("alpha")]}

    def lock(self):
        return self.lab.get(scalar("SetSpinLock"))

    def test_lock__with_its_value__lets_pass_and_moves_on(self):
        for client in self.lab.clients():
            now = self.lock()
            self.ok((scalar("SetSpinLock"), ("i", now)),
                    member("Mclt", 1, "alpha", now % 1000), client=client)
            self.assertEqual(self.lock(), (now + 1) % 2 ** 31)
            self.assertEqual(self.both(1, "alpha")["mclt"], now % 1000)

    def test_lock__with_another_value__stops_all_and_stays(self):
        now = self.lock()
        for wrong in ((now + 1) % 2 ** 31, (now - 1) % 2 ** 31, 0, 2 ** 31 - 1):
            self.refused("inconsistentValue", 2, member("Mclt", 1, "alpha", 1),
                         (scalar("SetSpinLock"), ("i", wrong)))
        self.assertEqual(self.lock(), now)
        self.assertEqual(self.lab.changes(1), [])

    def test_lock__when_the_set_fails__stays(self):
        now = self.lock()
        self.lab.control(1, "set 0 5 before")
        self.refused("noAccess", 2, (scalar("SetSpinLock"), ("i", now)),
                     member("Mclt", 1, "alpha", 1))
        self.refused("wrongValue", 2, (scalar("SetSpinLock"), ("i", now)),
                     member("Mode", 1, "alpha", 9))
        self.assertEqual(self.lock(), now)

    def test_lock__used_by_two_managers__lets_only_one_pass(self):
        now = self.lock()
        self.ok((scalar("SetSpinLock"), ("i", now)))
        self.refused("inconsistentValue", 1, (scalar("SetSpinLock"),
                                              ("i", now)))
        self.ok((scalar("SetSpinLock"), ("i", now + 1)))

    def test_lock__not_in_the_pdu__holds_nobody_up(self):
        now = self.lock()
        self.ok(member("Mclt", 1, "alpha", 2))
        self.assertEqual(self.lock(), now)


class Agent(LabCase):
    ROWS = {1: [Rel("alpha")]}

    def test_poll_interval__set__is_kept_and_polls_so_often(self):
        self.addCleanup(self.ok, (scalar("PollInterval"), ("u", 86400)))
        self.ok((scalar("PollInterval"), ("u", 1)))
        self.assertEqual(self.lab.get(scalar("PollInterval")), 1)
        self.lab.forget(1)
        wait(lambda: len(self.lab.calls(1, "list")) >= 2,
             "two polls in two seconds")

    def test_poll_interval__in_a_pdu_that_fails__stays(self):
        self.lab.control(1, "set 0 5 before")
        self.refused("noAccess", 2, (scalar("PollInterval"), ("u", 99)),
                     member("Mclt", 1, "alpha", 1))
        self.assertEqual(self.lab.get(scalar("PollInterval")), 86400)

    def test_poll_interval__after_a_restart__is_the_configured_one(self):
        self.ok((scalar("PollInterval"), ("u", 99)))
        self.lab.stop_agent()
        self.lab.start_agent()
        self.assertEqual(self.lab.get(scalar("PollInterval")), 86400)

    def test_action__refresh__polls_once_and_none_does_not(self):
        self.ok((server("Action", 1), ("i", 1)))
        self.assertEqual(self.lab.calls(1, "list"), [])
        self.ok((server("Action", 1), ("i", 2)))
        wait(lambda: self.lab.get(server("Action", 1)) == 1, "the poll")
        self.assertEqual(self.lab.calls(1, "list"), ["list"])

    def test_action__with_other_varbinds__goes_along(self):
        self.ok((server("Action", 1), ("i", 2)), member("Mclt", 1, "alpha",
                                                        4))
        wait(lambda: self.lab.calls(1, "list"), "the poll")
        self.assertEqual(self.both(1, "alpha")["mclt"], 4)


class Secrets(LabCase):
    ROWS = {1: [Rel("alpha"), Rel("beta", secret="beforehand-geheim")]}

    def hidden(self, *secrets):
        """No SNMP answer and no log line has any of them."""
        for version in ("1", "2c", "3"):
            for varbind in Pysnmp(self.lab.port, version).walk(ROOT):
                if varbind.type == "OCTETS":
                    for secret in secrets:
                        self.assertNotIn(secret.encode(), varbind.value)
        for secret in secrets:
            self.assertNotIn(secret, self.lab.log())

    def test_secret__set_replaced_and_removed__is_so_at_the_server(self):
        for secret in ("erstes-geheim", "zweites-geheim-größe", ""):
            self.ok((rel("SharedSecret", 1, "alpha"),
                     ("s", secret.encode())))
            self.assertEqual(self.both(1, "alpha")["secret"], secret or None)
            self.assertEqual(self.lab.get(rel("SharedSecret", 1, "alpha")),
                             b"")
            self.assertEqual(self.lab.get(rel("AuthEnabled", 1, "alpha")),
                             1 if secret else 2)
            self.lab.refresh(1)
            self.assertEqual(self.lab.get(rel("AuthEnabled", 1, "alpha")),
                             1 if secret else 2)
        self.assertEqual(self.lab.changes(1), ["set alpha 0x40"] * 3)
        self.hidden("erstes-geheim", "zweites-geheim", "beforehand-geheim")

    def test_secret__of_255_octets__is_kept_whole(self):
        self.ok(member("SharedSecret", 1, "alpha", "g" * 255))
        self.assertEqual(self.both(1, "alpha")["secret"], "g" * 255)

    def test_secret__in_sets_that_fail__is_not_shown_either(self):
        for code in (5, 87, 1722, 31):
            self.lab.control(1, "set 0 %d before" % code)
            self.lab.set(member("SharedSecret", 1, "alpha", "lost-geheim"))
        self.lab.control(1)
        self.refused("wrongValue", 2, member("SharedSecret", 1, "alpha",
                                             "typo-geheim"),
                     member("Mode", 1, "alpha", 9))
        self.assertIsNone(self.both(1, "alpha")["secret"])
        self.hidden("lost-geheim", "typo-geheim")

    def test_secret__when_a_later_row_is_refused__is_the_old_one(self):
        self.lab.control(1, "set 0 5 before 0 alpha")
        self.refused("noAccess", 2,
                     member("SharedSecret", 1, "beta", "new-geheim"),
                     member("Mclt", 1, "alpha", 1))
        self.assertEqual(self.both(1, "beta")["secret"], "beforehand-geheim")
        self.hidden("new-geheim", "beforehand-geheim")

    def test_secret__over_v3__is_set(self):
        self.ok(member("SharedSecret", 1, "alpha", "v3-geheim"),
                client=NetSnmp(self.lab.port, "3"))
        self.assertEqual(self.both(1, "alpha")["secret"], "v3-geheim")


class WithSysContact(LabCase):
    """One PDU for us and for snmpd itself."""
    SERVERS = [Server(1), Server(2, atomic="no")]
    ROWS = {n: [Rel("alpha"), Rel("beta")] for n in (1, 2)}

    def setUp(self):
        super().setUp()
        self.ok((SYS_CONTACT, ("s", "nobody")))

    def test_pdu__for_both__is_done_by_both(self):
        for number in (1, 2):
            for order in (1, -1):
                who = "me %d %d" % (number, order)
                self.ok(*[member("Mclt", number, "alpha", 10 + order),
                          (SYS_CONTACT, ("s", who))][::order])
                self.assertEqual(self.lab.get(SYS_CONTACT), who.encode())
                self.assertEqual(self.both(number, "alpha")["mclt"],
                                 10 + order)

    def test_pdu__of_which_ours_fails__leaves_sys_contact(self):
        before = self.whole()
        for number in (1, 2):
            for order in (1, -1):
                self.lab.control(number, "set 0 5 before")
                self.refused("noAccess", 1 if order == 1 else 2,
                             *[member("Mclt", number, "alpha", 5),
                               (SYS_CONTACT, ("s", "me"))][::order])
                self.refused("wrongValue", 1 if order == 1 else 2,
                             *[member("Mode", number, "alpha", 5),
                               (SYS_CONTACT, ("s", "me"))][::order])
                self.lab.control(number)
                self.assertEqual(self.lab.get(SYS_CONTACT), b"nobody")
        self.assertEqual(self.whole(), before)


class WithReadOnlySysContact(LabCase):
    SNMPD = "sysContact fixed"
    ROWS = {1: [Rel("alpha")]}

    def test_pdu__of_which_sys_contact_fails__leaves_ours(self):
        before = self.whole()
        for order in (1, -1):
            self.refused("notWritable", 2 if order == 1 else 1,
                         *[member("Mclt", 1, "alpha", 5),
                           (SYS_CONTACT, ("s", "me"))][::order])
        self.assertEqual(self.whole(), before)
        self.assertEqual(self.lab.changes(1), [])
        self.assertEqual(self.lab.get(SYS_CONTACT), b"fixed")


if __name__ == "__main__":
    unittest.main()
