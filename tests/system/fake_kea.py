# SPDX-License-Identifier: BSD-2-Clause
"""What stands in for a Kea where any will do: it answers what Kea 2.2 did."""
import json
import os
import socket
import threading

from lab import TOP

ANSWERS = {"config-get": "config-2.2", "status-get": "status-2.2",
           "stat-lease4-get": "counts-2.2"}


def _answer(name):
    with open(os.path.join(TOP, "tests", "fuzz", "corpus", "kea_reply",
                           ANSWERS[name]), "rb") as file:
        return file.read()


class FakeKea:
    def __init__(self, path):
        self.path = path
        self.listener = self.thread = None

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.thread = threading.Thread(target=self._serve, daemon=True,
                                       args=(self.listener,))
        self.thread.start()

    def stop(self):
        if self.listener is None:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        self.listener = None
        os.unlink(self.path)

    def _serve(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    self._converse(connection)
                except OSError:
                    pass

    @staticmethod
    def _converse(connection):
        text = b""
        while True:
            more = connection.recv(65536)
            if not more:
                return
            text += more
            try:
                command = json.loads(text)["command"]
            except ValueError:
                continue
            connection.sendall(_answer(command))
            return
