# SPDX-License-Identifier: BSD-2-Clause
"""What the other tests stand on, where it once was wrong."""
import socket
import threading
import unittest

from lab import SYS_UPTIME, Pysnmp, SnmpTimeout
from ports import Port, first_of_clients


class LabItself(unittest.TestCase):
    def test_request__that_comes_back_itself__is_no_answer(self):
        """Where nobody listens, the system may connect a socket to itself: then
        a SET is its own answer, without an error."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mirror:
            mirror.bind(("127.0.0.1", 0))

            def reflect():
                for _ in range(2):
                    mirror.sendto(*mirror.recvfrom(65536))
            thread = threading.Thread(target=reflect, daemon=True)
            thread.start()
            for version in ("1", "2c"):
                manager = Pysnmp(mirror.getsockname()[1], version)
                with self.assertRaises(SnmpTimeout):
                    manager.set((SYS_UPTIME, ("t", 1)), timeout=0.2)
            thread.join()

    def test_port__is_of_one_owner_and_no_clients(self):
        ports = [Port() for _ in range(200)]
        numbers = [port.number for port in ports]
        self.assertEqual(len(set(numbers)), len(ports))
        self.assertLess(max(numbers), max(first_of_clients(), 20000))
        for number in numbers:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind(("127.0.0.1", number))


if __name__ == "__main__":
    unittest.main()
