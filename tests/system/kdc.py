# SPDX-License-Identifier: BSD-2-Clause
"""A Kerberos KDC (MIT's) of 127.0.0.1 with a realm, a service and users.

    with Kdc("/some/directory", {"admin": "Secret-1"}) as kdc:
        os.environ.update(kdc.environ)
        kdc.keytab("admin", "/some/admin.keytab")
        kdc.ccache("admin", "/some/admin.ccache")
"""
import ctypes
import os
import signal
import socket
import subprocess
import time

from ports import Port

REALM = "LAB.EXAMPLE"
HOST = "dhcpm.lab.example"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _die_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Kdc:
    def __init__(self, directory, users):
        self.dir, self.users = directory, users
        self.reserved = Port(socket.SOCK_STREAM)
        self.port = self.reserved.number
        self.process = None
        self.environ = {
            "KRB5_CONFIG": self.path("krb5.conf"),
            "KRB5_KDC_PROFILE": self.path("kdc.conf"),
            "KRB5_KTNAME": self.path("service.keytab"),
            "KRB5RCACHENAME": "none:"}

    def path(self, name):
        return os.path.join(self.dir, name)

    def run(self, *command, text=""):
        done = subprocess.run(
            command, input=text, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.STDOUT, timeout=60,
            env={**os.environ, **self.environ, "PATH": PATH})
        if done.returncode != 0:
            raise AssertionError("%s: %s" % (command, done.stdout))

    def admin(self, command):
        self.run("kadmin.local", "-r", REALM, "-q", command)

    def __enter__(self):
        with open(self.path("krb5.conf"), "w") as file:
            file.write("[libdefaults]\n default_realm = %s\n"
                       " dns_lookup_kdc = false\n dns_lookup_realm = false\n"
                       " rdns = false\n dns_canonicalize_hostname = false\n"
                       "[realms]\n %s = {\n  kdc = 127.0.0.1:%d\n }\n"
                       "[domain_realm]\n .lab.example = %s\n" % (
                           REALM, REALM, self.port, REALM))
        with open(self.path("kdc.conf"), "w") as file:
            file.write("[kdcdefaults]\n kdc_listen = 127.0.0.1:%d\n"
                       " kdc_tcp_listen = 127.0.0.1:%d\n"
                       "[realms]\n %s = {\n  database_name = %s\n"
                       "  key_stash_file = %s\n"
                       "  supported_enctypes = aes256-cts:normal\n }\n" % (
                           self.port, self.port, REALM, self.path("db"),
                           self.path("stash")))
        self.run("kdb5_util", "create", "-r", REALM, "-s", "-P", "master-key")
        self.admin("addprinc -randkey host/" + HOST)
        self.keytab("host/" + HOST, self.path("service.keytab"))
        for name, password in self.users.items():
            self.admin("addprinc -pw %s %s" % (password, name))
        self.process = subprocess.Popen(
            ["krb5kdc", "-n", "-r", REALM], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_us,
            env={**os.environ, **self.environ, "PATH": PATH})
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def keytab(self, principal, path):
        """The keys of a principal, which keeps its password."""
        self.admin("ktadd -norandkey -k %s %s" % (path, principal))
        os.chmod(path, 0o600)

    def ccache(self, user, path):
        self.run("kinit", "-c", "FILE:" + path, user,
                 text=self.users[user] + "\n")
        os.chmod(path, 0o600)
