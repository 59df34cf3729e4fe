#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""dhcpfoctl: every command but dump and load, which are in test_ctl_load.py."""
import json
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import termios
import time
import tty
import unittest
import zlib

from ctl_case import CTL, NASTY, PATIENCE, SECRET, TOP, Case

ROOT = ".1.3.6.1.4.1.8072.9999.9999.647"


class TheCommandLine(Case):
    def test_a_scope_of_the_file_keeps_its_length_whatever_the_list_says(self):
        self.configure("scopes = 10.0.0.0/8")
        self.fo_a(scopes="10.0.0.0")
        self.configure("scopes = 10.0.0.0/16")
        self.assertEqual(self.shown()["scopes"][0]["addresses"], 2 ** 24 - 2)

    def test_a_scope_of_the_file_may_join_though_the_list_has_lost_it(self):
        self.configure("auto-scopes = no", "scopes = 10.1.0.0/24")
        self.fo_a(scopes="10.1.0.0")
        self.seven("delete", "fo-a")
        self.configure("auto-scopes = no", "scopes = none")
        self.fo_a(scopes="10.1.0.0")
        done = self.seven("create", "fo-b", "primary=192.0.2.1",
                          "secondary=192.0.2.2", "scopes=10.2.0.0", code=1)
        self.assertIn("ERROR_DHCP_SUBNET_NOT_PRESENT", done.err)

    def test_probe_that_makes_the_file_of_a_local_server_does_not_deny_it(self):
        done = self.ctl("probe")
        self.assertTrue(os.path.exists(self.path("1.db")))
        self.assertTrue(done.out.endswith("\nThis could be read.\n"), done.out)

    def test_without_a_command_the_usage_goes_to_standard_error(self):
        done = self.ctl(code=2)
        self.assertEqual(done.out, "")
        self.assertIn("usage: dhcpfoctl", done.err)

    def test_help_shows_every_command_and_each_explains_itself(self):
        usage = self.ctl("--help").out
        self.assertEqual(usage, self.ctl("help").out)
        names = [line.split()[0] for line in usage.splitlines()
                 if line.startswith("  ") and line[2:3].islower()]
        self.assertEqual(names, ["list", "show", "set", "create", "delete",
                                 "scope", "oid", "dump", "load", "probe",
                                 "help"])
        for name in names:
            text = self.ctl("help", name).out
            self.assertEqual(text, self.ctl(name, "-h").out)
            self.assertIn("examples:\n  dhcpfoctl ", text)
            self.assertTrue(all(len(line) <= 80 for line in
                                text.splitlines()[1:]), text)

    def test_the_version_is_printed_with_V(self):
        self.assertRegex(self.ctl("-V").out, r"^dhcpfoctl [0-9.]+\n$")

    def test_what_cannot_be_meant_ends_with_2(self):
        for args in (["lst"], ["show"], ["show", "a", "b"], ["set", "fo-a"],
                     ["create", "fo-a"], ["delete"], ["scope", "add", "fo-a"],
                     ["scope", "drop", "fo-a", "10.1.0.0"], ["oid"], ["load"],
                     ["help", "lst"], ["--nonsense", "list"],
                     ["dump", "--json"], ["list", "--check"], ["list", "x"]):
            with self.subTest(args):
                done = self.ctl(*args, code=2)
                self.assertEqual(done.out, "")
                self.assertNotEqual(done.err, "")

    def test_a_server_is_meant_by_its_name_its_address_or_its_number(self):
        self.fo_a()
        for word in ("zwei", "192.0.2.77", "7"):
            with self.subTest(word):
                self.assertIn("server: zwei\n",
                              self.ctl("-s", word, "show", "fo-a").out)
        done = self.ctl("-s", "8", "list", code=1)
        self.assertIn("-s 8: ", done.err)

    def test_without_s_the_first_server_is_meant(self):
        self.fo_a(server="1")
        self.assertIn("server: dc1\n", self.ctl("show", "fo-a").out)

    def test_a_bad_configuration_is_named_with_its_line(self):
        self.write("bad", "[server 1]\ntype = local\nnonsense = 1\n")
        for args in (["list"], ["set", "fo-a", "mclt=1"], ["oid", "fo-a"]):
            with self.subTest(args):
                done = self.ctl(*args, code=1, conf="bad")
                self.assertIn("bad:3: ", done.err)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(
                [*CTL, "help"], stdout=full, stderr=subprocess.PIPE,
                check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output: ", done.stderr)


class ListAndShow(Case):
    def test_an_empty_list_is_a_line_of_heads_and_an_empty_array(self):
        self.assertEqual(self.ctl("list").out.split(), [
            "SERVER", "NAME", "MODE", "ROLE", "STATE", "PERCENT", "MCLT",
            "SAFEPERIOD", "PARTNER", "SCOPES"])
        self.assertEqual(json.loads(self.ctl("list", "--json").out), [])

    def test_list_shows_all_servers_or_that_of_s(self):
        self.fo_a(server="1")
        self.fo_a("fo-b", "mode=hotStandby", "role=secondaryServer",
                  "safePeriod=60", "mclt=1800", scopes="10.3.0.0")
        lines = [line.split() for line in self.ctl("list").out.splitlines()]
        self.assertEqual(lines[1:], [
            ["dc1", "fo-a", "loadBalance", "primaryServer", "startup", "50",
             "3600", "never", "192.0.2.2", "2"],
            ["zwei", "fo-b", "hotStandby", "secondaryServer", "startup", "5",
             "1800", "60", "192.0.2.1", "1"]])
        lines = self.seven("list").out.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertIn("fo-b", lines[1])

    def test_list_is_one_call_however_many_there_are(self):
        for i in range(3):
            self.fo_a("fo-%d" % i, scopes="10.%d.0.0,10.%d.1.0" % (i, i))
        self.seven("list")
        self.assertEqual(self.calls(), ["list"])

    def test_columns_are_aligned_by_characters(self):
        self.fo_a("Zürich–Genève", scopes="10.1.0.0")
        self.fo_a("a", scopes="10.2.0.0")
        lines = self.seven("list").out.splitlines()
        at = lines[0].index("MODE")
        self.assertEqual([line[at:at + 11] for line in lines[1:]],
                         ["loadBalance"] * 2)

    def test_the_json_has_the_names_of_the_mib(self):
        self.fo_a("fo-a", "primaryName=eins.example", "secondaryName=zwei.ü",
                  "safePeriod=60")
        want = {
            "server": "zwei", "serverIndex": 7, "name": "fo-a", "key": "fo-a",
            "mode": "loadBalance", "serverRole": "primaryServer",
            "state": "startup", "prevState": "init", "mclt": 3600,
            "safePeriod": 60, "percentage": 50, "primaryAddr": "192.0.2.1",
            "secondaryAddr": "192.0.2.2", "primaryName": "eins.example",
            "secondaryName": "zwei.ü", "authEnabled": False,
            "autoTransition": True, "partnerAddr": "192.0.2.2",
            "partnerState": "noState", "scopeCount": 2,
            "scopes": [{"addr": "10.%d.0.0" % i, "addresses": 254,
                        "free": 254, "inUse": 0, "partnerFree": 127,
                        "thisFree": 127, "partnerInUse": 0, "thisInUse": 0,
                        "freePercent": 100} for i in (1, 2)]}
        self.assertEqual(self.shown(), want)
        self.assertEqual(json.loads(self.seven("list", "--json").out), [want])

    def test_the_names_in_the_json_are_objects_of_the_mib(self):
        with open(os.path.join(TOP, "mibs", "DHCP-FAILOVER-MIB.txt"),
                  encoding="utf-8") as file:
            mib = file.read()
        self.fo_a()
        shown = self.shown()
        for prefix, names in (("dhcpFoRel", set(shown) - {
                "server", "serverIndex", "scopes"}),
                              ("dhcpFoScope", shown["scopes"][0])):
            for name in names:
                label = prefix + name[0].upper() + name[1:]
                self.assertIn("\n%s OBJECT-TYPE" % label, mib)

    def test_show_has_every_member_on_a_line_and_the_scopes(self):
        self.fo_a("fo-a", "primaryName=eins.example")
        lines = self.seven("show", "fo-a").out.splitlines()
        self.assertEqual(lines[:15], [
            "name: fo-a", "server: zwei", "mode: loadBalance",
            "serverRole: primaryServer", "state: startup", "prevState: init",
            "mclt: 3600", "safePeriod: never", "percentage: 50",
            "primaryAddr: 192.0.2.1", "secondaryAddr: 192.0.2.2",
            "primaryName: eins.example", "secondaryName: ",
            "shared secret: none", "scopes: 2"])
        self.assertEqual(lines[15].split(), "SCOPE ADDRESSES FREE IN USE "
                         "PARTNER FREE THIS FREE PARTNER IN USE THIS IN USE"
                         .split())
        self.assertEqual([line.split() for line in lines[16:]], [
            ["10.%d.0.0" % i, "254", "254", "0", "127", "127", "0", "0"]
            for i in (1, 2)])

    def count(self, change):
        """Have server 7 count the addresses of a scope otherwise."""
        db = sqlite3.connect(self.path("7.db"))
        with db:
            db.execute("UPDATE scope SET " + change)
        db.close()

    def test_a_number_that_is_not_known_is_a_dash_or_left_out(self):
        self.fo_a(scopes="10.1.0.0")
        unknown = 2 ** 32 - 1  # FAILOVER_NOT_COUNTED
        self.count("partner_addr_free = %d, this_addr_free = %d" %
                   (unknown, unknown))
        self.assertEqual(
            self.seven("show", "fo-a").out.splitlines()[-1].split(),
            ["10.1.0.0", "254", "254", "0", "-", "-", "0", "0"])
        known = {"addr": "10.1.0.0", "addresses": 254, "free": 254,
                 "inUse": 0, "partnerInUse": 0, "thisInUse": 0}
        self.assertEqual(self.dumped()["relationships"][0]["scopes"], [known])
        self.assertEqual(self.shown()["scopes"],
                         [{**known, "freePercent": 100}])
        self.count("num_addr = %d" % unknown)
        self.assertEqual(list(self.shown()["scopes"][0]), [
            "addr", "free", "inUse", "partnerInUse", "thisInUse"])

    def test_a_scope_without_addresses_has_all_of_them_free(self):
        self.fo_a(scopes="10.1.0.0")
        self.count("num_addr = 0, addr_free = 0")
        self.assertEqual(self.shown()["scopes"][0]["freePercent"], 100)

    def test_show_of_one_that_does_not_exist_says_so(self):
        done = self.ctl("show", "nobody", code=1)
        self.assertEqual(done.err, 'dhcpfoctl: show "nobody": '
                         "ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST: There is "
                         "no failover relationship of this name.\n")

    def test_a_server_that_fails_does_not_hide_the_others(self):
        self.fo_a(server="1")
        self.write("control", "list 0 1722 before\n")
        done = self.ctl("list", code=1)
        self.assertIn("fo-a", done.out)
        self.assertIn('list server "zwei": RPC_S_SERVER_UNAVAILABLE: ',
                      done.err)
        done = self.ctl("list", "--json", code=1)
        self.assertEqual([r["name"] for r in json.loads(done.out)], ["fo-a"])

    def test_a_code_without_a_name_is_shown_as_a_number(self):
        self.write("control", "list 0 4711 before\n")
        self.assertIn("ERROR_UNKNOWN 4711: ",
                      self.seven("list", code=1).err)

    def test_control_characters_of_names_do_not_reach_the_terminal(self):
        self.fo_a(NASTY, "primaryName=" + NASTY)
        clean = "a\\x1B[31m\\xC2\\x9B1mb"
        self.assertIn(clean, self.seven("list").out)
        self.assertEqual(self.seven("show", NASTY).out.count(clean), 2)
        self.assertIn(clean, self.seven("set", NASTY + "x", "mclt=1",
                                        code=1).err)
        # ctl() looks at the raw text of these.
        self.assertEqual(self.shown(NASTY)["primaryName"], NASTY)
        self.assertEqual(self.dumped()["relationships"][0]["name"], NASTY)

    def test_columns_with_control_characters_are_aligned_too(self):
        self.fo_a(NASTY, scopes="10.1.0.0")
        self.fo_a("b", scopes="10.2.0.0")
        lines = self.seven("list").out.splitlines()
        at = lines[0].index("MODE")
        self.assertEqual({line[at:at + 4] for line in lines[1:]}, {"load"})


class Set(Case):
    def setUp(self):
        super().setUp()
        self.fo_a()

    def test_all_members_are_set_by_one_call(self):
        self.write("secret", SECRET + "\n")
        self.seven("set", "fo-a", "mode=hotStandby", "state=partnerDown",
                   "prevState=communicationInt", "mclt=1", "safePeriod=2",
                   "percentage=3", "sharedSecret=@" + self.path("secret"))
        self.assertEqual(self.calls(), ["set fo-a 0x7f"])
        shown = self.shown()
        self.assertEqual(
            [shown[m] for m in ("mode", "state", "prevState", "mclt",
                                "safePeriod", "percentage", "authEnabled")],
            ["hotStandby", "partnerDown", "communicationInt", 1, 2, 3, True])

    def test_each_member_sets_its_flag_and_nothing_else(self):
        for text, flag, member, value in (
                ("mclt=0", 1, "mclt", 0),
                ("mclt=4294967295", 1, "mclt", 4294967295),
                ("safePeriod=0", 2, "safePeriod", 0),
                ("safePeriod=NEVER", 2, "safePeriod", 4294967295),
                ("state=Normal", 4, "state", "normal"),
                ("state=noState", 4, "state", "noState"),
                ("percentage=100", 8, "percentage", 100),
                ("percentage=0", 8, "percentage", 0),
                ("MODE=hotstandby", 16, "mode", "hotStandby"),
                ("prevState=recoverDone", 32, "prevState", "recoverDone")):
            with self.subTest(text):
                before = self.shown()
                self.calls()
                self.seven("set", "fo-a", text)
                self.assertEqual(self.calls(), ["set fo-a 0x%02x" % flag])
                before[member] = value
                after = self.shown()
                before["autoTransition"] = after["autoTransition"]
                self.assertEqual(after, before)

    def test_wrong_values_change_nothing(self):
        before = self.shown()
        self.calls()
        for text in ("mode=2", "mode=", "mode=load", "state=paused",
                     "state=shutdown", "state=foo", "state=3",
                     "prevState=shutdown", "mclt=", "mclt=-1", "mclt=+1",
                     "mclt= 1", "mclt=0x10", "mclt=4294967296", "mclt=1.5",
                     "mclt=99999999999999999999999", "safePeriod=always",
                     "percentage=101", "percentage=256", "percentage=-1",
                     "primary=192.0.2.9", "role=secondaryServer",
                     "scopes=10.9.0.0", "name=other", "mclt", "=5", "",
                     "mclt=1\n", "sharedSecret", "sharedSecret=literal"):
            with self.subTest(text):
                self.seven("set", "fo-a", "percentage=7", text, code=2)
        self.seven("set", "fo-a", "mclt=1", "mclt=2", code=2)
        self.assertEqual(self.calls(), [])
        self.assertEqual(self.shown(), before)

    def test_a_refusal_is_one_line_with_the_name_and_a_sentence(self):
        done = self.seven("set", "nobody", "mclt=1", code=1)
        self.assertEqual(done.err, 'dhcpfoctl: set "nobody": '
                         "ERROR_DHCP_FO_RELATIONSHIP_DOES_NOT_EXIST: There is "
                         "no failover relationship of this name.\n")
        self.assertEqual(self.calls(), ["set nobody 0x01"])

    def test_a_failure_says_in_the_words_of_the_server_why(self):
        self.write("control", "set 0 1722 before\n")
        done = self.seven("set", "fo-a", "mclt=1", code=1)
        self.assertIn("told to fail", done.err)
        self.assertIn('dhcpfoctl: set "fo-a": RPC_S_SERVER_UNAVAILABLE: The ',
                      done.err)


class Secrets(Case):
    def setUp(self):
        super().setUp()
        self.fo_a()

    def tearDown(self):
        self.assertNotIn(SECRET, self.outputs)
        self.assertNotIn("hush", self.outputs)

    def stored(self):
        """The secret in the database, which is the only place for it."""
        base = sqlite3.connect(self.path("7.db"))
        try:
            return base.execute("SELECT secret FROM relationship").fetchone()[0]
        finally:
            base.close()

    def test_it_comes_from_a_file_without_its_end_of_line(self):
        for text in (SECRET, SECRET + "\n", SECRET + "\r\n"):
            with self.subTest(repr(text)):
                self.write("secret", text)
                self.seven("set", "fo-a",
                           "sharedSecret=@" + self.path("secret"))
                self.assertEqual(self.calls(), ["set fo-a 0x40"])
                self.assertEqual(self.stored(), SECRET)
        self.assertIn("shared secret: set\n", self.seven("show", "fo-a").out)

    def test_it_comes_from_standard_input(self):
        self.seven("set", "fo-a", "sharedSecret=-", stdin=SECRET + "\n")
        self.assertEqual(self.stored(), SECRET)

    def at_a_terminal(self, then, raw=False):
        """Do `then` with the child when it asks: (exit code, seen, echo)"""
        master, slave = pty.openpty()
        if raw:
            tty.setraw(slave)
        child = subprocess.Popen(
            [*CTL, "-c", self.path("conf"), "-s", "7", "set", "fo-a",
             "sharedSecret=-"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        seen = b""
        try:
            while b"shared secret: " not in seen:
                seen += os.read(master, 1000)
            self.assertFalse(termios.tcgetattr(slave)[3] & termios.ECHO)
            then(child, master)
            code = child.wait(PATIENCE)
            seen += os.read(master, 1000)
            echo = termios.tcgetattr(slave)[3] & termios.ECHO
        finally:
            child.kill()
            child.wait()
            os.close(slave)
            os.close(master)
        return code, seen, echo

    def test_it_is_not_echoed_by_a_terminal(self):
        code, seen, echo = self.at_a_terminal(
            lambda child, master: os.write(master, SECRET.encode() + b"\n"))
        self.assertEqual(code, 0)
        self.assertNotIn(b"hush", seen)
        self.assertTrue(echo)
        self.assertEqual(self.stored(), SECRET)

    def test_a_terminal_that_was_left_raw_gives_all_of_it(self):
        def type_slowly(_, master):
            # Or all would be there by chance when it is read.
            for octet in SECRET.encode() + b"\r":
                os.write(master, bytes([octet]))
                time.sleep(0.01)

        code, seen, _ = self.at_a_terminal(type_slowly, raw=True)
        self.assertEqual(code, 0)
        self.assertNotIn(b"hush", seen)
        self.assertEqual(self.stored(), SECRET)

    def test_a_signal_leaves_a_terminal_that_echoes(self):
        code, _, echo = self.at_a_terminal(
            lambda child, master: child.send_signal(signal.SIGINT))
        self.assertEqual(code, -signal.SIGINT)
        self.assertTrue(echo)
        self.assertIsNone(self.stored())

    def test_an_empty_one_removes_it(self):
        self.seven("set", "fo-a", "sharedSecret=-", stdin=SECRET)
        self.seven("set", "fo-a", "sharedSecret=")
        self.assertIsNone(self.stored())
        self.assertIn("shared secret: none\n", self.seven("show", "fo-a").out)

    def test_itself_is_not_taken_and_not_repeated(self):
        done = self.seven("set", "fo-a", "sharedSecret=hush", code=2)
        self.assertIn("never the secret itself", done.err)
        self.seven("set", "fo-a", "sharedSecrt=hush", code=2)
        self.assertEqual(self.changes(), [])

    def test_a_file_that_everyone_can_read_is_not_taken(self):
        self.write("secret", SECRET, mode=0o644)
        done = self.seven("set", "fo-a", "sharedSecret=@" + self.path("secret"),
                          code=1)
        self.assertIn("can be read by everyone", done.err)
        self.assertEqual(self.changes(), [])

    def test_a_bad_one_is_refused(self):
        for text in ("", "\n", "hush\nhush\n", "hush\0", "h" * 2000,
                     "h" * 1024):
            with self.subTest(text[:20]):
                self.write("secret", text)
                self.seven("set", "fo-a",
                           "sharedSecret=@" + self.path("secret"), code=1)
        self.seven("set", "fo-a", "sharedSecret=@" + self.path("none"), code=1)
        self.seven("set", "fo-a", "sharedSecret=@" + self.dir, code=1)
        with open(self.path("secret"), "wb") as file:
            file.write(b"hush\xff")
        self.seven("set", "fo-a", "sharedSecret=@" + self.path("secret"),
                   code=1)
        self.assertEqual(self.changes(), [])

    def test_a_typing_error_is_seen_before_it_is_read(self):
        done = self.seven("set", "fo-a", "sharedSecret=@" + self.path("none"),
                          "percentage=101", code=2)
        self.assertIn("percentage", done.err)

    def test_no_command_ever_shows_it(self):
        self.seven("set", "fo-a", "sharedSecret=-", stdin=SECRET)
        for args in (["list"], ["list", "--json"], ["show", "fo-a"],
                     ["show", "--json", "fo-a"], ["dump"], ["oid", "fo-a"]):
            with self.subTest(args):
                self.assertNotIn(SECRET, self.seven(*args).out)
        self.assertNotIn("get fo-a", self.calls())  # which would bring it

    def test_one_can_be_given_at_creation(self):
        self.write("secret", SECRET)
        self.seven("delete", "fo-a")
        self.fo_a("fo-b", "sharedSecret=@" + self.path("secret"))
        self.assertEqual(self.stored(), SECRET)


class CreateDeleteScope(Case):
    def test_defaults_are_those_of_the_mib(self):
        self.fo_a()
        shown = self.shown()
        self.assertEqual(
            [shown[m] for m in ("mode", "serverRole", "state", "prevState",
                                "mclt", "safePeriod", "percentage")],
            ["loadBalance", "primaryServer", "startup", "init", 3600,
             4294967295, 50])

    def test_create_is_one_call(self):
        self.seven("create", "fo-a", "primary=192.0.2.1", "role=secondaryServer",
                   "secondary=192.0.2.2", "scopes=10.1.0.0,10.2.0.0",
                   "mode=hotStandby", "mclt=5", "safePeriod=0",
                   "primaryName=eins", "secondaryName=zwei")
        self.assertEqual(self.calls(), ["create fo-a 2"])
        shown = self.shown()
        self.assertEqual(
            [shown[m] for m in ("mode", "serverRole", "mclt", "safePeriod",
                                "percentage", "primaryName", "secondaryName")],
            ["hotStandby", "secondaryServer", 5, 4294967295, 5, "eins",
             "zwei"])

    def test_create_takes_the_names_of_the_json_too(self):
        self.seven("create", "fo-a", "primaryAddr=192.0.2.1",
                   "secondaryAddr=192.0.2.2", "scopes=10.1.0.0",
                   "serverRole=secondaryServer")
        self.assertEqual(self.shown()["serverRole"], "secondaryServer")

    def test_what_is_missing_or_wrong_creates_nothing(self):
        good = ["primary=192.0.2.1", "secondary=192.0.2.2", "scopes=10.1.0.0"]
        for args in (good[1:], good[:1] + good[2:], good[:2],
                     good + ["state=normal"], good + ["prevState=init"],
                     good + ["percentage=101"], good + ["role=other"],
                     good[:2] + ["scopes="], good[:2] + ["scopes=10.1.0.0,"],
                     good[:2] + ["scopes=10.1.0"],
                     good[:2] + ["scopes=10.1.0.0,10.1.0.0"],
                     good[:2] + ["scopes=0.0.0.0"],
                     ["primary=host.example"] + good[1:],
                     ["primary=0.0.0.0"] + good[1:]):
            with self.subTest(args):
                self.seven("create", "fo-a", *args, code=2)
        self.assertEqual(self.calls(), [])

    def test_a_second_one_is_refused(self):
        self.fo_a()
        done = self.seven("create", "fo-a", "primary=192.0.2.1",
                          "secondary=192.0.2.2", "scopes=10.9.0.0", code=1)
        self.assertIn('create "fo-a": ERROR_DHCP_FO_RELATIONSHIP_EXISTS: ',
                      done.err)

    def test_delete_is_one_call(self):
        self.fo_a()
        self.seven("delete", "fo-a")
        self.assertEqual(self.calls(), ["delete fo-a"])
        self.assertIn("DOES_NOT_EXIST",
                      self.seven("delete", "fo-a", code=1).err)

    def test_scopes_come_and_go_by_one_call(self):
        self.fo_a()
        done = self.seven("scope", "add", "fo-a", "10.3.0.0", code=1)
        self.assertIn('scope add "fo-a": ERROR_DHCP_FO_STATE_NOT_NORMAL: ',
                      done.err)
        self.seven("set", "fo-a", "state=normal")
        self.calls()
        self.seven("scope", "add", "fo-a", "10.3.0.0", "10.4.0.0")
        self.seven("scope", "remove", "fo-a", "10.1.0.0", "10.3.0.0")
        self.assertEqual(self.calls(),
                         ["add_scopes fo-a 2", "delete_scopes fo-a 2"])
        self.assertEqual([s["addr"] for s in self.shown()["scopes"]],
                         ["10.2.0.0", "10.4.0.0"])

    def test_bad_scopes_change_nothing(self):
        self.fo_a()
        for args in (["10.3.0"], ["10.3.0.0", "x"], ["10.3.0.0", "10.3.0.0"],
                     ["10.3.0.0/24"]):
            with self.subTest(args):
                self.seven("scope", "add", "fo-a", *args, code=2)
        self.assertEqual(self.calls(), [])


class Oid(Case):
    def lines(self, *args):
        """(numbers, what a shell makes of the rest of the line)"""
        pairs = []
        for line in self.seven("oid", *args).out.splitlines():
            numbers, symbolic = line.split(" ", 1)
            words = subprocess.run(
                ["sh", "-c", "printf '%%s\\n' %s" % symbolic],
                stdout=subprocess.PIPE, check=True).stdout.decode()
            self.assertEqual(len(words.splitlines()), 1, symbolic)
            pairs.append((numbers, words.rstrip("\n")))
        return pairs

    @staticmethod
    def key(name):
        octets = name.encode()
        plain = bytes(o if 32 <= o <= 126 and chr(o) not in "\"'\\" else 95
                      for o in octets)
        if plain == octets and len(octets) <= 80:
            return name
        return "%s~%08X" % (plain[:71].decode(), zlib.crc32(octets))

    def test_the_key_of_any_name_is_spelled_out(self):
        for name in ("fo-a", "two words", "it's \"quoted\"", "back\\slash",
                     "$HOME `id` $(id) *?[x] ;&|", "Zürich–Genève", "x" * 80,
                     "x" * 81, "ü" * 126, "-dash", "a.b.c", NASTY, "~"):
            with self.subTest(name):
                key = self.key(name)
                self.assertEqual(self.lines("--", name, "mclt"), [(
                    "%s.1.3.1.7.7.%d.%s" % (
                        ROOT, len(key), ".".join(str(ord(c)) for c in key)),
                    'DHCP-FAILOVER-MIB::dhcpFoRelMclt.7."%s"' % key)])

    def test_without_a_column_all_are_printed(self):
        pairs = self.lines("fo-a")
        self.assertEqual(len(pairs), 16 + 21)
        self.assertEqual(pairs[0][0], ROOT + ".1.3.1.2.7.4.102.111.45.97")
        self.assertEqual(pairs[-1][0], ROOT + ".1.4.1.21.7.4.102.111.45.97")

    def test_a_column_has_many_spellings(self):
        want = self.lines("fo-a", "prevState")
        for word in ("dhcpFoRelPrevState", "RelPrevState", "PREVSTATE",
                     "dhcpforelprevstate"):
            with self.subTest(word):
                self.assertEqual(self.lines("fo-a", word), want)

    def test_a_scope_makes_it_a_row_of_the_scopes(self):
        want = (ROOT + ".1.5.1.3.7.4.102.111.45.97.1.4.10.1.0.0",
                'DHCP-FAILOVER-MIB::dhcpFoScopeRowStatus.7."fo-a".1.4.10.1.0.0')
        self.assertEqual(self.lines("fo-a", "10.1.0.0")[0], want)
        self.assertEqual(self.lines("fo-a", "rowStatus", "10.1.0.0"), [want])
        self.assertEqual(len(self.lines("fo-a", "10.1.0.0")), 1 + 11)

    def test_what_is_no_column_is_refused(self):
        for args in (["fo-a", "colour"], ["fo-a", "mclt", "10.1.0.0"],
                     ["fo-a", "scopeFree"], ["fo-a", "mclt", "nowhere"],
                     [""], ["x" * 127]):
            with self.subTest(args):
                self.seven("oid", *args, code=2)

    def test_the_server_is_not_asked(self):
        self.seven("oid", "fo-a")
        self.assertEqual(self.calls(), [])

    def test_names_and_numbers_of_columns_are_those_of_the_mib(self):
        tool = shutil.which("snmptranslate")
        if tool is None:
            self.skipTest("snmptranslate is not installed")
        pairs = self.lines("it's [a] \"$test\"") + self.lines("a b", "10.1.0.0")
        done = subprocess.run(
            [tool, "-M", os.path.join(TOP, "mibs") + ":" +
             os.path.join(TOP, "mibs", "standin"), "-m", "DHCP-FAILOVER-MIB",
             "-On", *(symbolic for _, symbolic in pairs)],
            stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout.decode().split(),
                         [numbers for numbers, _ in pairs])


if __name__ == "__main__":
    unittest.main()
