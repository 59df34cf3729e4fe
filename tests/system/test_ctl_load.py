#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""dhcpfoctl: dump and load."""
import json
import os
import stat
import subprocess
import unittest

from ctl_case import CTL, NASTY, SECRET, Case
from fake_kea import FakeKea

STATISTICS = ["addresses", "free", "inUse", "partnerFree", "thisFree",
              "partnerInUse", "thisInUse"]


class DumpAndLoad(Case):
    def load(self, data, *args, code=0, server="7", mode=0o600):
        text = data if isinstance(data, str) else json.dumps(data)
        self.write("load", text, mode)
        return self.ctl("-s", server, "load", *args, self.path("load"),
                        code=code)

    @staticmethod
    def file(*relationships):
        return {"version": 1, "relationships": list(relationships)}

    @staticmethod
    def rel(name="fo-a", **members):
        return {"name": name, "primaryAddr": "192.0.2.1",
                "secondaryAddr": "192.0.2.2", "scopes": ["10.1.0.0"],
                **members}

    def test_a_dump_loaded_into_a_fresh_database_gives_an_equal_dump(self):
        self.fo_a("fo-a", "mode=hotStandby", "percentage=7", "safePeriod=9",
                  server="1")
        self.fo_a("Zürich–Genève", "role=secondaryServer", server="1",
                  scopes="10.3.0.0")
        self.fo_a(NASTY, "primaryName=eins", scopes="10.4.0.0", server="1")
        self.fo_a("lost its scopes", scopes="10.5.0.0", server="1")
        self.ctl("scope", "remove", "lost its scopes", "10.5.0.0")
        self.ctl("set", "fo-a", "state=communicationInt", "prevState=normal")
        self.ctl("set", NASTY, "state=normal", "safePeriod=0")
        self.ctl("dump", self.path("dump"))
        text = self.read("dump")
        self.assertEqual(text, self.ctl("dump", "-").out)

        done = self.seven("load", "-", stdin=text)
        self.assertEqual(done.out, "4 created, 0 changed, 0 as they were\n")
        self.assertEqual(self.seven("dump").out, text)
        done = self.seven("load", self.path("dump"))
        self.assertEqual(done.out, "0 created, 0 changed, 4 as they were\n")

    def test_a_dump_has_all_members_and_statistics_but_no_secret(self):
        self.fo_a("fo-a")
        self.seven("set", "fo-a", "sharedSecret=-", stdin=SECRET)
        self.assertEqual(self.dumped(), self.file({
            "name": "fo-a", "mode": "loadBalance",
            "serverRole": "primaryServer", "state": "startup",
            "prevState": "init", "mclt": 3600, "safePeriod": 4294967295,
            "percentage": 50, "primaryAddr": "192.0.2.1",
            "secondaryAddr": "192.0.2.2", "primaryName": "",
            "secondaryName": "", "authenticated": True,
            "scopes": [dict(zip(["addr"] + STATISTICS, [
                "10.%d.0.0" % i, 254, 254, 0, 127, 127, 0, 0]))
                for i in (1, 2)]}))

    def test_a_dump_that_cannot_be_written_is_an_error(self):
        done = self.ctl("dump", self.path("no/where"), code=1)
        self.assertIn("dump: ", done.err)

    def test_a_dump_of_a_server_that_fails_leaves_the_old_file(self):
        self.write("dump", "old")
        self.write("control", "list 0 1722 before\n")
        self.seven("dump", self.path("dump"), code=1)
        self.assertEqual(self.read("dump"), "old")

    def test_a_dump_on_a_full_disk_leaves_the_old_file(self):
        self.load(self.file(*(self.rel("fo-%d" % i, scopes=[
            "10.%d.%d.0" % (i, j) for j in range(256)]) for i in range(4))))
        self.write("dump", "old", 0o640)
        os.symlink("dump", self.path("link"))
        before = set(os.listdir(self.dir))
        full = subprocess.run(
            ["sh", "-c", 'trap "" XFSZ; ulimit -f 128; exec "$@"', "sh", *CTL,
             "-c", self.path("conf"), "-s", "7", "dump", self.path("dump")],
            stderr=subprocess.PIPE, check=False)
        self.assertEqual((full.returncode, full.stderr.decode()), (
            1, "dhcpfoctl: dump: %s: File too large\n" % self.path("dump")))
        self.assertEqual(self.read("dump"), "old")
        self.assertEqual(set(os.listdir(self.dir)) - before, set())
        # Half of a new one would look like a dump.
        full = subprocess.run(
            ["sh", "-c", 'trap "" XFSZ; ulimit -f 128; exec "$@"', "sh", *CTL,
             "-c", self.path("conf"), "-s", "7", "dump", self.path("new")],
            stderr=subprocess.PIPE, check=False)
        self.assertEqual((full.returncode, full.stderr.decode()), (
            1, "dhcpfoctl: dump: %s: File too large\n" % self.path("new")))
        self.assertEqual(set(os.listdir(self.dir)) - before, set())
        self.seven("dump", self.path("dump"))
        self.assertEqual(self.read("dump"), self.seven("dump").out)
        self.assertEqual(os.stat(self.path("dump")).st_mode & 0o777, 0o640)
        self.seven("dump", self.path("link"))
        self.assertTrue(os.path.islink(self.path("link")))
        self.seven("dump", "/dev/full", code=1)

    def test_load_creates_with_the_defaults_of_create(self):
        self.load(self.file(self.rel()))
        self.assertEqual(self.changes(), ["begin", "create fo-a 1", "commit"])
        shown = self.shown()
        self.fo_a("fo-b", scopes="10.9.0.0")
        other = self.shown("fo-b")
        for member in ("name", "key", "scopes"):
            del shown[member], other[member]
        self.assertEqual(shown, other)

    def test_load_sets_what_differs_by_one_call(self):
        self.fo_a()
        self.load(self.file({"name": "fo-a", "mclt": 1, "mode": "hotStandby",
                             "percentage": 50, "state": "normal"}))
        self.assertEqual(self.changes(), ["begin", "set fo-a 0x15", "commit"])
        shown = self.shown()
        self.assertEqual([shown[m] for m in ("mclt", "mode", "state",
                                             "percentage", "scopeCount")],
                         [1, "hotStandby", "normal", 50, 2])

    def test_load_leaves_alone_what_the_file_does_not_have(self):
        self.fo_a("fo-b", scopes="10.9.0.0")
        before = self.shown("fo-b")
        self.load(self.file(self.rel()))
        self.assertEqual(self.shown("fo-b"), before)

    def test_scopes_become_those_of_the_file_in_any_state(self):
        for now, then in (("normal", "normal"), ("normal", "partnerDown"),
                          ("startup", "normal"), ("startup", "recover"),
                          ("startup", "startup")):
            with self.subTest(now + " to " + then):
                self.fo_a()
                self.seven("set", "fo-a", "state=" + now)
                self.load(self.file({
                    "name": "fo-a", "state": then, "percentage": 10,
                    "scopes": ["10.2.0.0", {"addr": "10.3.0.0"}]}))
                shown = self.shown()
                self.assertEqual(shown["state"], then)
                self.assertEqual([s["addr"] for s in shown["scopes"]],
                                 ["10.2.0.0", "10.3.0.0"])
                self.seven("delete", "fo-a")

    def test_more_scopes_than_a_call_takes_are_added_by_several(self):
        self.fo_a()
        self.seven("set", "fo-a", "state=normal")
        self.calls()
        scopes = ["10.7.%d.%d" % (i >> 4, (i & 15) << 4) for i in range(900)]
        self.load(self.file({"name": "fo-a", "scopes": scopes}))
        self.assertEqual(self.changes(), [
            "begin", "delete_scopes fo-a 2", "add_scopes fo-a 400",
            "add_scopes fo-a 400", "add_scopes fo-a 100", "commit"])
        self.assertEqual(self.shown()["scopeCount"], 900)

    def test_a_scope_goes_from_one_relationship_to_another(self):
        self.load(self.file(self.rel("a", scopes=["10.1.0.0", "10.2.0.0"],
                                     state="normal"),
                            self.rel("b", scopes=["10.3.0.0"],
                                     state="normal")))
        self.load(self.file({"name": "b", "scopes": ["10.1.0.0"]},
                            {"name": "a", "scopes": ["10.3.0.0"]}))
        self.assertEqual(
            [[s["addr"] for s in self.shown(name)["scopes"]]
             for name in "ab"], [["10.3.0.0"], ["10.1.0.0"]])

    def test_a_failure_in_the_middle_leaves_everything_as_it_was(self):
        self.fo_a()
        before = self.seven("dump").out
        self.write("control", "create 0 20128 before - fo-z\n")
        done = self.load(self.file({"name": "fo-a", "mclt": 1},
                                   self.rel("fo-z", scopes=["10.9.0.0"])),
                         code=1)
        self.assertIn('relationships[1]: create "fo-z": '
                      "ERROR_DHCP_FO_MAX_RELATIONSHIPS: ", done.err)
        self.assertIn("nothing was changed", done.err)
        self.assertEqual(self.changes()[-1], "rollback")
        self.assertEqual(self.seven("dump").out, before)

    def test_a_commit_that_fails_is_told(self):
        self.write("control", "commit 0 112 before\n")
        done = self.load(self.file(self.rel()), code=1)
        self.assertIn("ERROR_DISK_FULL", done.err)
        self.assertEqual(done.out, "")
        self.assertEqual(self.dumped()["relationships"], [])

    def test_without_transactions_the_first_failure_ends_it(self):
        self.configure("atomic = no")
        self.fo_a()
        self.write("control", "create 0 20128 before - fo-z\n")
        done = self.load(self.file(
            {"name": "fo-a", "mclt": 1},
            self.rel("fo-z", scopes=["10.9.0.0"]),
            self.rel("fo-y", scopes=["10.8.0.0"])), code=1)
        self.assertIn("1 relationships of the file are done", done.err)
        self.assertEqual(self.changes(), ["set fo-a 0x01", "create fo-z 1"])

    def test_without_transactions_no_state_is_passed_through(self):
        self.configure("atomic = no")
        self.fo_a()
        done = self.load(self.file({"name": "fo-a",
                                    "scopes": ["10.1.0.0", "10.9.0.0"]}),
                         code=1)
        self.assertIn("relationships[0].scopes: ", done.err)
        done = self.load(self.file(self.rel("fo-z", scopes=[])), code=1)
        self.assertIn("relationships[0].scopes: is empty", done.err)
        self.assertEqual(self.changes(), [])

    def test_check_changes_nothing_and_says_what_would(self):
        self.fo_a()
        before = self.dumped()
        self.calls()
        done = self.load(self.file({"name": "fo-a", "mclt": 1},
                                   self.rel("fo-b", scopes=["10.9.0.0"])),
                         "--check")
        self.assertEqual(done.out, "1 to create, 1 to change, 0 as they are\n")
        self.assertEqual(self.calls(), [
            "begin", "list", "set fo-a 0x01", "create fo-b 1", "rollback"])
        self.assertEqual(self.dumped(), before)

    def test_check_of_a_server_without_a_way_back_asks_only_what_there_is(self):
        self.configure("atomic = no")
        done = self.load(self.file(self.rel()), "--check")
        self.assertEqual(done.out, "1 to create, 0 to change, 0 as they are\n")
        self.assertEqual(self.calls(), ["list"])

    def test_check_finds_what_only_the_server_knows(self):
        for option, name in (("max-relationships = 1", "MAX_RELATIONSHIPS"),
                             ("auto-scopes = no", "SUBNET_NOT_PRESENT")):
            with self.subTest(option):
                self.configure(option)
                data = self.file(self.rel(),
                                 self.rel("fo-b", scopes=["10.9.0.0"]))
                for check in ([], ["--check"]):
                    done = self.load(data, *check, code=1)
                    self.assertIn(name, done.err)
                    self.assertIn("load: nothing was changed\n", done.err)
                    self.assertEqual(done.out, "")
                self.assertEqual(self.dumped()["relationships"], [])

    def test_statistics_are_ignored_with_a_note(self):
        done = self.load(self.file(self.rel(
            scopes=[{"addr": "10.1.0.0", "free": 1, "inUse": 253}])))
        self.assertIn("note: the statistics of scopes", done.err)
        self.assertEqual(self.shown()["scopes"][0]["free"], 254)

    def test_a_secret_in_the_file_is_set_and_not_shown(self):
        done = self.load(self.file(self.rel(sharedSecret=SECRET)))
        self.assertNotIn(SECRET, done.out + done.err)
        self.assertTrue(self.shown()["authEnabled"])
        done = self.load(self.file(self.rel(sharedSecret=SECRET)))
        self.assertEqual(done.out, "0 created, 1 changed, 0 as they were\n")

    def test_a_secret_stays_unless_the_file_says_otherwise(self):
        self.load(self.file(self.rel(sharedSecret=SECRET)))
        for members, want in (({}, True), ({"authenticated": True}, True),
                              ({"authenticated": False}, False),
                              ({"sharedSecret": SECRET,
                                "authenticated": True}, True),
                              ({"sharedSecret": ""}, False)):
            with self.subTest(members.keys()):
                done = self.load(self.file({"name": "fo-a", **members}))
                self.assertNotIn("note", done.err)
                self.assertEqual(self.shown()["authEnabled"], want)

    def test_a_secret_that_was_lost_by_dumping_is_noted(self):
        done = self.load(self.file(self.rel(authenticated=True)))
        self.assertIn("note: relationships[0].authenticated: ", done.err)
        self.assertFalse(self.shown()["authEnabled"])

    def test_a_file_with_a_secret_must_not_be_readable_by_everyone(self):
        done = self.load(self.file(self.rel(sharedSecret=SECRET)), code=1,
                         mode=0o644)
        self.assertIn("relationships[0].sharedSecret: everyone can read",
                      done.err)
        self.assertNotIn(SECRET, done.err)
        self.load(self.file(self.rel()), mode=0o644)

    def test_what_is_no_json_is_named_by_line_without_what_is_there(self):
        for text, line in (("", 1), ("{", 1), ("[1,]", 1), ("nonsense", 1),
                           ('{"version": 1,\n "relationships": [}', 2),
                           ('{"version": 1,\n "version": 1}', 2),
                           ('{"version": 1}\n{}', 2),
                           ('{"a": "%s' % SECRET, 1),
                           ('{"a":\n"%s" "%s"}' % (SECRET, SECRET), 2),
                           ('{"a": "\\u0000"}', 1), ('{"a": NaN}', 1),
                           ("[" * 100000, 1),
                           ('{"a": 99999999999999999999}', 1)):
            with self.subTest(text[:30]):
                done = self.load(text, code=1)
                self.assertIn("load:%d:" % line, done.err)
                self.assertNotIn(SECRET, done.err)
        self.assertEqual(self.calls(), [])

    def test_every_error_names_its_place_and_nothing_is_applied(self):
        good = self.rel("good", scopes=["10.200.0.0"])
        for bad, place in (
                ({"mclt": -1}, "mclt"), ({"mclt": "5"}, "mclt"),
                ({"mclt": 1.5}, "mclt"), ({"mclt": 4294967296}, "mclt"),
                ({"mclt": None}, "mclt"), ({"mclt": "never"}, "mclt"),
                ({"safePeriod": "always"}, "safePeriod"),
                ({"safePeriod": True}, "safePeriod"),
                ({"percentage": 101}, "percentage"),
                ({"percentage": 256}, "percentage"),
                ({"mode": "load"}, "mode"), ({"mode": 0}, "mode"),
                ({"serverRole": ""}, "serverRole"),
                ({"state": "shutdown"}, "state"),
                ({"prevState": []}, "prevState"),
                ({"primaryAddr": "host"}, "primaryAddr"),
                ({"primaryAddr": "0.0.0.0"}, "primaryAddr"),
                ({"secondaryAddr": 5}, "secondaryAddr"),
                ({"primaryName": 5}, "primaryName"),
                ({"name": ""}, "name"), ({"name": 5}, "name"),
                ({"name": "x" * 127}, "name"), ({"name": "good"}, "name"),
                ({"scopes": "10.1.0.0"}, "scopes"),
                ({"scopes": [5]}, "scopes[0]"),
                ({"scopes": ["10.1.0.0", "10.1.0.0"]}, "scopes[1]"),
                ({"scopes": ["10.1.0.0", "0.0.0.0"]}, "scopes[1]"),
                ({"scopes": ["10.1.0.0", "10.200.0.0"]}, "scopes[1]"),
                ({"scopes": [{}]}, "scopes[0].addr"),
                ({"scopes": [{"addr": "x"}]}, "scopes[0].addr"),
                ({"scopes": [{"addr": "10.1.0.0", "free": "x"}]}, "scopes[0]"),
                ({"scopes": [{"addr": "10.1.0.0", "full": 1}]}, "scopes[0]"),
                ({"colour": "red"}, "colour"), ({"role": "x"}, "role"),
                ({"Mclt": 5}, "Mclt"), ({"sharedSecret": 5}, "sharedSecret"),
                ({"sharedSecret": "h" * 1024}, "sharedSecret"),
                ({"authenticated": "yes"}, "authenticated"),
                ({"authenticated": False, "sharedSecret": SECRET},
                 "authenticated")):
            with self.subTest(bad):
                for check in ([], ["--check"]):
                    done = self.load(self.file(good, {
                        **self.rel("bad"), **bad}), *check, code=1)
                    self.assertIn("load: relationships[1].%s: " % place,
                                  done.err)
                    self.assertNotIn(SECRET, done.err)
        self.assertEqual(self.dumped()["relationships"], [])

    def test_what_is_not_a_file_of_relationships_is_refused(self):
        for data, place in (
                ([], "load"), (5, "load"), ({}, "version"),
                ({"version": 1}, "relationships"),
                ({"version": 2, "relationships": []}, "version"),
                ({"version": "1", "relationships": []}, "version"),
                ({"version": 1, "relationships": {}}, "relationships"),
                ({"version": 1, "relationships": [], "x": 1}, "x"),
                (self.file("fo-a"), "relationships[0]"),
                (self.file({}), "relationships[0].name")):
            with self.subTest(data):
                done = self.load(data, code=1)
                self.assertRegex(done.err, r"(?m)[ /]%s: " %
                                 place.replace("[", r"\["))
        self.ctl("load", self.path("none"), code=1)
        self.ctl("load", self.dir, code=1)

    def test_all_errors_are_named_not_only_the_first(self):
        done = self.load(self.file({"name": "a", "mclt": -1, "mode": "x"},
                                   {"percentage": 101}), code=1)
        for place in ("[0].mclt", "[0].mode", "[1].name", "[1].percentage"):
            self.assertIn("relationships%s: " % place, done.err)

    def test_what_the_server_has_otherwise_is_named_too(self):
        self.fo_a(scopes="10.1.0.0")
        for other, place in (
                (self.rel(primaryAddr="192.0.2.9"), "[0].primaryAddr"),
                (self.rel(serverRole="secondaryServer"), "[0].serverRole"),
                (self.rel(secondaryName="x"), "[0].secondaryName"),
                (self.rel("fo-b"), "[0].scopes[0]"),
                ({"name": "fo-b"}, "[0].primaryAddr"),
                ({"name": "fo-b"}, "[0].secondaryAddr"),
                ({"name": "fo-b"}, "[0].scopes")):
            with self.subTest(other):
                done = self.load(self.file(other), code=1)
                self.assertIn("relationships%s: " % place, done.err)
                self.assertIn("nothing was applied", done.err)
        self.assertEqual([c for c in self.changes()
                          if c not in ("begin", "rollback")], [])

    def test_control_characters_of_a_file_do_not_reach_the_terminal(self):
        done = self.load(self.file({"name": NASTY, NASTY: 1, "mode": NASTY}),
                         code=1)
        self.assertEqual(done.err.count("\\x1B[31m"), 2)

    def test_a_dump_can_be_read_by_all_for_it_has_no_secret(self):
        self.ctl("dump", self.path("dump"))
        mode = stat.S_IMODE(os.stat(self.path("dump")).st_mode)
        self.assertEqual(mode & 0o111, 0)

    def test_a_file_that_cannot_be_read_is_told_by_its_error(self):
        done = self.seven("load", self.dir, code=1)
        self.assertIn("load: %s: Is a directory\n" % self.dir, done.err)
        self.assertEqual(self.changes(), [])

    def test_thousands_are_loaded_in_seconds(self):
        self.configure("max-relationships = 5000")
        data = self.file(*(self.rel("fo-%04d" % i, state="normal", scopes=[
            "10.%d.%d.0" % (i // 256, i % 256)]) for i in range(2000)))
        self.assertEqual(self.load(data).out.split()[0], "2000")
        self.assertEqual(self.load(data).out,
                         "0 created, 0 changed, 2000 as they were\n")


class LoadIntoKea(Case):
    """What a server of type kea can set is a matter of its section, too."""

    def setUp(self):
        super().setUp()
        kea = FakeKea(self.path("kea.socket"))
        kea.start()
        self.addCleanup(kea.stop)

    def checked(self, *options, code=0):
        self.write("conf", "\n".join([
            "[server 1]", "type = kea", "socket = " + self.path("kea.socket"),
            *options, ""]))
        dump = self.dumped(server="1")
        dump["relationships"][0]["safePeriod"] += 1
        self.write("load", json.dumps(dump))
        return self.ctl("load", "--check", self.path("load"), code=code)

    def test_a_member_that_may_not_be_set_there_is_found_by_check(self):
        done = self.checked(code=1)
        self.assertIn("relationships[0].safePeriod: cannot be set", done.err)

    def test_a_member_that_may_be_set_there_passes_check(self):
        done = self.checked("allow-config-set = yes")
        self.assertIn("1 to change", done.out)


if __name__ == "__main__":
    unittest.main()
