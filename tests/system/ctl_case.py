# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of dhcpfoctl share: a configuration of two servers, each with
a database of its own, and dhcpfoctl run on it.  No SNMP.

Environment: BUILD names the build directory, WRAP is put in front of dhcpfoctl's
command line ("valgrind -q --error-exitcode=9").
"""
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
CTL = [*shlex.split(os.environ.get("WRAP", "")),
       os.path.join(TOP, os.environ.get("BUILD", "build"), "tests",
                    "dhcpfoctl")]
PATIENCE = 60  # seconds for one run

SECRET = "hush-Zürich-5309"
# ESC [ 3 1 m, and CSI as one character of C1.
NASTY = "a\x1b[31m\x9b1mb"


class Outcome:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


class Case(unittest.TestCase):
    """Server 1 is local; server 7, `zwei`, notes each call in a file."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="dhcpfoctl.")
        self.addCleanup(shutil.rmtree, self.dir)
        self.outputs = ""
        self.configure()

    def path(self, name):
        return os.path.join(self.dir, name)

    def configure(self, *options):
        """The options are of server 7."""
        self.write("conf", "\n".join([
            "[server 1]", "type = local", "name = dc1",
            "database = " + self.path("1.db"),
            "[server 7]", "type = test", "name = zwei",
            "address = 192.0.2.77", "database = " + self.path("7.db"),
            "calls = " + self.path("calls"),
            "control = " + self.path("control"), *options, ""]))

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def calls(self):
        """What server 7 was asked since the last look."""
        try:
            lines = self.read("calls").splitlines()
            os.remove(self.path("calls"))
        except FileNotFoundError:
            return []
        return lines

    def changes(self):
        return [line for line in self.calls() if line != "list"]

    def ctl(self, *args, code=0, stdin="", conf="conf"):
        """Run it, and see that it ends as it should."""
        for arg in args:
            self.assertNotIn(SECRET, arg)
        done = subprocess.run(
            [*CTL, "-c", self.path(conf), *args], input=stdin.encode(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE,
            check=False)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.outputs += out + err
        self.assertEqual(done.returncode, code, (args, out, err))
        for text in (out, err):
            bad = [c for c in text if c != "\n" and
                   (ord(c) < 32 or 127 <= ord(c) < 160)]
            self.assertEqual(bad, [], "control characters: %r" % text)
        return Outcome(done.returncode, out, err)

    def seven(self, *args, **kw):
        return self.ctl("-s", "7", *args, **kw)

    def fo_a(self, name="fo-a", *args, server="7", scopes="10.1.0.0,10.2.0.0"):
        self.ctl("-s", server, "create", name, "primary=192.0.2.1",
                 "secondary=192.0.2.2", "scopes=" + scopes, *args)
        self.calls()

    def shown(self, name="fo-a", server="7"):
        return json.loads(self.ctl("-s", server, "show", "--json", name).out)

    def dumped(self, server="7"):
        return json.loads(self.ctl("-s", server, "dump").out)
