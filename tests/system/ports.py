# SPDX-License-Identifier: BSD-2-Clause
"""Ports on which the tests have programs listen."""
import random
import socket


def first_of_clients():
    """From here on the system gives ports to whoever asks for any."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        return int(file.read().split()[0])


class Port:
    """A port of 127.0.0.1, its `number`, that was free, and that no other test
    takes as long as this object lives: what listens there may end, and listen
    there again.  snmpd shares its port with whoever asks to share it, so to see
    whether one can be had is not enough."""

    def __init__(self, kind=socket.SOCK_DGRAM):
        while True:
            self.number = random.SystemRandom().randrange(
                16384, max(first_of_clients(), 20000))
            self.claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                self.claim.bind("\0dhcpfo-tests-port-%d" % self.number)
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", self.number))
                return
            except OSError:
                self.claim.close()

    def __del__(self):
        self.claim.close()
