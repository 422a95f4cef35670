#!/usr/bin/env python3
"""The trace and the capture of a session: what documents and other programs make of them.

    trace_test.py PATH_OF_AUGER"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "house"))

import program_test
from program_test import Serve, run
from trace_doc_test import document


def tshark(path, *args):
    done = subprocess.run(["tshark", "-n", "-r", str(path), *args], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.splitlines()


class Session(unittest.TestCase):
    """One session with the native peer; its files are looked at from all sides."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        cls.trace, cls.pcap, cls.closed = folder / "t.jsonl", folder / "t.pcapng", folder / "closed.pcapng"
        cls.theirs = folder / "theirs.jsonl"
        with Serve("--trace", str(cls.theirs), "--pcap", str(cls.closed)) as serve:
            cls.done = run("connect", "demo", "--server", serve.url, "--loopback", "--trace", str(cls.trace), "--pcap",
                           str(cls.pcap), "--pcap-keys", stdin=b"hello\n")
        cls.lines = [json.loads(line) for line in cls.trace.read_text().splitlines()]
        cls.their_lines = [json.loads(line) for line in cls.theirs.read_text().splitlines()]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.assertEqual((self.done.returncode, self.done.stdout), (0, b"hello\n"), self.done.stderr)

    # --- the trace

    def test_it_begins_with_a_header_and_goes_on_with_records(self):
        for lines in (self.lines, self.their_lines):
            self.assertEqual(lines[0]["schema"], "auger:trace:1")
            self.assertEqual(set(lines[0]), {"schema", "version", "title", "time_unit", "wall_clock"})
            for record in lines[1:]:
                self.assertEqual(set(record), {"t", "name", "data"})
            times = [record["t"] for record in lines[1:]]
            self.assertEqual((times[0], times), (0, sorted(times)))

    def test_every_record_is_documented_with_its_fields(self):
        documented = document()
        for record in self.lines[1:] + self.their_lines[1:]:
            with self.subTest(record=record):
                self.assertLessEqual(set(record["data"]), documented[record["name"]])

    # --- its story

    def test_the_story_tells_the_milestones_in_order(self):
        told = run("trace", str(self.trace))
        self.assertEqual((told.returncode, told.stderr), (0, b""))
        text = told.stdout.decode()
        at = -1
        for milestone in ("we have a candidate: host", "our offer is written", "the peer has a candidate",
                          "check ", "works, ", "ICE is connected", "DTLS is connected", "SCTP is up",
                          "a channel is open on stream", "the peer is closed"):
            with self.subTest(milestone=milestone):
                self.assertGreater(text.find(milestone, at + 1), at)
                at = text.find(milestone, at + 1)

    def test_what_it_shows_can_be_chosen(self):
        def names(*args):
            out = run("trace", str(self.trace), "--json", *args).stdout.splitlines()
            return [json.loads(line)["name"] for line in out]
        self.assertEqual(names("--all"), [record["name"] for record in self.lines[1:]])
        self.assertLess(len(names()), len(names("--all")))
        self.assertEqual(set(names("--only", "dtls")), {"dtls:state"})
        summary = run("trace", "--summary", stdin=self.trace.read_bytes()).stdout.decode()
        self.assertRegex(summary, rf"auger connect: {len(self.lines) - 1} records in \d")
        self.assertRegex(summary, r"secured +\d+\.\d{3}  DTLS is connected")

    def test_a_file_of_something_else_is_told_so(self):
        done = run("trace", stdin=b"\x00\xff\n" * 3 + b"x" * 200_000 + b"\n")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"4 lines are no records", done.stderr)
        self.assertEqual(run("trace", "/nowhere/at-all").returncode, 1)

    # --- the capture

    def test_tshark_sees_checks_and_why_they_were_sent(self):
        rows = [row.split("\t") for row in tshark(self.pcap, "-Y", "stun", "-T", "fields", "-e", "stun.type", "-e",
                                                  "udp.srcport", "-e", "frame.comment")]
        sent = [comment for kind, _, comment in rows if "ice:check_sent" in comment]
        self.assertTrue(sent, rows)
        self.assertRegex(sent[0], r"ice:check_sent local=\S+ remote=\S+ attempt=1 role=controlling use_candidate=")
        answered = [comment for kind, _, comment in rows if kind == "0x0101" and "ice:check_succeeded" in comment]
        self.assertTrue(answered, rows)
        ports = {record["data"]["addr"].rsplit(":", 1)[1] for record in self.lines
                 if record.get("name") == "ice:local_candidate"}
        self.assertTrue(any(port in ports for _, port, _ in rows))

    def test_every_sum_is_right_and_nothing_is_malformed(self):
        sums = ("-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
        self.assertEqual(tshark(self.pcap, *sums, "-Y", "_ws.malformed or ip.checksum_bad.expert or udp.checksum.bad"), [])
        self.assertGreater(len(tshark(self.pcap, *sums, "-Y", "udp.checksum.status == 1")), 20)

    def test_with_the_keys_it_opens_and_without_it_does_not(self):
        finished = ("-2", "-Y", "dtls.handshake.type == 20")
        self.assertEqual(len(tshark(self.pcap, *finished)), 2)
        self.assertEqual(tshark(self.closed, *finished), [])
        self.assertGreater(len(tshark(self.closed, "-Y", "dtls")), 5)
        self.assertNotIn(b"CLIENT_RANDOM", self.closed.read_bytes())

    def test_no_key_is_in_any_trace(self):
        for path in (self.trace, self.theirs):
            self.assertIsNone(re.search(r"CLIENT_RANDOM|[0-9a-f]{64}", path.read_text()))


if __name__ == "__main__":
    program_test.AUGER = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
