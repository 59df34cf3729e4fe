#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""pass.py PIDFILE ROWS - the rows of the benchmark by pass_persist."""
import os
import sys

ROOT = ".1.3.6.1.4.1.8072.9999.9999.647.1.3.1"
TYPES = {2: "string", 3: "integer", 4: "integer", 5: "integer", 6: "integer",
         7: "gauge", 8: "gauge", 9: "gauge", 11: "octet", 13: "octet",
         14: "string", 15: "string", 16: "string", 17: "integer"}
WRITABLE = {3, 5, 6, 7, 8, 9}
COLUMNS = list(TYPES)


def octets(second, i):
    return "0a %02x %02x %02x" % (second | i >> 14, i >> 7 & 127, i & 127)


def main():
    n = int(sys.argv[2])
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write("%d\n" % os.getpid())
    rows, instances = [], []
    for i in range(n):
        key = "rel%07d" % i
        instances.append("1.%d.%s" % (len(key), ".".join(
            str(b) for b in key.encode())))
        rows.append({2: key, 3: 0, 4: i & 1, 5: 3, 6: 3, 7: 3600, 8: 7200,
                     9: 50, 11: octets(0, i),
                     13: octets(64, i), 14: "dhcp1.example.net",
                     15: "dhcp2.example.net", 16: "", 17: 1})
    number = {instance: i for i, instance in enumerate(instances)}

    def apart(oid):
        rest = oid[len(ROOT) + 1:]
        column, _, instance = rest.partition(".")
        return (int(column) if column else 0), instance

    def give(column, row):
        return "%s.%d.%s\n%s\n%s\n" % (ROOT, column, instances[row],
                                       TYPES[column], rows[row][column])

    def get(oid):
        column, instance = apart(oid)
        if column not in TYPES or instance not in number:
            return "NONE\n"
        return give(column, number[instance])

    def get_next(oid):
        column, instance = apart(oid)
        if column < 2:
            return give(2, 0)
        if column not in TYPES:
            return "NONE\n"
        row = number.get(instance, -1) + 1
        if row == n:
            at = COLUMNS.index(column) + 1
            if at == len(COLUMNS):
                return "NONE\n"
            column, row = COLUMNS[at], 0
        return give(column, row)

    def put(oid, value):
        column, instance = apart(oid)
        if column not in WRITABLE or instance not in number:
            return "not-writable\n"
        rows[number[instance]][column] = value.split()[1]
        return "DONE\n"

    read, write = sys.stdin.readline, sys.stdout.write
    while True:
        command = read().strip()
        if command == "":
            break
        if command == "PING":
            write("PONG\n")
        elif command == "get":
            write(get(read().strip()))
        elif command == "getnext":
            write(get_next(read().strip()))
        elif command == "set":
            oid = read().strip()
            write(put(oid, read().strip()))
        sys.stdout.flush()


main()
