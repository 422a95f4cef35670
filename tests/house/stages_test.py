#!/usr/bin/env python3
"""scripts/test counts what its stages count, those that run side by side too; one that fails or dies is
told in one piece and makes the whole fail; and nothing runs on when it ends."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATIENCE = 60  # seconds, on a busy machine

GOOD = {
    "scripts/setup": "true",
    "bin/cmake": "true",
    "bin/sudo": '"$@"',
    "bin/sed": '/usr/bin/sed "$@"',
    "bin/ctest": "echo '100% tests passed, 0 tests failed out of 100' >build/log/ctest.out",
    "scripts/fuzz": "echo 'fuzz: 20 passed, 0 failed'",
    "interop/turnutils": "echo 'turnutils: 3 passed, 0 failed'",
    "interop/run": "echo 'interop: 4000 passed, 0 failed'",
}
# Until a file is there; 1 when it is not in time.
AWAIT = f'await() {{ for i in $(seq {PATIENCE * 10}); do [ -e $1 ] && return; sleep 0.1; done; return 1; }}\n'


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Stages(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="auger-stages-test-")
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def start(self, *options, **changed):
        """With these scripts in the place of GOOD's; a name is the last part of a path."""
        for path, body in GOOD.items():
            program = self.root / path
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/usr/bin/env bash\n{AWAIT}{changed.get(program.name, body)}\n")
            program.chmod(0o755)
        for name in ("test", "stages.sh"):
            shutil.copy(ROOT / "scripts" / name, self.root / "scripts")
        log = self.root / "build/dev/Testing/Temporary/LastTest.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        return subprocess.Popen([self.root / "scripts/test", *options], stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.STDOUT, start_new_session=True,
                                env={**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}"})

    def run_with(self, *options, **changed):
        done = self.start(*options, **changed)
        out, _ = done.communicate(timeout=5 * PATIENCE)
        return done.returncode, out.splitlines()

    def test_counts_all_stages(self):
        status, lines = self.run_with()
        self.assertEqual(("4124 passed, 0 failed", 0), (lines[-1], status), lines)

    def test_says_which_stages_run_side_by_side_and_they_do(self):
        status, lines = self.run_with(fuzz=f"touch on-a; await on-b && {GOOD['scripts/fuzz']}",
                                      run=f"touch on-b; await on-a && {GOOD['interop/run']}")
        self.assertEqual(("4124 passed, 0 failed", 0), (lines[-1], status), lines)
        self.assertIn("side by side: release, then fuzz; turnutils, then interop", lines)

    def test_a_failure_on_either_side_is_counted(self):
        status, lines = self.run_with(fuzz="echo 'fuzz: 19 passed, 1 failed'; exit 1")
        self.assertEqual(("4123 passed, 1 failed", 1), (lines[-1], status), lines)
        status, lines = self.run_with(turnutils="echo 'turnutils: 1 passed, 2 failed'; exit 1")
        self.assertEqual(("4122 passed, 2 failed", 1), (lines[-1], status), lines)

    def test_one_that_says_nothing_failed(self):
        status, lines = self.run_with(fuzz="true")
        self.assertEqual(("4104 passed, 1 failed", 1), (lines[-1], status), lines)

    def test_one_that_failed_behind_its_count_failed(self):
        status, lines = self.run_with(run=f"{GOOD['interop/run']}; exit 1")
        self.assertEqual(("4124 passed, 1 failed", 1), (lines[-1], status), lines)

    def test_a_side_that_is_killed_failed(self):
        status, lines = self.run_with(fuzz="kill -KILL 0")
        self.assertEqual((1, "passed, 1 failed"), (status, lines[-1].partition(" ")[2]), lines)

    def test_what_two_failed_stages_say_stays_in_one_piece(self):
        many = "touch on-{mine}; await on-{other}; for i in $(seq 50); do echo not ok {mine}; done; exit 1"
        # Each is in the middle of what it says for as long as the other one needs to begin.
        slow = """/usr/bin/sed "$@" | awk '{ print; fflush() } NR == 20 { system("sleep 2") }'"""
        _, lines = self.run_with(fuzz=many.format(mine="fuzz", other="interop"),
                                 run=many.format(mine="interop", other="fuzz"), sed=slow)
        said = [line.split()[2] for line in lines if line.startswith("    not ok")]
        self.assertEqual(1, sum(one != other for one, other in zip(said, said[1:])), said)

    def test_without_browsers(self):
        status, lines = self.run_with("--no-interop")
        self.assertEqual(("124 passed, 0 failed", 0), (lines[-1], status), lines)
        self.assertIn("interop    left out, as asked", lines)

    def test_what_runs_beside_ends_with_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                running = self.start(fuzz="echo $$ >pid; touch on-a; sleep 1000", run="await on-a; touch on-b; sleep 1000")
                self.addCleanup(running.stdout.close)
                self.await_file("on-b")
                pid = int((self.root / "pid").read_text())
                os.killpg(running.pid, number)
                running.wait(timeout=PATIENCE)
                until = time.monotonic() + PATIENCE
                while is_running(pid) and time.monotonic() < until:
                    time.sleep(0.1)
                self.assertFalse(is_running(pid))
                (self.root / "on-a").unlink()
                (self.root / "on-b").unlink()

    def await_file(self, name):
        until = time.monotonic() + PATIENCE
        while not (self.root / name).exists() and time.monotonic() < until:
            time.sleep(0.1)
        self.assertTrue((self.root / name).exists(), name)


if __name__ == "__main__":
    unittest.main()
