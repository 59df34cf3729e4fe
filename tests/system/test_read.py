# SPDX-License-Identifier: BSD-2-Clause
"""GET, GETNEXT and GETBULK against what is known to be in the databases."""
import bisect
import time
import unittest

from lab import (EXCEPTIONS, MIB, ROOT, MIB_ENV, SYS_UPTIME, Lab, NetSnmp,
                 Pysnmp, Rel, Server, address_index, key_index, key_of,
                 octets_of, rel, same, scalar, scope, server, values, wait)

TOP_SUB = 2 ** 32 - 1
ALL_REL = ("Name Mode ServerRole State PrevState Mclt SafePeriod Percentage "
           "PrimaryAddrType PrimaryAddr SecondaryAddrType SecondaryAddr "
           "PrimaryName SecondaryName SharedSecret RowStatus").split()
# What may differ from one reading to the next.  (Time stamps may not, but have
# a test of their own.)
VOLATILE = [MIB["dhcpFo" + x] for x in (
    "ServerDataAge", "RelStateAge", "RelTimeToPartnerDown",
    "DiscontinuityTime", "TableLastChange",
    "RelLastChange")]

LONG = "Long-" + "n" * 121  # 126 characters
NAMES_1 = ["z", "aa", "alpha", "Büro Köln-Süd", "\U0001f600" * 63, LONG,
           "m" * 80, "m" * 81, "It's \"quoted\"", "back\\slash", "tab\tbed",
           "with space", "UPPER", "~tilde~12345678", "雪" * 126]


def seeds_1():
    """Rows with and without scopes, in turn; scopes out of order."""
    found = []
    for i, name in enumerate(NAMES_1):
        scopes = ["10.%d.%d.0" % (i, j) for j in (255, 2, 10)]
        found.append(Rel(name, scopes if i % 2 else [], mode=i % 2,
                         role=i // 2 % 2, state=i % 12, prev_state=(i + 5) % 12,
                         mclt=i * 1000, safe_period=[0, 600, 4294967295][i % 3],
                         percentage=i % 101, primary="192.0.2.%d" % (i + 1),
                         secondary="203.0.113.%d" % (i + 1),
                         primary_name="p%d.example" % i,
                         secondary_name="zwei-%d.größe.example" % i,
                         secret="geheim-%d" % i if i % 3 == 0 else None))
    return found


SEEDS = {
    1: seeds_1(),
    5: [],
    700: [Rel("alpha", ["172.16.0.0"], primary_name="here"), Rel("only")],
    65535: [Rel("last", ["10.200.0.0", "192.168.255.0"])],
}


def expected_rel(number, r):
    """label -> (type, value) of a row of dhcpFoRelTable."""
    return {
        "Name": ("OCTETS", cut(r.name)), "Mode": ("INTEGER", r.mode),
        "ServerRole": ("INTEGER", r.role), "State": ("INTEGER", r.state),
        "PrevState": ("INTEGER", r.prev_state), "Mclt": ("Gauge32", r.mclt),
        "SafePeriod": ("Gauge32", r.safe_period),
        "Percentage": ("Gauge32", r.percentage),
        "PrimaryAddrType": ("INTEGER", 1),
        "PrimaryAddr": ("OCTETS", octets_of(r.primary)),
        "SecondaryAddrType": ("INTEGER", 1),
        "SecondaryAddr": ("OCTETS", octets_of(r.secondary)),
        "PrimaryName": ("OCTETS", r.primary_name.encode()),
        "SecondaryName": ("OCTETS", r.secondary_name.encode()),
        "SharedSecret": ("OCTETS", b""), "RowStatus": ("INTEGER", 1)}


def cut(name):
    """As an SnmpAdminString: at most 255 octets, of whole characters."""
    return name.encode()[:255].decode(errors="ignore").encode()


def expected_tables():
    """OID -> (type, value) of dhcpFoRelTable and dhcpFoScopeTable."""
    found = {}
    for number, rels in SEEDS.items():
        for r in rels:
            for label, value in expected_rel(number, r).items():
                found[rel(label, number, r.name)] = value
            for address in r.scopes:
                found[scope(number, r.name, address)] = ("INTEGER", 1)
    return found


def steady(varbinds):
    return [v for v in varbinds
            if not any(v.oid[:len(p)] == p for p in VOLATILE)]


class Reading(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1), Server(5, name="nothing here"),
                       Server(700, type="local"), Server(65535)]).open()
        cls.addClassCleanup(cls.lab.close)
        for number, rels in SEEDS.items():
            cls.lab.seed(number, rels)
        cls.tables = expected_tables()
        cls.all = cls.lab.pysnmp.walk(ROOT)
        cls.names = [v.oid for v in cls.all]

    # -- walks

    def test_walk__of_everything_by_each_client_and_version__is_the_same(self):
        for client in self.lab.clients():
            with self.subTest(str(client)):
                same(steady(client.walk(ROOT)), steady(self.all))

    def test_walk__of_everything__is_in_strictly_increasing_order(self):
        for client in self.lab.clients():
            with self.subTest(str(client)):
                names = [v.oid for v in client.walk(ROOT)]
                same(names, sorted(set(names)))

    def test_walk__of_the_tables__shows_exactly_what_the_databases_hold(self):
        for table in ("dhcpFoRelTable", "dhcpFoScopeTable"):
            root = MIB[table]
            found = [tuple(v) for v in self.lab.pysnmp.walk(root)]
            want = [(o, *self.tables[o]) for o in sorted(self.tables)
                    if o[:len(root)] == root]
            same(found, want, table)

    def test_walk__of_everything__equals_one_get_for_each_name(self):
        walked = steady(self.all)
        for client in (self.lab.pysnmp, Pysnmp(self.lab.port, "1")):
            with self.subTest(str(client)):
                got = [client.get(v.oid).varbinds[0] for v in walked]
                same(got, walked)

    def test_walk__by_getnext_and_by_getbulk_of_any_size__is_the_same(self):
        for most in (1, 2, 7, 200):
            found, at = [], ROOT
            while at is not None:
                reply = self.lab.pysnmp.bulk(0, most, at)
                inside = [v for v in reply.varbinds
                          if v.oid[:len(ROOT)] == ROOT
                          and v.type != "endOfMibView"]
                found += inside
                at = found[-1].oid if len(inside) == len(
                    reply.varbinds) else None
            same([v.oid for v in found], self.names)

    def test_walk__of_status_table__has_the_rows_of_the_relationship_table(
            self):
        for column in ("Health", "AuthEnabled", "ScopeCount", "SetStatus"):
            root = MIB["dhcpFoRel" + column]
            name = MIB["dhcpFoRelName"]
            self.assertEqual(
                [v.oid[len(root):] for v in self.lab.pysnmp.walk(root)],
                [v.oid[len(name):] for v in self.lab.pysnmp.walk(name)])

    # -- the tables

    def test_servers__of_which_one_is_empty__are_all_listed(self):
        walk = self.lab.pysnmp.walk
        self.assertEqual(
            [(v.oid[-1], v.value) for v in walk(MIB["dhcpFoServerRelCount"])],
            [(n, len(SEEDS[n])) for n in sorted(SEEDS)])
        self.assertEqual(
            [v.value for v in walk(MIB["dhcpFoServerName"])],
            [b"server1", b"nothing here", b"server700", b"server65535"])
        self.assertEqual([v.value for v in walk(MIB["dhcpFoServerType"])],
                         [1, 1, 2, 1])
        self.assertEqual(self.lab.get(scalar("ServerCount")), 4)
        self.assertEqual(self.lab.get(scalar("RelCount")),
                         sum(map(len, SEEDS.values())))

    def test_getnext__behind_the_last_row_of_a_server__skips_the_empty_one(
            self):
        last = max(NAMES_1, key=lambda n: key_index(n))
        reply = self.lab.pysnmp.next(rel("Mclt", 1, last),
                                     MIB["dhcpFoRelMclt"] + (5,),
                                     MIB["dhcpFoRelMclt"] + (699, TOP_SUB))
        first = min(("alpha", "only"), key=key_index)
        self.assertEqual([v.oid for v in reply.varbinds],
                         [rel("Mclt", 700, first)] * 3)

    def test_names__that_are_long_or_not_ascii__have_derived_keys(self):
        self.assertEqual(key_of("Büro Köln-Süd")[:13], b"B__ro K__ln-S")
        for name in NAMES_1:
            with self.subTest(name):
                found = self.lab.get(rel("Name", 1, key_of(name)))
                self.assertEqual(found, cut(name))
                self.assertLessEqual(len(key_of(name)), 80)
                self.assertLessEqual(len(rel("Name", 1, name)), 128)

    def test_names__of_126_characters__are_read_in_full_by_both_clients(self):
        for client in self.lab.clients():
            reply = client.get(rel("Name", 1, LONG))
            self.assertEqual(values(reply), [LONG.encode()], str(client))

    def test_row__all_columns_in_one_pdu__are_those_of_the_row(self):
        for r in SEEDS[1]:
            want = expected_rel(1, r)
            for labels in (ALL_REL[:14], ALL_REL, ALL_REL[::-1]):
                reply = self.lab.pysnmp.get(*(rel(x, 1, r.name)
                                              for x in labels))
                self.assertEqual([v[1:] for v in reply.varbinds],
                                 [want[x] for x in labels])

    def test_rows__columns_of_many_mixed_in_one_pdu__do_not_get_mixed_up(self):
        oids = [rel(label, n, r.name) for label in ("Mclt", "Name", "State")
                for n in SEEDS for r in SEEDS[n][:5]]
        oids = oids[::2] + oids[1::2] + oids[:3]
        reply = self.lab.pysnmp.get(*oids)
        self.assertEqual([tuple(v) for v in reply.varbinds],
                         [(o, *self.tables[o]) for o in oids])
        reply = self.lab.pysnmp.next(*oids)
        self.assertEqual([v.oid for v in reply.varbinds],
                         [self.after(o) for o in oids])

    def test_bulk__with_fourteen_repeaters__goes_along_the_rows(self):
        columns = [MIB["dhcpFoRel" + x] for x in ALL_REL[:14]]
        reply = self.lab.pysnmp.bulk(1, 4, SYS_UPTIME[:-1], *columns)
        self.assertEqual(reply.varbinds[0].oid, SYS_UPTIME)
        names = sorted(NAMES_1, key=key_index)[:4]
        self.assertEqual([v.oid for v in reply.varbinds[1:]],
                         [rel(x, 1, n) for n in names for x in ALL_REL[:14]])

    def test_scopes__of_rows_with_and_without__are_in_order_across_rows(self):
        root = MIB["dhcpFoScopeRowStatus"]
        want = sorted((n,) + key_index(r.name) + address_index(a)
                      for n in SEEDS for r in SEEDS[n] for a in r.scopes)
        for client in self.lab.clients():
            same([v.oid[len(root):] for v in client.walk(root)], want,
                 str(client))

    def test_scopes__getnext_from_each_row__finds_the_next_rows_scope(self):
        root = MIB["dhcpFoScopeRowStatus"]
        rows = [(n,) + key_index(r.name) for n in SEEDS for r in SEEDS[n]]
        for row in rows:
            for tail in ((), (1,), (1, 4), (1, 4, 255, 255, 255, 255), (2,),
                         (0,), (TOP_SUB,)):
                at = root + row + tail
                self.check_next([at])

    def test_scope_count__of_each_row__is_that_of_the_scope_table(self):
        for number, rels in SEEDS.items():
            for r in rels:
                self.assertEqual(
                    self.lab.get(rel("ScopeCount", number, r.name)),
                    len(r.scopes))

    def test_secret__whether_there_is_one_or_not__reads_empty(self):
        for r in SEEDS[1]:
            got = self.lab.columns(1, r.name, "SharedSecret", "AuthEnabled")
            self.assertEqual(got, {"SharedSecret": b"",
                                   "AuthEnabled": 1 if r.secret else 2})
        for client in self.lab.clients():
            for varbind in client.walk(ROOT):
                if varbind.type == "OCTETS":
                    self.assertNotIn(b"geheim", varbind.value)

    def test_partner__of_each_row__is_the_other_server(self):
        for r in SEEDS[1]:
            got = self.lab.columns(1, r.name, "PartnerAddrType", "PartnerAddr")
            self.assertEqual(got, {
                "PartnerAddrType": 1, "PartnerAddr":
                octets_of(r.secondary if r.role == 0 else r.primary)})

    def test_totals__of_rows_not_normal_and_health__follow_the_states(self):
        not_normal = sum(r.state != 3 for n in SEEDS for r in SEEDS[n])
        self.assertEqual(self.lab.get(scalar("RelNotNormalCount")), not_normal)
        self.assertEqual(self.lab.get(scalar("Health")), 3)
        by_state = [4, 2, 2, 1, 2, 3, 3, 2, 3, 2, 2, 2]
        for r in SEEDS[1]:
            self.assertEqual(self.lab.get(rel("Health", 1, r.name)),
                             by_state[r.state], r.state)

    def test_timestamps__read_again_and_again__do_not_flicker(self):
        oids = [scalar("TableLastChange"), scalar("DiscontinuityTime"),
                rel("LastChange", 1, "alpha"), rel("LastChange", 700, "only")]
        seen = {tuple(values(self.lab.pysnmp.get(*oids)))
                for _ in range(600)}
        self.assertEqual(len(seen), 1, "nothing changed, but read: %s" % seen)

    # -- what is not there

    def test_get__of_what_is_absent__says_which_kind_of_absence(self):
        missing = {
            "noSuchObject": [
                ROOT + (1,), ROOT + (1, 1), ROOT + (1, 99, 0),
                MIB["dhcpFoRelTable"], MIB["dhcpFoRelEntry"],
                MIB["dhcpFoRelEntry"] + (1, 1, 1, 65),  # not accessible
                MIB["dhcpFoRelEntry"] + (18, 1, 1, 65),
                MIB["dhcpFoRelEntry"] + (0, 1, 1, 65),
                MIB["dhcpFoServerEntry"] + (1, 1),
                MIB["dhcpFoServerEntry"] + (TOP_SUB, 1), ROOT + (2, 1),
                ROOT + (TOP_SUB,), ROOT],
            "noSuchInstance": [
                MIB["dhcpFoServerCount"], MIB["dhcpFoServerCount"] + (1,),
                MIB["dhcpFoServerCount"] + (0, 0),
                server("Name", 2), server("Name", 0),
                server("Name", TOP_SUB), server("Name", 65536),
                server("Name", 1) + (0,), MIB["dhcpFoServerName"],
                MIB["dhcpFoRelName"], MIB["dhcpFoRelName"] + (1,),
                rel("Name", 1, "nobody"), rel("Name", 2, "alpha"),
                rel("Name", 5, "alpha"), rel("Name", 1, "alph"),
                rel("Name", 1, "alpha") + (0,), rel("Name", 1, "alpha")[:-1],
                MIB["dhcpFoRelName"] + (1, 0),
                MIB["dhcpFoRelName"] + (1, 5, 97, 108, 112, 104, 97 + 256),
                MIB["dhcpFoRelName"] + (1, TOP_SUB, 97),
                MIB["dhcpFoRelName"] + (1,) + tuple(b"alpha"),
                MIB["dhcpFoRelName"] + (1 + 2 ** 16,) + key_index("alpha"),
                rel("Name", 1, LONG.encode()[:80]),
                scope(700, "alpha", "172.16.1.0"),
                scope(700, "only", "172.16.0.0"),
                scope(700, "alpha", "172.16.0.0") + (0,),
                scope(700, "alpha", "172.16.0.0")[:-1],
                MIB["dhcpFoScopeRowStatus"] + (700,) + key_index("alpha") +
                (2, 4, 172, 16, 0, 0),
                MIB["dhcpFoScopeRowStatus"] + (700,) + key_index("alpha") +
                (1, 4, 172, 16, 0, 256)]}
        for version in ("2c", "3"):
            for client in (Pysnmp(self.lab.port, version),
                           NetSnmp(self.lab.port, version)):
                for kind, oids in missing.items():
                    got = client.get(*oids)
                    self.assertEqual([(v.oid, v.type) for v in got.varbinds],
                                     [(o, kind) for o in oids], str(client))

    def test_get__of_what_is_absent_by_v1__is_no_such_name_at_its_index(self):
        for client in (Pysnmp(self.lab.port, "1"), NetSnmp(self.lab.port,
                                                           "1")):
            for oid in (rel("Name", 1, "nobody"), ROOT + (1, 99, 0)):
                reply = client.get(scalar("ServerCount"),
                                   rel("Name", 1, "alpha"), oid)
                self.assertEqual((reply.status, reply.index),
                                 ("noSuchName", 3), str(client))

    def test_get__whose_answer_is_more_than_snmpd_reads__ends_no_session(self):
        # One datagram is enough to ask for it.
        descr = scalar("AgentDescr")
        log = self.lab.log()
        for reply in (self.lab.pysnmp.get(*[descr] * 800),
                      self.lab.pysnmp.next(*[descr[:-1]] * 800)):
            self.assertEqual(reply.status, "tooBig")
        self.lab.pysnmp.get1(descr)
        self.assertEqual(self.lab.log(), log)

    def test_get__of_present_and_absent_in_one_pdu__answers_each(self):
        reply = self.lab.pysnmp.get(
            rel("Mclt", 700, "alpha"), rel("Mclt", 700, "nobody"),
            rel("Mclt", 700, "only"), ROOT + (9, 9),
            rel("Mode", 700, "nobody"), rel("Name", 700, "only"))
        self.assertEqual([v.type for v in reply.varbinds],
                         ["Gauge32", "noSuchInstance", "Gauge32",
                          "noSuchObject", "noSuchInstance", "OCTETS"])
        self.assertEqual(reply.varbinds[5].value, b"only")

    # -- GETNEXT from anywhere

    def after(self, oid):
        """The name that comes after `oid` by the walk, or None."""
        i = bisect.bisect_right(self.names, oid)
        return self.names[i] if i < len(self.names) else None

    def check_next(self, oids):
        oids = [o for o in oids if 2 <= len(o) <= 128]
        for i in range(0, len(oids), 16):
            part = oids[i:i + 16]
            reply = self.lab.pysnmp.next(*part)
            self.assertEqual(reply.status, "noError")
            for at, found in zip(part, reply.varbinds):
                want = self.after(at)
                if at < ROOT:
                    want = found.oid if found.oid < ROOT else self.names[0]
                if want is None:  # snmpd's own objects, if anything
                    self.assertTrue(
                        found.type in EXCEPTIONS or
                        found.oid[:len(ROOT)] > ROOT, (at, found))
                else:
                    self.assertEqual(found.oid, want, at)

    def instances(self):
        """Some of each kind."""
        return [scalar("AgentDescr"), scalar("PollInterval"),
                server("Name", 1), server("Action", 65535),
                rel("Name", 1, "z"), rel("RowStatus", 1, LONG),
                rel("Mclt", 1, "Büro Köln-Süd"), rel("Mclt", 65535, "last"),
                rel("LastSetTime", 700, "only"), rel("Health", 1, "m" * 80),
                scope(1, NAMES_1[1], "10.1.2.0"),
                scope(700, "alpha", "172.16.0.0"),
                scope(65535, "last", "192.168.255.0")]

    def test_getnext__before_the_tree__gives_its_first_instance(self):
        reply = self.lab.pysnmp.next(ROOT, ROOT[:-1] + (ROOT[-1] - 1, TOP_SUB),
                                     ROOT + (0,), ROOT + (1, 0))
        self.assertEqual([v.oid for v in reply.varbinds], [self.names[0]] * 4)

    def test_getnext__beyond_the_end__leaves_the_tree(self):
        self.check_next([ROOT + (TOP_SUB,), ROOT + (2,), self.names[-1],
                         self.names[-1] + (TOP_SUB,), ROOT + (1, 5, 1, 4),
                         ROOT + (1, TOP_SUB, TOP_SUB)])

    def test_getnext__from_every_prefix_of_instances__gives_the_next_name(
            self):
        for oid in self.instances():
            self.check_next([oid[:n] for n in range(len(ROOT), len(oid) + 1)])

    def test_getnext__with_extreme_sub_ids_anywhere__gives_the_next_name(self):
        for oid in self.instances():
            weird = []
            for n in range(len(ROOT), len(oid)):
                for sub in (0, oid[n] - 1, oid[n] + 1, TOP_SUB):
                    if 0 <= sub <= TOP_SUB:
                        weird += [oid[:n] + (sub,),
                                  oid[:n] + (sub,) + oid[n + 1:]]
            weird += [oid + (0,), oid + (TOP_SUB,), oid + (0, 0),
                      oid + (TOP_SUB,) * 3]
            self.check_next(weird)

    def test_getnext__from_each_name_of_the_tree__gives_the_next_name(self):
        self.check_next(self.names)


class ManyRows(unittest.TestCase):
    """A thousand relationships whose keys are of different length."""
    N = 1000
    weight = 1

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1, type="local"), Server(2)],
                      {"notify": "none"}).open()
        cls.addClassCleanup(cls.lab.close)
        cls.rels = [Rel("r%d%s" % (i, "x" * (i * 7 % 73)),
                        ["10.%d.%d.0" % (i // 250, i % 250)] * (i % 3 != 0),
                        mclt=i) for i in range(cls.N)]
        cls.lab.seed(1, cls.rels)
        cls.lab.seed(2, [Rel("after")])
        cls.sorted = sorted(cls.rels, key=lambda r: key_index(r.name))

    def test_bulkwalk__of_a_thousand_rows__is_complete_and_in_order(self):
        for version in ("2c", "3"):
            found = NetSnmp(self.lab.port, version).walk(
                MIB["dhcpFoRelEntry"])
            want = [rel(x, n, r.name) for x in ALL_REL
                    for n, rels in ((1, self.sorted), (2, [Rel("after")]))
                    for r in rels]
            same([v.oid for v in found], want)
            same(
                [v.value for v in found
                 if v.oid[:-1][:len(MIB["dhcpFoRelMclt"])] ==
                 MIB["dhcpFoRelMclt"]], [r.mclt for r in self.sorted] + [3600])

    def test_bulkwalk__of_their_scopes__is_complete_and_in_order(self):
        root = MIB["dhcpFoScopeRowStatus"]
        found = self.lab.netsnmp.walk(root)
        want = [scope(1, r.name, a) for r in self.sorted for a in r.scopes]
        same([v.oid for v in found], want)

    def test_walk__by_pysnmp__is_complete_and_in_order(self):
        found = self.lab.pysnmp.walk(MIB["dhcpFoRelMclt"])
        same([v.value for v in found],
             [r.mclt for r in self.sorted] + [3600])

    def test_snmptable__of_a_thousand_rows__prints_each_in_order(self):
        done = self.lab.netsnmp.run(
            "snmptable", ["-Cf", "|", "-CB", "-Oe"],
            "DHCP-FAILOVER-MIB::dhcpFoRelTable", env=MIB_ENV)
        self.check_table(done)

    def test_snmptable__by_bulk_with_indexes__prints_each_in_order(self):
        done = self.lab.netsnmp.run(
            "snmptable", ["-Cf", "|", "-Cr", "50", "-Oe"],
            "DHCP-FAILOVER-MIB::dhcpFoRelTable", env=MIB_ENV)
        self.check_table(done)

    def check_table(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [x.split("|") for x in done.stdout.splitlines() if "|" in x]
        header = lines.pop(0)
        self.assertIn("dhcpFoRelName", header)
        at, mclt = header.index("dhcpFoRelName"), header.index("dhcpFoRelMclt")
        same(
            [(x[at].strip('"'), x[mclt].split()[0]) for x in lines],
            [(r.name, str(r.mclt)) for r in self.sorted] +
            [("after", "3600")])

    def test_getnext__from_the_middle__is_answered_at_once(self):
        middle = self.sorted[self.N // 2].name
        reply = self.lab.pysnmp.next(rel("Mclt", 1, middle))
        self.assertEqual(reply.varbinds[0].oid,
                         rel("Mclt", 1, self.sorted[self.N // 2 + 1].name))

    def test_names__by_their_mib_labels__can_be_asked_for(self):
        done = self.lab.netsnmp.run(
            "snmpget", ["-Oqv"],
            'DHCP-FAILOVER-MIB::dhcpFoRelMclt.1."%s"' % self.rels[5].name,
            env=MIB_ENV)
        self.assertEqual(done.stdout.split()[:1], ["5"], done.stderr)


class Refresh(unittest.TestCase):
    """Changes made behind dhcpfod's back."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1)]).open()
        cls.addClassCleanup(cls.lab.close)

    def clear(self):
        db = self.lab.connect(1)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM relationship")
        db.close()

    def test_rows__that_come_and_go_elsewhere__do_so_here(self):
        lab = self.lab
        self.clear()
        lab.seed(1, [Rel("one", ["10.0.0.0"]), Rel("two", ["10.0.1.0"])])
        lab.set((rel("Mclt", 1, "two"), ("u", 7)))
        db = lab.connect(1)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM relationship WHERE name = 'one'")
        db.close()
        lab.seed(1, [Rel("three", ["10.0.0.0"])])
        self.assertEqual([v.value for v in lab.pysnmp.walk(
            MIB["dhcpFoRelName"])], [b"two", b"three"])
        self.assertEqual(lab.get(rel("Name", 1, "one")), "noSuchInstance")
        # What dhcpfod remembers of a row that stayed is kept.
        self.assertEqual(lab.get(rel("SetStatus", 1, "two")), 3)
        self.assertEqual(lab.get(scalar("RelCount")), 2)

    def test_address__that_is_not_known__reads_unknown_and_empty(self):
        self.lab.seed(1, [Rel("half", secondary="0.0.0.0")])
        got = self.lab.columns(
            1, "half", "PrimaryAddrType", "PrimaryAddr", "SecondaryAddrType",
            "SecondaryAddr", "PartnerAddrType", "PartnerAddr")
        self.assertEqual(got, {
            "PrimaryAddrType": 1, "PrimaryAddr": octets_of("192.0.2.1"),
            "SecondaryAddrType": 0, "SecondaryAddr": b"",
            "PartnerAddrType": 0, "PartnerAddr": b""})

    def test_server__that_cannot_be_listed__keeps_its_rows(self):
        lab = self.lab
        lab.seed(1, [Rel("kept", ["10.0.9.0"])])
        before = lab.pysnmp.walk(MIB["dhcpFoRelMclt"])
        lab.control(1, "list 0 1722 before")
        self.addCleanup(lab.refresh, 1)
        self.addCleanup(lab.control, 1)
        lab.refresh(1)
        self.assertEqual(lab.get(server("OperStatus", 1)), 3)
        self.assertEqual(lab.get(server("LastError", 1)), 1722)
        self.assertEqual(lab.pysnmp.walk(MIB["dhcpFoRelMclt"]), before)
        self.assertEqual(lab.get(rel("Health", 1, "kept")), 4)
        self.assertEqual(lab.get(scalar("Health")), 3)
        lab.control(1)
        lab.refresh(1)
        self.assertEqual(lab.get(server("OperStatus", 1)), 2)
        self.assertEqual(lab.get(rel("Health", 1, "kept")), 1)

    def test_get__while_the_server_hangs__is_answered_at_once(self):
        lab = self.lab
        lab.seed(1, [Rel("there")])
        lab.control(1, "list 1500 0 none")
        self.addCleanup(lab.control, 1)
        lab.forget(1)
        lab.set((server("Action", 1), ("i", 2)))
        wait(lambda: lab.calls(1, "list"), "the poll begins")
        self.assertEqual(lab.get(rel("Mclt", 1, "there")), 3600)
        self.assertEqual(lab.get(server("Action", 1)), 2,
                         "the poll had ended already")
        wait(lambda: lab.get(server("Action", 1)) == 1, "the poll ends")


class Pinging(unittest.TestCase):
    """Once in a ping-interval dhcpfod asks the master whether it is there."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1)], {"ping-interval": 1}).open()
        cls.addClassCleanup(cls.lab.close)
        cls.lab.seed(1, [Rel("r%d" % i) for i in range(100)])

    def errors(self, ask):
        """What `ask` answers but noError, until ten pings have passed."""
        found, end = [], time.monotonic() + 10
        while time.monotonic() < end and not found:
            reply = ask()
            if reply.status != "noError":
                found.append(reply.status)
        return found

    def test_get__while_dhcpfod_pings_the_master__is_answered_all_the_same(
            self):
        oids = [rel("Mclt", 1, "r%d" % i) for i in range(100)]
        columns = [MIB["dhcpFoRel" + x] for x in ALL_REL]
        self.assertEqual(self.errors(
            lambda: self.lab.pysnmp.bulk(0, 100, *columns)), [])
        self.assertEqual(self.errors(lambda: self.lab.pysnmp.get(*oids)), [])

    def test_set__while_dhcpfod_pings_the_master__is_done_all_the_same(self):
        self.assertEqual(self.errors(lambda: self.lab.set(
            *((rel("Mclt", 1, "r%d" % i), ("u", 1)) for i in range(40)))), [])


if __name__ == "__main__":
    unittest.main()
