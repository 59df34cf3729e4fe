# SPDX-License-Identifier: BSD-2-Clause
"""A clock that jumps, for the processes that have its environment: libfaketime's
(Debian: faketime)."""
import glob
import os

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
MISSING = "" if LIBRARY else "there is no libfaketimeMT.so.1: faketime"


class Clock:
    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, seconds):
        """Have it show so many seconds more than it is."""
        with open(self.path + ".new", "w") as file:
            file.write("%+d\n" % seconds)
        os.replace(self.path + ".new", self.path)
        self.offset = seconds

    @property
    def env(self):
        return {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": self.path,
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    @staticmethod
    def forget(pids):
        """What processes leave behind when they are killed."""
        for pid in pids:
            for name in ("faketime_shm_%d", "sem.faketime_sem_%d"):
                try:
                    os.unlink("/dev/shm/" + name % pid)
                except OSError:
                    continue
