# SPDX-License-Identifier: BSD-2-Clause
"""What is acknowledged is so, whatever dhcpfod happens to know."""
import unittest

from lab import Lab, Rel, Server, rel, scope, wait

BUSY = "resourceUnavailable"


class Truth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab([Server(1)]).open()
        cls.addClassCleanup(cls.lab.close)

    def setUp(self):
        self.lab.control(1)
        self.lab.seed(1, [Rel("alpha", ["10.1.0.0", "10.1.1.0"])])
        self.lab.forget(1)

    def behind(self, sql):
        """Change the database, and let dhcpfod know nothing of it."""
        db = self.lab.connect(1)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.executescript(sql)
        finally:
            db.close()

    def test_set__before_the_first_listing__is_refused(self):
        self.lab.stop_agent()
        self.lab.control(1, "list 3000 0 none 1")
        self.lab.start_agent(ready=False)
        wait(self.lab.tables_there, "the tables are there")
        for varbinds in (
                [(rel("RowStatus", 1, "alpha"), ("i", 6))],
                [(scope(1, "alpha", "10.1.0.0"), ("i", 6))],
                [(rel("Mclt", 1, "alpha"), ("u", 5))]):
            reply = self.lab.set(*varbinds)
            self.assertEqual((reply.status, reply.index), (BUSY, 1))
        self.assertEqual(self.lab.rows(1)["alpha"]["mclt"], 3600)
        self.lab.wait_tables()
        reply = self.lab.set((rel("RowStatus", 1, "alpha"), ("i", 6)))
        self.assertEqual(reply.status, "noError")
        self.assertEqual(self.lab.rows(1), {})

    def test_destroy__of_a_row_newer_than_the_listing__is_done(self):
        self.behind("DELETE FROM scope; UPDATE relationship SET name = 'beta'")
        reply = self.lab.set((rel("RowStatus", 1, "beta"), ("i", 6)))
        self.assertEqual(reply.status, "noError")
        self.assertEqual(self.lab.rows(1), {})

    def test_destroy__of_a_scope_newer_than_the_listing__is_done(self):
        self.behind("UPDATE scope SET address = address + 512 "
                    "WHERE address = %d" % 0x0a010000)
        # One that is there, one that was, and one that nobody has heard of.
        reply = self.lab.set(
            (scope(1, "alpha", "10.1.2.0"), ("i", 6)),
            (scope(1, "alpha", "10.1.0.0"), ("i", 6)),
            (scope(1, "alpha", "10.9.9.0"), ("i", 6)))
        self.assertEqual(reply.status, "noError")
        self.assertEqual(self.lab.scopes(1, "alpha"), ["10.1.1.0"])

    def test_destroy__of_what_is_not_there__is_done_and_changes_nothing(self):
        reply = self.lab.set((rel("RowStatus", 1, "nobody"), ("i", 6)),
                             (scope(1, "alpha", "10.9.9.0"), ("i", 6)))
        self.assertEqual(reply.status, "noError")
        self.assertEqual(self.lab.changes(1), [])
        self.assertEqual(len(self.lab.scopes(1, "alpha")), 2)


if __name__ == "__main__":
    unittest.main()
