# SPDX-License-Identifier: BSD-2-Clause
"""Servers of type windows that take Kerberos: a KDC of MIT's, and the DHCPM
server with MIT's library to accept what Samba's offers."""
import os
import shutil
import tempfile
import unittest

from kdc import HOST, PATH, REALM, Kdc
from lab import rel, server
from windows_case import MISSING, Relationship, WindowsLab, dhcpm_server

if not MISSING:
    try:
        import gssapi  # noqa: F401
    except ImportError as error:
        MISSING = "python3-gssapi: %s" % error
if not shutil.which("krb5kdc", path=PATH):
    MISSING = "there is no krb5kdc: krb5-kdc"


@unittest.skipIf(MISSING, MISSING)
class Kerberos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix="fo")
        cls.addClassCleanup(shutil.rmtree, directory, True)
        cls.kdc = Kdc(directory, {"admin": "Secret-1"}).__enter__()
        cls.addClassCleanup(cls.kdc.__exit__)
        before = dict(os.environ)
        os.environ.update(cls.kdc.environ)
        cls.addClassCleanup(os.environ.update, before)
        cls.dhcpm = dhcpm_server.DhcpmServer(kerberos=True)
        cls.addClassCleanup(cls.dhcpm.close)

    def setUp(self):
        with self.dhcpm.lock:
            self.dhcpm.relationships.clear()
            self.dhcpm.notes.clear()
        self.dhcpm.add(*(Relationship("r%02d" % n, [
            (10 << 24) + (n << 16) + (s << 8) for s in range(100)])
            for n in range(31)))
        self.dhcpm.forget()

    def lab(self, **keys):
        lab = WindowsLab(self.dhcpm, {"target": HOST, "ntlm": "no", **keys},
                         start=False)
        lab.open()
        self.addCleanup(lab.close)
        return lab

    def works(self, lab):
        lab.start_snmpd()
        lab.start_agent()
        self.assertEqual(lab.oper_status(), "up", lab.log())
        self.assertEqual(lab.get(server("RelCount", 1)), 31)
        reply = lab.set((rel("Mclt", 1, "r30"), ("u", 7)),
                        (rel("Percentage", 1, "r30"), ("u", 8)))
        self.assertEqual(reply.status, "noError")
        self.assertEqual([(c.name, c.flags, c.user)
                          for c in self.dhcpm.calls(90)],
                         [("r30", 0x09, "admin")])
        self.assertEqual(set(self.dhcpm.notes), {"logon admin"})

    def test_a_password__gets_a_ticket(self):
        lab = self.lab()
        lab.secret("admin", "username = admin", "password = Secret-1",
                   "realm = " + REALM)
        self.works(lab)

    def test_a_cache__has_a_ticket_already(self):
        lab = self.lab(credentials="")
        lab.server_keys["ccache"] = lab.path("ccache")
        self.kdc.ccache("admin", lab.path("ccache"))
        self.works(lab)

    def test_a_keytab__is_as_good_as_a_password(self):
        lab = self.lab(credentials="", principal="admin@" + REALM)
        lab.server_keys["keytab"] = lab.path("keytab")
        self.kdc.keytab("admin", lab.path("keytab"))
        self.works(lab)

    def test_a_cache_that_others_can_read__is_refused(self):
        lab = self.lab(credentials="")
        lab.server_keys["ccache"] = lab.path("ccache")
        self.kdc.ccache("admin", lab.path("ccache"))
        os.chmod(lab.path("ccache"), 0o640)
        lab.start_snmpd()
        lab.start_agent()
        self.assertEqual(lab.oper_status(), "accessDenied")
        self.assertIn("others have access", lab.log())

    def test_a_wrong_password__is_accessDenied_or_unreachable(self):
        lab = self.lab()
        lab.secret("admin", "username = admin", "password = wrong",
                   "realm = " + REALM)
        lab.start_snmpd()
        lab.start_agent()
        self.assertIn(lab.oper_status(), ("accessDenied", "unreachable"))
        self.assertEqual(self.dhcpm.calls(), [])


if __name__ == "__main__":
    unittest.main()
