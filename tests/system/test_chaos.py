# SPDX-License-Identifier: BSD-2-Clause
"""A short round of chaos.py: `make chaos T=600` is a long one, and has Kea."""
import os
import unittest

from chaos import Chaos


class Short(unittest.TestCase):
    weight = 25

    def test_rows__whatever_is_killed_stopped_or_full__are_what_was_answered(
            self):
        seed = str(int.from_bytes(os.urandom(4), "big"))
        try:
            with Chaos(seed, kea=False) as chaos:
                for fault in ("lose_answer_and_kill", "kill_helper", "jump"):
                    if fault in chaos.chances:
                        chaos.one_round(fault)
                chaos.run(0, kills=9)
        except BaseException as error:
            raise AssertionError("chaos.py -s %s: %s" % (seed, error)) from error


if __name__ == "__main__":
    unittest.main()
