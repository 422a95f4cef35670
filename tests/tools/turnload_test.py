#!/usr/bin/env python3
"""auger turnload as its users run it, on coturn, all on loopback.

    turnload_test.py PATH_OF_AUGER"""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

AUGER = "auger"
LONG = 60  # seconds; a bound for what never ends, not a measure
USER = ("--user", "me:secret")


def run(*args):
    return subprocess.run([AUGER, "turnload", *args], capture_output=True, timeout=LONG, check=False)


def free_port():
    """Below those that the system gives away by itself, to the clients here for one."""
    while True:
        port = random.randrange(10000, 20000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def answers(port):
    """Whether a STUN server is at that port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.2)
        asker.connect(("127.0.0.1", port))
        try:
            asker.send(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + os.urandom(12))
            return asker.recv(1500)[:2] == b"\x01\x01"
        except OSError:
            return False


class Coturn:
    def __init__(self, *args):
        path = shutil.which("turnserver")
        if not path:
            raise AssertionError("coturn is missing: apt-get install coturn")
        self.folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.log = open(f"{self.folder.name}/log", "w+b")
        self.process = subprocess.Popen(
            [path, "-n", "--no-cli", "-L", "127.0.0.1", "-p", str(self.port), "-a", "-u", "me:secret", "-r", "here",
             "--allow-loopback-peers", "--no-tls", "--no-dtls", "--relay-threads=1", "--log-file", "stdout", "-v",
             "--pidfile", f"{self.folder.name}/pid", "--db", f"{self.folder.name}/db", *args],
            stdout=self.log, stderr=subprocess.STDOUT)
        until = time.monotonic() + LONG
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError("coturn does not begin")
        self.uri = f"turn:127.0.0.1:{self.port}"

    def alive(self):
        """Allocations that were made and not given back."""
        log = pathlib.Path(f"{self.folder.name}/log").read_text(errors="replace")
        return log.count(": new, realm=") - log.count(", lifetime=0\n")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=LONG)
        self.log.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class OnCoturn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.coturn = Coturn()

    @classmethod
    def tearDownClass(cls):
        cls.coturn.end()

    def figures(self, *args, status=0):
        done = run(self.coturn.uri, *USER, "--json", *args)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        figures = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(figures["ev"], "figures")
        return figures

    def nothing_is_left(self):
        until = time.monotonic() + LONG
        while self.coturn.alive() > 0 and time.monotonic() < until:
            time.sleep(0.05)
        # A Refresh that is repeated is told twice.
        self.assertLessEqual(self.coturn.alive(), 0)

    def test_every_way_of_sending_arrives(self):
        for args in ((), ("--send",), ("--channel", "--size", "24"), ("--no-batches",), ("--no-gso",), ("--size", "1400", "--send")):
            with self.subTest(args=args):
                figures = self.figures("--both-ways", "--allocations", "5", "--seconds", "1", "--rate", "500", *args)
                for way in (figures["to_peer"], figures["from_peer"]):
                    self.assertGreater(way["sent"], 0)
                    self.assertEqual(way["arrived"] + way["lost"], way["sent"])
                    self.assertGreater(way["arrived"], way["sent"] / 2)
                    self.assertEqual(way["out_of_order"], 0)
                    # Loopback is everybody's: somebody may mean who had this port before.
                    self.assertLess(way["foreign"], way["sent"] / 50)
                    self.assertTrue(0 < way["latency_ms"]["p50"] <= way["latency_ms"]["max"])
        self.nothing_is_left()

    def test_data_goes_the_way_that_is_asked_for(self):
        figures = self.figures("--back", "--seconds", "1")
        self.assertIsNone(figures["to_peer"])
        self.assertGreater(figures["from_peer"]["arrived"], 0)
        figures = self.figures("--seconds", "1")
        self.assertIsNone(figures["from_peer"])
        self.assertGreater(figures["to_peer"]["arrived"], 0)

    def test_the_load_has_the_size_of_the_plan(self):
        figures = self.figures("--seconds", "2", "--rate", "200", "--allocations", "3")
        self.assertEqual(figures["allocations"], 3)
        self.assertLessEqual(figures["to_peer"]["sent"], 2 * 200 + 20)

    def test_as_much_as_arrives_is_more_than_the_default(self):
        figures = self.figures("--max", "--seconds", "1", "--server-pid", str(self.coturn.process.pid))
        self.assertGreater(figures["to_peer"]["arrived"], 1000)
        self.assertGreater(figures["server"]["cpu_s"], 0)
        self.assertGreater(figures["server"]["per_second_and_core"], 0)
        self.assertIn("bytes_an_allocation", figures["server"])

    def test_allocations_are_made_and_given_back(self):
        figures = self.figures("--churn", "--max", "--allocations", "20", "--seconds", "1")
        self.assertGreater(figures["allocations"], 40)
        self.assertEqual(figures["failed"], 0)
        figures = self.figures("--churn", "--rate", "20", "--seconds", "1")
        self.assertLessEqual(figures["allocations"], 41)
        self.nothing_is_left()

    def test_a_quota_ends_the_making_and_not_the_load(self):
        with Coturn("--user-quota=40") as coturn:
            done = run(coturn.uri, *USER, "--json", "--allocations", "60", "--seconds", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"(486)", done.stderr)
        figures = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(figures["allocations"], 40)
        self.assertGreater(figures["to_peer"]["arrived"], 0)

    def test_a_wrong_password_is_named_after_one_question(self):
        done = run(self.coturn.uri, "--user", "me:wrong", "--allocations", "30")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"1 allocation failed: ", done.stderr)
        self.assertIn(b"(401)", done.stderr)

    def test_ctrl_c_gives_back_and_tells_the_figures(self):
        process = subprocess.Popen([AUGER, "turnload", self.coturn.uri, *USER, "--json", "--allocations", "20"],
                                   stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if json.loads(line).get("sent_per_second", 0) > 0:
                break
        process.send_signal(signal.SIGINT)
        figures = json.loads(process.communicate(timeout=LONG)[0].splitlines()[-1])
        self.assertEqual(process.returncode, 130)
        self.assertEqual((figures["ev"], figures["ended_by"]), ("figures", "Ctrl-C"))
        self.assertGreater(figures["to_peer"]["arrived"], 0)
        self.nothing_is_left()

    def test_it_tells_people_too(self):
        done = run(self.coturn.uri, *USER, "--seconds", "1", "--both-ways")
        self.assertEqual(done.returncode, 0)
        for words in (b"allocations", b"to the peer", b"from the peer", b"lost", b"on the way", b"this program"):
            self.assertIn(words, done.stdout)
        self.assertNotIn(b"ended early", done.stdout)


class NoServer(unittest.TestCase):
    def test_a_closed_port_ends_it_at_once(self):
        done = run(f"turn:127.0.0.1:{free_port()}", *USER, "--allocations", "100")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"nobody is there", done.stderr)

    def test_silence_ends_it_after_one_client_has_asked(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            done = run(f"turn:127.0.0.1:{silent.getsockname()[1]}", *USER, "--allocations", "100", "--max")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"has not answered", done.stdout)
            silent.setblocking(False)
            asked = set()
            try:
                while True:
                    asked.add(silent.recvfrom(1500)[1])
            except BlockingIOError:
                pass
            self.assertEqual(len(asked), 1)

    def test_a_server_that_ends_amid_the_load_ends_it(self):
        with Coturn() as coturn:
            process = subprocess.Popen([AUGER, "turnload", coturn.uri, *USER, "--json", "--seconds", "50"],
                                       stdout=subprocess.PIPE, text=True)
            for line in process.stdout:
                if json.loads(line).get("sent_per_second", 0) > 0:
                    break
            coturn.process.kill()
            figures = json.loads(process.communicate(timeout=LONG)[0].splitlines()[-1])
            self.assertEqual(process.returncode, 1)
            self.assertIn("gone", figures["ended_by"])


class Bare(unittest.TestCase):
    """Without TURN: what a plain forwarder carries."""

    def forward(self, near, far, peer, stop):
        for ours in (near, far):
            ours.settimeout(0.1)
        client = []

        def pass_on(source, target_of):
            while not stop.is_set():
                try:
                    data, sender = source.recvfrom(2000)
                except TimeoutError:
                    continue
                if source is near:
                    client[:] = [sender]
                if target_of():
                    (far if source is near else near).sendto(data, target_of())

        threads = [threading.Thread(target=pass_on, args=(near, lambda: peer)),
                   threading.Thread(target=pass_on, args=(far, lambda: client[0] if client else None))]
        for thread in threads:
            thread.start()
        return threads

    def test_a_forwarder_is_loaded_without_allocations(self):
        stop = threading.Event()
        peer = ("127.0.0.1", free_port())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
            near.bind(("127.0.0.1", 0))
            far.bind(("127.0.0.1", 0))
            threads = self.forward(near, far, peer, stop)
            done = run(f"turn:127.0.0.1:{near.getsockname()[1]}", "--bare", "127.0.0.1:%d" % far.getsockname()[1],
                       "--peer", "%s:%d" % peer, "--allocations", "1", "--seconds", "1", "--rate", "200", "--both-ways",
                       "--json")
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        figures = json.loads(done.stdout.splitlines()[-1])
        self.assertGreater(figures["to_peer"]["arrived"], 0)
        self.assertGreater(figures["from_peer"]["arrived"], 0)


class Usage(unittest.TestCase):
    def test_wrong_usage_is_named_and_ends_with_2(self):
        for args, word in (((), "turn:HOST"), (("stun:127.0.0.1",), "stun:127.0.0.1"),
                           (("turns:127.0.0.1",), "TLS"), (("turn:127.0.0.1", "--user", "me"), "--user"),
                           (("turn:127.0.0.1", "--allocations", "12001"), "--allocations"),
                           (("turn:127.0.0.1", "--size", "23"), "--size"),
                           (("turn:127.0.0.1", "--max", "--rate", "5"), "--max"),
                           (("turn:127.0.0.1", "--send", "--channel"), "--send"),
                           (("turn:127.0.0.1", "--back", "--both-ways"), "--back"),
                           (("turn:127.0.0.1", "--peer", "nowhere"), "--peer"),
                           (("turn:127.0.0.1", "--local", "::1"), "--local"),
                           (("turn:127.0.0.1", "--churn", "--bare", "127.0.0.1:1"), "--bare")):
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(done.returncode, 2)
                self.assertIn(word, done.stderr.decode())
                self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    AUGER = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
