# SPDX-License-Identifier: BSD-2-Clause
"""What chaos.py does to dhcpfod and to what is around it.  Each fault leaves
things so that the end of its round can wait for them to be well."""
import os
import resource
import signal
import subprocess

from lab import wait

# How often each of them is chosen.
FAULTS = {
    "kill_dhcpfod": 12, "kill_snmpd": 3, "kill_both": 3, "stop_dhcpfod": 1,
    "stop_dhcpfod_long": 1, "stop_snmpd": 2, "stop_and_kill": 2,
    "full_disk": 2, "read_only_disk": 1, "no_descriptors": 1}
WINDOWS_FAULTS = {
    "kill_windows": 4, "stop_windows": 2, "kill_helper": 2, "stop_helper": 1,
    "lose_answers": 3, "lose_answer_and_kill": 2}
KEA_FAULTS = {"kill_kea": 2, "stop_kea": 1, "restart_kea": 1}
CLOCK_FAULTS = {"jump": 3}


class Faults:
    # -- dhcpfod and snmpd

    def new_agent(self):
        self.lab.kill_agent()
        self.kills["dhcpfod"] += 1
        self.lab.start_agent(ready=False)

    def kill_dhcpfod(self):
        for _ in range(self.random.choice((1, 2, 4, 8))):
            self.breathe(0.3)
            self.new_agent()
            # Sometimes it dies before it is up.
            if self.random.random() < 0.7:
                self.until_served()

    def kill_snmpd(self):
        self.breathe(0.3)
        self.lab.stop_snmpd(signal.SIGKILL)
        self.kills["snmpd"] += 1
        self.breathe(0.2)
        self.lab.start_snmpd()

    def kill_both(self):
        self.breathe(0.3)
        first, second = self.random.sample(
            (self.lab.kill_agent, lambda: self.lab.stop_snmpd(signal.SIGKILL)),
            2)
        first()
        self.breathe(0.02)
        second()
        self.kills["dhcpfod"] += 1
        self.kills["snmpd"] += 1
        if self.random.random() < 0.5:
            self.lab.start_snmpd()
            self.lab.start_agent(ready=False)
        else:
            self.lab.start_agent(ready=False)
            self.lab.start_snmpd()

    def stop_dhcpfod(self):
        self.stop(self.lab.agent, self.random.choice((0.3, 1, 2.5)))

    def stop_dhcpfod_long(self):
        self.stop(self.lab.agent, 7)

    def stop_snmpd(self):
        self.stop(self.lab.snmpd, self.random.choice((0.3, 1, 2.5)))

    def stop(self, process, seconds):
        self.breathe(0.3)
        self.lab.freeze(process)
        self.breathe(seconds)
        self.lab.thaw()

    def stop_and_kill(self):
        self.breathe(0.3)
        self.lab.freeze(self.lab.agent)
        self.breathe(0.5)
        self.lab.frozen.clear()
        self.new_agent()

    # -- the system

    def full_disk(self):
        self.breathe(0.1)
        if self.disk is None:
            return
        with open(os.path.join(self.disk, "filler"), "wb", 0) as file:
            for size in (65536, 512, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
        self.breathe(0.5)
        if self.random.random() < 0.3:
            self.new_agent()
            self.breathe(0.5)
        os.unlink(os.path.join(self.disk, "filler"))

    def read_only_disk(self):
        if self.disk is None:
            return
        self.breathe(0.2)
        for how, seconds in (("ro", 1), ("rw", 0)):
            self.lab.kill_agent()
            self.kills["dhcpfod"] += 1
            self.remount(how)
            self.lab.start_agent(ready=False)
            self.breathe(seconds)

    def remount(self, how):
        wait(lambda: subprocess.run(
            ["mount", "-o", "remount," + how, self.disk],
            capture_output=True).returncode == 0, "remounted " + how)

    def no_descriptors(self):
        pid = self.lab.agent.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir("/proc/%d/fd" % pid))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, before[1]))
        self.breathe(0.3)
        if self.random.random() < 0.5:
            self.kill_snmpd()
        self.breathe(0.5)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

    def jump(self):
        """The clock is set, by up to twelve hours from what is true."""
        for _ in range(self.random.choice((1, 2, 3))):
            self.breathe(0.5)
            self.clock.set(self.random.randint(-12 * 3600, 12 * 3600))
        if self.random.random() < 0.3:
            self.new_agent()
        self.breathe(1)

    # -- the server of type windows

    def kill_windows(self):
        for _ in range(self.random.choice((1, 2))):
            self.breathe(0.3)
            self.windows.kill()
            self.kills["windows"] += 1
            self.breathe(1)
            if self.random.random() < 0.2:
                self.new_agent()
            self.windows.start()

    def stop_windows(self):
        self.stop(self.windows.process, self.random.choice((0.5, 2, 5)))

    def kill_helper(self):
        for _ in range(self.random.choice((1, 2, 4))):
            self.breathe(0.3)
            self.kills["helper"] += self.signal_helpers(signal.SIGKILL)

    def stop_helper(self):
        self.breathe(0.3)
        self.signal_helpers(signal.SIGSTOP)
        self.breathe(3)
        # Unless dhcpfod has lost its patience, they go on.
        self.signal_helpers(signal.SIGCONT)

    def signal_helpers(self, how):
        done = 0
        for pid in self.windows.helpers():
            try:
                os.kill(pid, how)
                done += 1
            except ProcessLookupError:
                continue
        return done

    def lose_answers(self):
        for _ in range(self.random.choice((1, 3))):
            self.breathe(0.3)
            self.windows.lose_an_answer()

    def lose_answer_and_kill(self):
        """It is done, and nobody is there who could tell."""
        self.breathe(0.3)
        before = self.windows.changed_at()
        self.windows.lose_an_answer()
        for _ in range(100):
            if self.windows.changed_at() != before:
                break
            self.breathe(0.02)
        self.windows.kill()
        self.kills["windows"] += 1
        self.breathe(2)
        self.windows.start()

    # -- Kea

    def kill_kea(self):
        kea = self.random.choice(self.kea.pair.both)
        self.breathe(0.5)
        kea.kill()
        self.kills["kea"] += 1
        self.breathe(6)
        if self.random.random() < 0.3:
            self.new_agent()
        self.kea.restart(kea)

    def stop_kea(self):
        kea = self.random.choice(self.kea.pair.both)
        self.breathe(0.5)
        kea.freeze()
        self.breathe(4)
        kea.thaw()

    def restart_kea(self):
        kea = self.random.choice(self.kea.pair.both)
        self.breathe(0.5)
        kea.kill(signal.SIGTERM)
        self.breathe(1)
        self.kea.restart(kea)
