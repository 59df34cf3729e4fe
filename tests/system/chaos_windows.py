# SPDX-License-Identifier: BSD-2-Clause
"""A server of type windows for chaos: dhcpm_server.py as a process of its own,
which can be killed and stopped.  Its file has what is true."""
import os
import signal
import socket
import subprocess
import sys

from dhcpm_server import Relationship, read_file, write_file
from lab import Died, _die_with_us
from ports import Port
from windows_case import HELPER

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "dhcpm_server.py")


class Windows:
    def __init__(self, lab, number):
        self.lab, self.number = lab, number
        self.file = lab.path("windows.json")
        self.reserved = Port(socket.SOCK_STREAM)
        self.mapper_port = self.reserved.number
        self.process = None
        path = lab.path("windows.credentials")
        with open(path, "w") as file:
            file.write("username = admin\npassword = Secret-1\ndomain = LAB\n")
        os.chmod(path, 0o600)
        # libfaketime's lock is shared by a process and its children: killed
        # with it, a helper would stop dhcpfod for ever.
        helper = lab.path("helper")
        with open(helper, "w") as file:
            file.write("#!/bin/sh\nunset LD_PRELOAD FAKETIME_SHARED\n"
                       "exec '%s'\n" % HELPER)
        os.chmod(helper, 0o755)
        lab.servers[number].keys.update({
            "address": "127.0.0.1", "target": "dhcpm.lab.example",
            "mapper-port": self.mapper_port,
            "credentials": path, "helper": helper, "statistics": "no",
            "connect-timeout": 2, "call-timeout": 1})

    def seed(self, rows):
        write_file(self.file, [Relationship(name, [address])
                               for name, address in rows])

    def start(self):
        """Its port is another one each time, that of the mapper is not."""
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, "-f", self.file, "-m",
             str(self.mapper_port)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            preexec_fn=_die_with_us)
        if not self.process.stdout.readline():
            raise Died("dhcpm_server.py does not start")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def lose_an_answer(self):
        self.process.send_signal(signal.SIGUSR1)

    def changed_at(self):
        return os.stat(self.file).st_mtime_ns

    def rows(self):
        return {name: vars(r) for name, r in read_file(self.file).items()}

    def helpers(self):
        """Numbers of the helper programs that dhcpfod has."""
        if self.lab.agent is None:
            return []
        done = subprocess.run(
            ["pgrep", "-P", str(self.lab.agent.pid), "-f", "dhcpfo-msdhcpm"],
            stdout=subprocess.PIPE, text=True)
        return [int(n) for n in done.stdout.split()]

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
