#!/usr/bin/env python3
"""A session of two programs is recorded on one side, and replayed to the same trace, to the byte.

    replay_test.py PATH_OF_AUGER"""

import pathlib
import stat
import sys
import tempfile
import unittest

import program_test
from program_test import Serve, run


def of_ice(trace):
    """The lines that the ICE agent left, without the time at which each stands."""
    return [line.partition(b',"name":')[2] for line in trace.splitlines() if b'"name":"ice:' in line]


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        cls.trace, cls.recording, cls.broken = folder / "t.jsonl", folder / "r", folder / "broken"
        with Serve() as serve:
            cls.done = run("connect", "demo", "--server", serve.url, "--loopback", "--trace", str(cls.trace),
                           "--record", str(cls.recording), stdin=b"hello\n")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.assertEqual((self.done.returncode, self.done.stdout), (0, b"hello\n"), self.done.stderr)

    def test_the_trace_is_the_same_to_the_byte(self):
        done = run("replay", str(self.recording))
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(b"the same: ", done.stderr)
        lines = done.stdout.splitlines()[1:]
        original = [line for line in self.trace.read_bytes().splitlines() if b'"name":"ice:' in line]
        self.assertGreater(len(lines), 10)
        self.assertEqual(original, lines)

    def test_its_story_can_be_told(self):
        told = run("trace", stdin=run("replay", str(self.recording)).stdout)
        self.assertEqual(0, told.returncode, told.stderr)
        self.assertIn(b"connected", told.stdout)

    def test_quiet_prints_no_trace(self):
        self.assertEqual(b"", run("replay", "--quiet", str(self.recording)).stdout)

    def test_a_byte_that_changed_is_named(self):
        recording = bytearray(self.recording.read_bytes())
        for at, words in ((3, b"this is no recording"), (len(recording) // 2, b"changed")):
            changed = bytearray(recording)
            changed[at] ^= 0x40
            self.broken.write_bytes(changed)
            done = run("replay", str(self.broken))
            self.assertEqual(1, done.returncode)
            self.assertIn(words, done.stderr)
            self.assertIn(b"byte ", done.stderr)

    def test_neither_application_data_nor_anybody_elses_eyes(self):
        self.assertNotIn(b"hello", self.recording.read_bytes())
        self.assertEqual(0o600, stat.S_IMODE(self.recording.stat().st_mode))

    def test_a_file_that_is_not_there(self):
        done = run("replay", str(self.recording) + "-not")
        self.assertEqual(1, done.returncode)
        self.assertIn(b"cannot read", done.stderr)
        self.assertEqual(2, run("replay").returncode)


if __name__ == "__main__":
    program_test.AUGER = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
