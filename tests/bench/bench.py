#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measure dhcpfod side by side with what one would take instead.

Every peer has a private snmpd and serves the same rows.  Runs of all peers are
interleaved in rounds; what is shown are medians over the rounds, and medians of
the ratios within a round, because what else the machine does comes and goes.
Answers are checked by the load generator: a wrong one ends everything.
"""
import argparse
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers")
READS = ["get1", "getrow", "next1", "nextrow", "bulk10", "bulkrow10"]
SETS = ["set1", "set3", "set6", "set6x4"]
WORKLOADS = READS + SETS + ["mixed"]
HELPERS = ["container", "tdata", "dataset", "iterator"]
ALL = ["dhcpfod", "echo"] + HELPERS + ["perl", "node", "pass"]
# At 100,000 rows these take minutes to begin or gigabytes.
NOT_HUGE = ["node"]
# snmpd refuses the SETs of this benchmark for pass_persist.
NO_SETS = ["pass"]
ENV = dict(os.environ, LC_ALL="C", MIBS="", PATH=os.environ["PATH"] +
           ":/usr/local/sbin:/usr/sbin:/sbin")


STARTED = []


def start(*args, **more):
    """A process that is stopped at the end, whatever happens."""
    process = subprocess.Popen(*args, stdin=subprocess.DEVNULL, **more)
    STARTED.append(process)
    return process


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    STARTED.remove(process)


def say(*words):
    print(*words, flush=True)


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds=60, process=None):
    end = time.monotonic() + seconds
    while not condition():
        if process is not None and process.poll() is not None:
            raise SystemExit("bench: %s: it has ended" % what)
        if time.monotonic() > end:
            raise SystemExit("bench: %s: not in %d s" % (what, seconds))
        time.sleep(0.02)


def rss_kb(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


class Master:
    """A private snmpd."""

    def __init__(self, directory, more=""):
        os.makedirs(directory)
        self.directory = directory
        self.port = free_port()
        self.tcp = free_port(socket.SOCK_STREAM)
        self.socket = os.path.join(directory, "agentx")
        conf = os.path.join(directory, "snmpd.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write("master agentx\nagentXSocket %s,tcp:127.0.0.1:%d\n"
                       "rwcommunity private 127.0.0.1\n"
                       "dontLogTCPWrappersConnects yes\n%s"
                       % (self.socket, self.tcp, more))
        self.process = start(
            ["snmpd", "-f", "-I", "-smux", "-C", "-c", conf, "-Lf",
             os.path.join(directory, "snmpd.log"),
             "udp:127.0.0.1:%d" % self.port],
            env=dict(ENV, SNMP_PERSISTENT_DIR=directory),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("snmpd", lambda: os.path.exists(self.socket),
                 process=self.process)

    def stop(self):
        stop(self.process)


def address(second, i):
    return 10 << 24 | (second | i >> 14) << 16 | (i >> 7 & 127) << 8 | i & 127


def fill(database, rows):
    """The rows of peers/rows.h, past dhcpfod."""
    db = sqlite3.connect(database)
    db.executemany(
        "INSERT INTO relationship (name, primary_server, secondary_server,"
        " mode, server_type, state, prev_state, mclt, safe_period,"
        " primary_name, secondary_name, percentage)"
        " VALUES (?, ?, ?, 0, ?, 3, 3, 3600, 7200, 'dhcp1.example.net',"
        " 'dhcp2.example.net', 50)",
        (("rel%07d" % i, address(0, i), address(64, i), i & 1)
         for i in range(rows)))
    db.commit()
    db.close()


def conf_of(directory, agentx, database, interval=86400):
    path = os.path.join(directory, "dhcpfod.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("[subagent]\nagentx-socket = %s\npoll-interval = %d\n"
                   "state-dir = %s\n[server 1]\ntype = local\n"
                   "database = %s\nmax-relationships = 100000\n"
                   % (agentx, interval, directory, database))
    return path


def make_database(build, directory, database, rows):
    """dhcpfod makes the file, we the rows."""
    conf = conf_of(directory, os.path.join(directory, "nobody"), database)
    process = start([build + "/dhcpfod", "-f", "-c", conf],
                               stderr=subprocess.DEVNULL, env=ENV)

    def made():
        try:
            db = sqlite3.connect("file:%s?mode=ro" % database, uri=True)
            try:
                return db.execute("SELECT count(*) FROM total").fetchone()[0]
            finally:
                db.close()
        except sqlite3.Error:
            return 0
    wait_for("the database", made, process=process)
    stop(process)
    fill(database, rows)


class Peer:
    """A subagent with its master."""

    def __init__(self, name, rows, args, lab, wrap=()):
        self.name, self.rows = name, rows
        self.directory = os.path.join(lab, "%s-%d" % (name, rows))
        self.process = None
        build = args.build
        helper = PEERS + "/"
        pidfile = os.path.join(self.directory, "pid")
        more = ""
        if name == "pass":
            more = ("pass_persist .1.3.6.1.4.1.8072.9999.9999.647.1.3.1 "
                    "%s %spass.py %s %d\n" % (sys.executable, helper, pidfile,
                                              rows))
        self.master = Master(self.directory, more)
        agentx = self.master.socket
        command = {
            "echo": [build + "/bench/echo", agentx, str(rows)],
            "perl": ["perl", helper + "agent.pl", agentx, str(rows)],
            "node": ["node", helper + "agent.js", str(self.master.tcp),
                     str(rows)],
        }.get(name)
        if name in HELPERS:
            command = [build + "/bench/netsnmp", name, agentx, str(rows)]
        if name == "dhcpfod":
            database = os.path.join(self.directory, "dhcpfo.db")
            make_database(build, self.directory, database, rows)
            command = [build + "/dhcpfod", "-f", "-c",
                       conf_of(self.directory, agentx, database)]
        began = time.monotonic()
        if command is not None:
            log = open(os.path.join(self.directory, "log"), "wb")
            self.process = start(
                list(wrap) + command, stdout=log, stderr=log,
                env=dict(ENV, NODE_PATH=args.node_path or ""))
        wait_for(name, self.answers, 120 + rows / 1000, self.process)
        self.first = time.monotonic() - began
        if name == "pass":
            with open(pidfile, encoding="ascii") as file:
                self.pid = int(file.read())
        else:
            self.pid = self.process.pid

    def answers(self):
        """Is the last row there?"""
        key = "rel%07d" % (self.rows - 1)
        oid = "1.3.6.1.4.1.8072.9999.9999.647.1.3.1.17.1.%d.%s" % (
            len(key), ".".join(str(b) for b in key.encode()))
        got = subprocess.run(
            ["snmpget", "-v2c", "-cprivate", "-Oqv", "-r0", "-t5",
             "127.0.0.1:%d" % self.master.port, oid],
            env=ENV, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return got.stdout.strip() in (b"1", b"active")

    def load(self, build, workload, requests, limit=0, more=()):
        command = [build + "/bench/load", "-n", str(self.rows), "-p",
                   str(self.pid), "-p", str(self.master.process.pid), "-t",
                   str(limit), *more, str(self.master.port), workload,
                   str(requests)]
        got = subprocess.run(command, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        if got.returncode != 0:
            raise SystemExit("bench: %s, %d rows, %s: %s" % (
                self.name, self.rows, workload, got.stderr.strip()))
        words = dict(word.split("=") for word in got.stdout.split()[1:])
        return {key: float(value) for key, value in words.items()}

    def stop(self):
        if self.process is not None:
            stop(self.process)
        self.master.stop()
        shutil.rmtree(self.directory)


def find_node(lab):
    """Where npm's net-snmp is, or None and why."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None, "there is no node or no npm"
    got = subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix",
         lab, "net-snmp"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if got.returncode != 0:
        return None, "npm cannot install net-snmp"
    return os.path.join(lab, "node_modules"), ""


def usable(args, lab):
    """The peers that can be had here; the others are named."""
    names = []
    for name in args.peers:
        why = ""
        if name == "perl" and subprocess.run(
                ["perl", "-MNetSNMP::agent", "-e", "1"],
                stderr=subprocess.DEVNULL).returncode != 0:
            why = "there is no NetSNMP::agent"
        if name == "node":
            args.node_path, why = find_node(lab)
        if why:
            say("*** %s is LEFT OUT: %s ***" % (name, why))
        else:
            names.append(name)
    return names


def median(values):
    return statistics.median(values) if values else float("nan")


def ratio(results, name, to):
    """Median over the rounds of subagent CPU time against that of ${to}."""
    pairs = zip(results[name], results.get(to, []))
    return median([a["cpu0_us"] / b["cpu0_us"] for a, b in pairs
                   if b["cpu0_us"] > 0])


def quartile(runs):
    """The cheapest quarter: what else the machine does only adds to it."""
    used = sorted(run["cpu0_us"] for run in runs)
    return used[len(used) // 4] if used else float("nan")


def cheap_ratio(results, name, to):
    below = quartile(results.get(to, []))
    return quartile(results.get(name, [])) / below if below else float("nan")


def table(rows, workload, results):
    say("\n%s, %d rows\n" % (workload, rows))
    say("| peer | requests/s | p50 us | p99 us | max us | subagent CPU us "
        "| to echo | to container | master CPU us |")
    say("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, runs in results.items():
        say("| %s | %.0f | %.0f | %.0f | %.0f | %.1f | %.2f | %.2f | %.1f |" % (
            name, *(median([run[key] for run in runs]) for key in
                    ("per_s", "p50_us", "p99_us", "max_us", "cpu0_us")),
            ratio(results, name, "echo"), ratio(results, name, "container"),
            median([run["cpu1_us"] for run in runs])))


def begin(name, rows, args, lab):
    """The peer; None, with a word, if one of the others does not start."""
    try:
        return Peer(name, rows, args, lab)
    except SystemExit as why:
        if name in ("dhcpfod", "echo", "container"):
            raise
        say("*** %s is LEFT OUT at %d rows: %s ***" % (name, rows, why))
        return None


def measure(args, lab, names, out):
    for rows in args.rows:
        peers = [peer for peer in (begin(name, rows, args, lab)
                                   for name in names
                                   if rows < 100000 or name not in NOT_HUGE)
                 if peer is not None]
        for peer in peers:
            peer.load(args.build, "getrow", 1000, args.ms)  # warm
            out["memory"].setdefault(peer.name, {})[rows] = {
                "rss_kb": rss_kb(peer.pid), "first_answer_s": peer.first}
        for workload in args.workloads:
            results = {peer.name: [] for peer in peers
                       if workload in READS or peer.name not in NO_SETS}
            for _ in range(args.rounds):
                for peer in peers:
                    if peer.name in NO_SETS and workload not in READS:
                        continue
                    results[peer.name].append(peer.load(
                        args.build, workload, 10 ** 6, args.ms))
            out["runs"].setdefault(str(rows), {})[workload] = results
            table(rows, workload, results)
        for peer in peers:
            peer.stop()


def summary(out):
    """Ratios on one page."""
    sizes = list(out["runs"])
    for title, of in (("medians of the rounds' ratios", ratio),
                      ("ratios of the lower quartiles", cheap_ratio)):
        say("\nsubagent CPU per request, %s, at %s rows\n" % (
            title, ", ".join(sizes)))
        say("| workload | dhcpfod to echo | dhcpfod to container "
            "| the best other peer to dhcpfod |\n|---|---|---|---|")
        for workload in next(iter(out["runs"].values()), {}):
            cells = [[], [], []]
            for size in sizes:
                results = out["runs"][size][workload]
                cells[0].append("%.2f" % of(results, "dhcpfod", "echo"))
                cells[1].append("%.2f" % of(results, "dhcpfod", "container"))
                others = [(of(results, name, "dhcpfod"), name)
                          for name in results if results[name] and
                          name not in ("dhcpfod", "echo")]
                cells[2].append("%.2f %s" % min(others) if others else "-")
            say("| %s | %s |" % (workload, " | ".join(
                ", ".join(cell) for cell in cells)))
    say("\n| peer | %s |" % " | ".join(
        "RSS kB at %s | first answer s" % size for size in out["runs"]))
    say("|---|%s" % ("--:|--:|" * len(out["runs"])))
    for name, by_rows in out["memory"].items():
        say("| %s | %s |" % (name, " | ".join(
            "%d | %.2f" % (m["rss_kb"], m["first_answer_s"])
            for m in by_rows.values())))


# ---------------------------------------------------------------- instructions

def totals(directory):
    """Instructions of the newest dump."""
    dumps = [f for f in os.listdir(directory) if f.startswith("cg.")]
    best = max(dumps, key=lambda f: (os.path.getmtime(
        os.path.join(directory, f)), f))
    with open(os.path.join(directory, best), encoding="utf-8",
              errors="replace") as file:
        for line in file:
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    raise SystemExit("bench: no totals in " + best)


def control(pid, option):
    subprocess.run(["callgrind_control", option, str(pid)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def instructions(args, lab, out):
    """User-mode instructions of the subagent per request: exact."""
    if not shutil.which("callgrind_control"):
        say("*** instructions are LEFT OUT: there is no valgrind ***")
        return
    counts = {}
    for name in [n for n in ("dhcpfod", "echo", "container")
                 if n in args.peers]:
        dumps = os.path.join(lab, "dumps-" + name)
        os.makedirs(dumps)
        peer = Peer(name, 1000, args, lab, [
            "valgrind", "--quiet", "--tool=callgrind",
            "--callgrind-out-file=%s/cg.%%p" % dumps])
        counts[name] = {}
        for workload in args.workloads:
            n = 100 if workload.startswith("bulk") else 400
            peer.load(args.build, workload, n, 0, ["-s"])
            control(peer.pid, "-z")
            peer.load(args.build, workload, n, 0, ["-s"])
            time.sleep(0.3)  # what goes on behind the answer
            control(peer.pid, "-d")
            counts[name][workload] = totals(dumps) / n
        peer.stop()
    out["instructions"] = counts
    say("\nUser-mode instructions of the subagent per request, 1000 rows "
        "(callgrind)\n")
    say("| workload | %s | to echo | to container |" % " | ".join(counts))
    say("|---|%s--:|--:|" % ("--:|" * len(counts)))
    for workload in args.workloads:
        row = {name: counts[name][workload] for name in counts}
        say("| %s | %s | %s |" % (
            workload, " | ".join("%.0f" % v for v in row.values()),
            " | ".join("%.2f" % (row["dhcpfod"] / row[to]) if to in row and
                       "dhcpfod" in row else "-"
                       for to in ("echo", "container"))))


# ---------------------------------------------------------------- the rest

def durable(args, lab, out):
    """SETs on a disk, against a bare loop of the same commits.

    A manager waits for each answer, and nothing can be committed while the
    request and the answer are on their way: no subagent can do better than the
    commit and the way, which is what a SET of echo takes, one after the other.
    """
    where = tempfile.mkdtemp(prefix="bench-", dir=args.disk)
    sets, bare, way = [], [], []
    try:
        peer = Peer("dhcpfod", 1000, args, where)
        echo = Peer("echo", 1000, args, where)
        again = os.path.join(where, "bare.db")
        shutil.copy(os.path.join(peer.directory, "dhcpfo.db"), again)
        for _ in range(args.rounds):
            got = subprocess.run([args.build + "/bench/commits", again,
                                  str(args.ms * 2)], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
            bare.append(float(got.split("per_s=")[1].split()[0]))
            for of, runs in (peer, sets), (echo, way):
                runs.append(of.load(args.build, "set3", 10 ** 6, args.ms * 2))
        peer.stop()
        echo.stop()
    finally:
        shutil.rmtree(where, ignore_errors=True)
    limit = [1 / (1 / b + 1 / w["per_s"]) for b, w in zip(bare, way)]
    share = median([s["per_s"] / b for s, b in zip(sets, bare)])
    of_limit = median([s["per_s"] / x for s, x in zip(sets, limit)])
    out["durable"] = {"sets": sets, "bare_per_s": bare, "way": way,
                      "share": share, "share_of_limit": of_limit}
    say("\nDurable SETs on %s: %.0f/s; bare SQLite commits %.0f/s: %.0f %%; "
        "commits and the way %.0f/s: %.0f %%" % (
            args.disk, median([s["per_s"] for s in sets]), median(bare),
            100 * share, median(limit), 100 * of_limit))


def test_conf(directory, agentx, servers, control, interval):
    path = os.path.join(directory, "dhcpfod.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("[subagent]\nagentx-socket = %s\npoll-interval = %d\n"
                   "state-dir = %s\n" % (agentx, interval, directory))
        for i in range(1, servers + 1):
            file.write("[server %d]\ntype = test\nname = s%d\n"
                       "database = %s/%d.db\ncontrol = %s\n"
                       % (i, i, directory, i, control))
    return path


def ask_directly(args, lab, name, servers, rule, interval, slow):
    """Rounds of build/bench/master against a dhcpfod of such servers."""
    directory = os.path.join(lab, name)
    os.makedirs(directory)
    control = os.path.join(directory, "control")
    open(control, "w", encoding="ascii").close()
    template = os.path.join(directory, "template.db")
    make_database(args.build, directory, template, 31)
    for i in range(1, servers + 1):
        shutil.copy(template, os.path.join(directory, "%d.db" % i))
    agentx = os.path.join(directory, "agentx")
    asker = start([args.build + "/bench/master", agentx, str(servers), "31",
                   "1500", "4"] + (["slow"] if slow else []),
                  stdout=subprocess.PIPE, text=True)
    wait_for("master", lambda: os.path.exists(agentx), process=asker)
    with open(control, "w", encoding="ascii") as file:
        file.write(rule)
    agent = start([args.build + "/tests/dhcpfod", "-f", "-c", test_conf(
        directory, agentx, servers, control, interval)],
        stderr=subprocess.DEVNULL, env=ENV)
    got = asker.communicate(timeout=60)[0]
    if asker.returncode != 0:
        raise SystemExit("bench: %s: wrong" % name)
    stop(asker)
    stop(agent)
    shutil.rmtree(directory)
    found = {"plain": [], "slow": []}
    for line in got.splitlines():
        kind, *rest = line.split()
        found[kind].append({k: float(v) for k, v in
                            (word.split("=") for word in rest)})
    return found


def latency(args, lab, out):
    """GETs while a SET is slow and while 300 servers are."""
    idle, slow, polled = [], [], []
    for i in range(3):
        got = ask_directly(args, lab, "set%d" % i, 1, "set 2500 0 none\n",
                           86400, True)
        idle += got["plain"]
        slow += got["slow"]
        polled += ask_directly(args, lab, "polled%d" % i, 300,
                               "list 2000 0 none\n", 10, False)["plain"]
    out["latency"] = {"idle": idle, "slow_set": slow, "polled": polled}
    say("\nGET of a row at dhcpfod itself, medians of %d rounds, us\n"
        % len(idle))
    say("| while | p50 | p99 | max | p99 to idle |\n|---|--:|--:|--:|--:|")
    base = median([r["p99_us"] for r in idle])
    for what, runs in (("idle", idle), ("a SET is open", slow),
                       ("300 slow servers are polled", polled)):
        p99 = median([r["p99_us"] for r in runs])
        say("| %s | %.0f | %.0f | %.0f | %.2f |" % (
            what, median([r["p50_us"] for r in runs]), p99,
            median([r["max_us"] for r in runs]), p99 / base))


def refresh(args, lab, out):
    """What a new listing costs."""
    say("\nA refresh: the main thread's part, and what is allocated\n")
    say("| rows | servers | build ms | swap ms | allocations of a build "
        "| of a swap | octets per row |\n|--:|--:|--:|--:|--:|--:|--:|")
    out["refresh"] = []
    for rows, servers in ((1000, 1), (10000, 1), (10000, 2), (100000, 1),
                          (100000, 2)):
        got = subprocess.run([args.build + "/bench/refresh", lab, str(rows),
                              str(servers)], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
        found = dict(word.split("=") for word in got.split())
        out["refresh"].append(found)
        say("| %s |" % " | ".join(found.values()))


def smoke(args, lab):
    """Every workload, briefly, with every value checked."""
    for name in ("dhcpfod", "echo", "container"):
        peer = Peer(name, 1000, args, lab)
        for workload in WORKLOADS:
            peer.load(args.build, workload, 300, 500)
        peer.stop()
        say("%s: the answers are right" % name)


def numbers(text):
    return [int(word) for word in text.split(",")]


def words(text):
    return [word for word in text.split(",") if word]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-b", "--build", default="build")
    parser.add_argument("-r", "--rows", type=numbers,
                        default=[31, 1000, 10000, 100000])
    parser.add_argument("-p", "--peers", type=words, default=ALL)
    parser.add_argument("-w", "--workloads", type=words, default=WORKLOADS)
    parser.add_argument("-n", "--rounds", type=int, default=7)
    parser.add_argument("-t", "--ms", type=int, default=400,
                        help="milliseconds of each run")
    parser.add_argument("-o", "--out", help="machine-readable results; "
                        "default: BUILD/bench.json")
    parser.add_argument("-d", "--disk", default="/var/tmp",
                        help="a directory on the disk for durable SETs")
    parser.add_argument("--only", type=words, default=[
        "runs", "instructions", "durable", "latency", "refresh"], help="which parts")
    parser.add_argument("--smoke", action="store_true")
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    args.node_path = None
    # A file system without a disk, where there is one.
    lab = tempfile.mkdtemp(prefix="bench-", dir="/dev/shm"
                           if os.access("/dev/shm", os.W_OK) else None)
    out = {"runs": {}, "memory": {}, "rounds": args.rounds, "ms": args.ms,
           "machine": " ".join(os.uname()), "cpus": os.cpu_count(),
           "load_before": os.getloadavg()}
    try:
        if args.smoke:
            smoke(args, lab)
            return
        if "runs" in args.only:
            measure(args, lab, usable(args, lab), out)
            summary(out)
        if "instructions" in args.only:
            instructions(args, lab, out)
        if "durable" in args.only:
            durable(args, lab, out)
        if "latency" in args.only:
            latency(args, lab, out)
        if "refresh" in args.only:
            refresh(args, lab, out)
        out["load_after"] = os.getloadavg()
        path = args.out or args.build + "/bench.json"
        say("\nmachine: %s, %s processors, load %.1f before, %.1f after; "
            "all figures: %s" % (out["machine"], out["cpus"],
                                 out["load_before"][0], out["load_after"][0],
                                 path))
    finally:
        if not args.smoke:
            with open(args.out or args.build + "/bench.json", "w",
                      encoding="ascii") as file:
                json.dump(out, file, indent=1)
        for process in list(STARTED):
            stop(process)
        shutil.rmtree(lab, ignore_errors=True)


main()
