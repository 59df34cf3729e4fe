# SPDX-License-Identifier: BSD-2-Clause
"""A laboratory whose server 1 is of type windows, and the DHCPM server that it
asks (dhcpm_server.py)."""
import os
import subprocess
import unittest

from lab import BUILD, Lab, Server, rel, server, wait

try:
    import dhcpm_server
    from dhcpm_server import Relationship
    MISSING = ""
except ImportError as error:
    dhcpm_server = Relationship = None
    MISSING = "python3-impacket: %s" % error

HELPER = os.path.join(BUILD, "libexec", "dhcpfo", "dhcpfo-msdhcpm")
if not os.path.exists(HELPER):
    MISSING = "there is no %s: samba-dev" % HELPER


class WindowsLab(Lab):
    """The keys of Server(..., "windows") are written as they are; `port`,
    `mapper-port`, `credentials` and so on are filled in where they are not
    given.  `server_keys` may be changed before start_agent()."""

    def __init__(self, dhcpm, keys=None, **kw):
        super().__init__([Server(1, "windows")], **kw)
        self.dhcpm = dhcpm
        self.server_keys = keys or {}

    def secret(self, name, *lines, mode=0o600):
        path = self.path(name)
        with open(path, "w") as file:
            file.write("".join(line + "\n" for line in lines))
        os.chmod(path, mode)
        return path

    def write_conf(self, text=None):
        if text is None:
            keys = {"type": "windows", "name": "dc1", "address": "127.0.0.1",
                    "target": "dhcpm.lab.example",
                    "mapper-port": self.dhcpm.mapper_port,
                    "credentials": self.path("admin"), "helper": HELPER,
                    "connect-timeout": 3, "call-timeout": 1,
                    **self.server_keys}
            if not os.path.exists(self.path("admin")):
                self.secret("admin", "username = admin",
                            "password = Secret-1", "domain = LAB")
            lines = ["[subagent]", "agentx-socket = " + self.socket,
                     "state-dir = " + self.dir]
            lines += ["%s = %s" % kv for kv in self.subagent.items()]
            lines += ["[server 1]"] + ["%s = %s" % kv for kv in keys.items()]
            text = "\n".join(lines) + "\n"
        super().write_conf(text)

    def helpers(self):
        """Numbers of the helper programs that dhcpfod has."""
        done = subprocess.run(
            ["pgrep", "-P", str(self.agent.pid), "-f", "dhcpfo-msdhcpm"],
            stdout=subprocess.PIPE, text=True)
        return [int(n) for n in done.stdout.split()]

    def status(self, name):
        number = self.get(rel("SetStatus", 1, name))
        return {1: "none", 2: "pending", 3: "succeeded", 4: "failed",
                5: "undone", 6: "inDoubt"}.get(number, number)

    def oper_status(self):
        return {1: "unknown", 2: "up", 3: "unreachable", 4: "accessDenied",
                5: "error"}[self.get(server("OperStatus", 1))]


@unittest.skipIf(MISSING, MISSING)
class WindowsCase(unittest.TestCase):
    """Tests with one laboratory and one DHCPM server for all of a class."""
    KEYS, SUBAGENT, DHCPM = {}, {}, {}
    RELS = ()

    @classmethod
    def setUpClass(cls):
        cls.dhcpm = dhcpm_server.DhcpmServer(**cls.DHCPM)
        cls.addClassCleanup(cls.dhcpm.close)
        cls.lab = WindowsLab(cls.dhcpm, cls.KEYS, subagent=cls.SUBAGENT).open()
        cls.addClassCleanup(cls.lab.close)

    def setUp(self):
        self.lab.check_alive()
        self.dhcpm.release()
        with self.dhcpm.lock:
            self.dhcpm.relationships.clear()
        self.dhcpm.add(*(Relationship(*a, **k) for a, k in self.RELS))
        self.refresh()
        self.dhcpm.forget()

    def refresh(self):
        """Have the server read until that goes well."""
        def fresh():
            self.lab.refresh(1)
            return self.lab.oper_status() == "up"
        wait(fresh, "the server is read")

    def ok(self, *varbinds):
        reply = self.lab.set(*varbinds)
        self.assertEqual((reply.status, reply.index), ("noError", 0))

    def there(self, name):
        return self.dhcpm.relationships[name]
