# SPDX-License-Identifier: BSD-2-Clause
"""A moment of "make bench": that it runs, and that what it measures is right.

Wrong answers end it; how long they took decides nothing.
"""
import os
import subprocess
import sys
import unittest

from lab import BUILD

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     os.pardir, "bench", "bench.py")


class Smoke(unittest.TestCase):
    def test_dhcpfod_and_its_peers_answer_every_workload_rightly(self):
        done = subprocess.run([sys.executable, BENCH, "-b", BUILD, "--smoke"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=200)
        self.assertEqual(done.returncode, 0, done.stdout)
        for name in "dhcpfod", "echo", "container":
            self.assertIn(name + ": the answers are right", done.stdout)
