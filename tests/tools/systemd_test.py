#!/usr/bin/env python3
"""The systemd unit of share/: what systemd says of it, and whether the program takes its command line.

    systemd_test.py PATH_OF_AUGER"""

import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import unittest

AUGER = "auger"
LONG = 60  # seconds; a bound for what never ends, not a measure
SHARE = pathlib.Path(__file__).resolve().parent.parent.parent / "share"
INSTALLED = "/usr/local/bin/auger"
EXPOSURE_MAX = 20  # of 100; systemd calls that OK, and 16 is what is left for who serves a network


class Unit(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.text = (SHARE / "auger-serve.service").read_text()
        # Systemd wants to see the program, and knows a unit by the name of its file.
        self.unit = pathlib.Path(self.folder.name, "auger-serve.service")
        self.unit.write_text(self.text.replace(INSTALLED, AUGER))

    def analyze(self, *args):
        done = subprocess.run(["systemd-analyze", *args, self.unit], capture_output=True, timeout=LONG, check=False)
        return done.returncode, (done.stdout + done.stderr).decode()

    def command(self):
        line, = re.findall(r"(?m)^ExecStart=(.*)$", self.text)
        return shlex.split(line)

    def test_systemd_finds_nothing_wrong(self):
        self.assertEqual(self.analyze("verify", "--man=no"), (0, ""))

    def test_a_setting_that_systemd_does_not_know_would_be_found(self):
        self.unit.write_text(self.unit.read_text().replace("[Service]", "[Service]\nProtectEverything=yes"))
        self.assertIn("ProtectEverything", self.analyze("verify", "--man=no")[1])

    def test_it_may_do_little_else_than_serve(self):
        status, told = self.analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_MAX}")
        self.assertEqual(status, 0, told)

    def test_its_command_line_starts_a_server_as_the_example_says(self):
        program, *args = self.command()
        self.assertEqual(program, INSTALLED)
        at = args.index("--config") + 1
        self.assertEqual(args[at], "/etc/auger/serve.conf")
        config = pathlib.Path(self.folder.name, "serve.conf")
        config.write_text((SHARE / "serve.conf").read_text().replace("turn 0.0.0.0:3478", "turn 127.0.0.1:0"))
        args[at] = str(config)
        process = subprocess.Popen([AUGER, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.assertTrue(process.stdout.readline(), "it ended")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=LONG), 0)
        finally:
            process.kill()
            process.communicate()

    def test_it_has_more_time_to_end_than_it_takes(self):
        drain, = re.findall(r"(?m)^drain (\d+)$", (SHARE / "serve.conf").read_text())
        stop, = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", self.text)
        self.assertGreater(int(stop), int(drain))


if __name__ == "__main__":
    AUGER = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
