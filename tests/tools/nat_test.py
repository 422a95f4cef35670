#!/usr/bin/env python3
"""auger nat as its users run it, on loopback: against our own server, against coturn, and against
servers that are none.  Behind NATs it is interop/tests/nat_test.mjs.

    nat_test.py PATH_OF_AUGER"""

import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

AUGER = "auger"
LONG = 60  # seconds; a bound for what never ends, not a measure
PROGRAM = ("--no-path", "--no-nat64", "--no-portmap")


def run(*args):
    return subprocess.run([AUGER, "nat", *args], capture_output=True, timeout=LONG, check=False, text=True)


def events(*args):
    done = run("--json", *PROGRAM, *args)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def report_of(*args):
    status, lines = events(*args)
    reports = [line for line in lines if line["ev"] == "report"]
    assert status == 0 and len(reports) == 1, lines
    return reports[0]


def free_ports():
    """Two beside each other, below those that the system gives away."""
    while True:
        port = random.randrange(10000, 30000, 2)
        held = []
        try:
            for address in ("127.0.0.1", "127.0.0.2"):
                for number in (port, port + 1):
                    held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    held[-1].bind((address, number))
            return port, port + 1
        except OSError:
            continue
        finally:
            for each in held:
                each.close()


def until_answered(port, process):
    """A STUN server is at that port of 127.0.0.1."""
    began = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.1)
        while time.monotonic() < began + LONG:
            try:
                asker.connect(("127.0.0.1", port))
                asker.send(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + os.urandom(12))
                if asker.recv(1500)[:2] == b"\x01\x01":
                    return
            except OSError:
                time.sleep(0.05)
            if process.poll() is not None:
                raise AssertionError("the server ended")
    raise AssertionError("no server")


class Server:
    """A process that ends with the test."""

    def __init__(self, test, port, *command):
        self.folder = tempfile.TemporaryDirectory()
        self.log = open(f"{self.folder.name}/log", "w+b")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        cwd=self.folder.name)
        test.addCleanup(self.end)
        until_answered(port, self.process)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LONG)
        self.log.close()
        self.folder.cleanup()


class Answering:
    """A server that is none: `answer` makes of a request what is sent back, or None."""

    def __init__(self, test, answer):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.answer, self.asked = answer, 0
        threading.Thread(target=self.serve, daemon=True).start()
        test.addCleanup(self.socket.close)

    def serve(self):
        while True:
            try:
                data, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            self.asked += 1
            reply = self.answer(data, sender)
            if reply:
                self.socket.sendto(reply, sender)


def error(request, code):
    value = struct.pack(">HBB", 0, code // 100, code % 100)
    return b"\x01\x11" + struct.pack(">H", 8) + request[4:20] + struct.pack(">HH", 9, 4) + value


class Nat(unittest.TestCase):
    def ours(self):
        first, second = free_ports()
        turns = [word for address in ("127.0.0.1", "127.0.0.2") for port in (first, second)
                 for word in ("--turn", f"{address}:{port}")]
        Server(self, first, AUGER, "serve", "--listen", "127.0.0.1:0", *turns, "--user", "a:b")
        return first

    def test_our_server_tells_all(self):
        report = report_of("--server", f"stun:127.0.0.1:{self.ours()}")
        self.assertTrue(report["rfc5780"])
        self.assertEqual(("yes", "no"), (report["udp"], report["nat"]))
        self.assertEqual(("endpoint-independent", "endpoint-independent"), (report["mapping"], report["filtering"]))
        self.assertEqual("preserved", report["ports"])
        self.assertEqual((1500, "yes", "yes"), (report["mtu"], report["fragments"], report["padding"]))
        self.assertEqual("direct", report["outlook"]["symmetric-random"])
        self.assertEqual("relay", report["outlook"]["udp-blocked"])

    def test_coturn_tells_the_same(self):
        path = shutil.which("turnserver")
        self.assertTrue(path, "coturn is missing: apt-get install coturn")
        first, second = free_ports()
        Server(self, first, path, "-n", "--no-cli", "--no-auth", "--no-tcp", "--no-tls", "--no-dtls", "-L", "127.0.0.1", "-L",
               "127.0.0.2", "-p", str(first), "--alt-listening-port", str(second), "--log-file=stdout", "--pidfile=pid", "--userdb=db",
               "--allow-loopback-peers")
        report = report_of("--server", f"stun:127.0.0.1:{first}")
        self.assertTrue(report["rfc5780"])
        self.assertEqual(("endpoint-independent", "endpoint-independent"), (report["mapping"], report["filtering"]))
        self.assertEqual("yes", report["padding"])

    def test_the_lifetime_is_looked_for(self):
        """Without a NAT nothing is forgotten."""
        status, lines = events("--server", f"stun:127.0.0.1:{self.ours()}", "--lifetime", "10")
        self.assertEqual(0, status)
        report = lines[-2]
        self.assertEqual("yes", report["response_port"])
        self.assertGreaterEqual(report["lifetime_alive"], 10000)
        self.assertIsNone(report["lifetime_dead"])
        kinds = [line["ev"] for line in lines]
        self.assertEqual(1, kinds.count("round"))
        self.assertEqual(12, kinds.count("tested"))

    def test_ordinary_servers_tell_the_mapping(self):
        ports = []
        for _ in range(2):
            port, _ = free_ports()
            ports.append(port)
            Server(self, port, AUGER, "serve", "--listen", "127.0.0.1:0", "--stun", f"0.0.0.0:{port}")
        report = report_of("--server", f"127.0.0.1:{ports[0]}", "--server", f"127.0.0.2:{ports[1]}")
        self.assertFalse(report["rfc5780"])
        self.assertEqual("endpoint-independent", report["mapping"])
        self.assertEqual("unknown", report["filtering"])
        self.assertEqual("no", report["padding"])

    def test_silence_is_told_and_what_to_do(self):
        silent = Answering(self, lambda request, sender: None)
        done = run(*PROGRAM, "--server", f"127.0.0.1:{silent.port}")
        self.assertEqual(1, done.returncode)
        self.assertIn("no server answers by UDP", done.stdout)
        self.assertIn("does not answer", done.stdout)
        self.assertEqual(5, silent.asked)

    def test_a_refusal_is_told(self):
        refusing = Answering(self, lambda request, sender: error(request, 401))
        done = run(*PROGRAM, "--server", f"127.0.0.1:{refusing.port}")
        self.assertIn("refuses with 401", done.stdout)
        self.assertIn("refuse to tell", done.stdout)
        self.assertEqual(1, refusing.asked)

    def test_in_words_there_is_a_line_for_each_other_side(self):
        done = run(*PROGRAM, "--server", f"127.0.0.1:{self.ours()}")
        self.assertEqual(0, done.returncode)
        self.assertIn("no NAT and no firewall", done.stdout)
        for other in ("a public address, or a full cone", "an address-restricted cone", "a port-restricted cone",
                      "ports one can count", "random ports", "no UDP"):
            self.assertEqual(1, done.stdout.count(other), other)

    def test_ctrl_c_tells_what_is_known(self):
        process = subprocess.Popen([AUGER, "nat", "--json", *PROGRAM, "--lifetime", "600", "--server",
                                    f"127.0.0.1:{self.ours()}"], stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if json.loads(line)["ev"] == "round":
                break
        process.send_signal(signal.SIGINT)
        lines = [json.loads(line) for line in process.communicate(timeout=LONG)[0].splitlines()]
        self.assertEqual(130, process.returncode)
        self.assertEqual("endpoint-independent", [line for line in lines if line["ev"] == "report"][0]["mapping"])

    def test_wrong_usage_is_named(self):
        for args, word in (((), "--server"), (("--server", "stuns:127.0.0.1"), "stun:"),
                           (("--server", "stun:127.0.0.1:x"), "stun:"), (("--server", "a", "--lifetime", "5"), "--lifetime"),
                           (("--nonsense",), "--nonsense")):
            with self.subTest(args=args):
                done = run(*args)
                self.assertNotEqual(0, done.returncode)
                self.assertIn(word, done.stderr)

    def test_help_teaches(self):
        done = subprocess.run([AUGER, "help", "nat"], capture_output=True, text=True, check=True)
        for word in ("mapping", "filtering", "hairpin", "RFC 5780", "To try it"):
            self.assertIn(word, done.stdout)


if __name__ == "__main__":
    AUGER = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1])
