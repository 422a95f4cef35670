#!/usr/bin/env python3
"""interop/run has laboratories beside browsers: all are counted, what laboratories say comes in one piece,
a failure on either side makes the whole fail, and nothing runs on when it ends."""

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

STUBS = {
    "bin/id": "echo 0",
    "bin/node": 'exec bash "$1"',
    "interop/in_namespaces": '"$@"',
    "interop/natlab/enter": '"$@"',
    "auger": "true",
}
AWAIT = f'await() {{ for i in $(seq {PATIENCE * 10}); do [ -e $1 ] && return; sleep 0.1; done; return 1; }}\n'
GOOD = "echo interop: 1 passed, 0 failed"


class InteropRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="auger-interop-run-test-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for path, body in STUBS.items():
            self.write(path, body)
        (self.root / "interop/node_modules/puppeteer-core").mkdir(parents=True)
        shutil.copy(ROOT / "interop/run", self.root / "interop")
        self.names = [path.name for path in (ROOT / "interop/tests").glob("*.mjs")
                      if f"/{path.name}" in (ROOT / "interop/run").read_text()]

    def write(self, path, body):
        program = self.root / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/usr/bin/env bash\n{AWAIT}{body}\n")
        program.chmod(0o755)

    def start(self, *arguments, **changed):
        """With these in the place of tests that pass; a name is that of a file up to its first point."""
        for name in self.names:
            self.write(f"interop/tests/{name}", changed.get(name.partition(".")[0], GOOD))
        return subprocess.Popen([self.root / "interop/run", "--auger", self.root / "auger", *arguments], cwd=self.root,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                env={**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}"})

    def run_with(self, *arguments, **changed):
        done = self.start(*arguments, **changed)
        out, _ = done.communicate(timeout=5 * PATIENCE)
        return done.returncode, out.splitlines()

    def test_counts_all(self):
        status, lines = self.run_with()
        self.assertGreater(len(self.names), 5)
        self.assertEqual((0, f"interop: {len(self.names)} passed, 0 failed"), (status, lines[-1]), lines)

    def test_counts_one_alone(self):
        for name in ("demo_test", "natlab_test"):
            status, lines = self.run_with(f"interop/tests/{name}.mjs", **{name: "echo interop: 7 passed, 0 failed"})
            self.assertEqual((0, "interop: 7 passed, 0 failed"), (status, lines[-1]), lines)

    def test_a_failure_on_either_side_makes_it_fail(self):
        for name in ("all", "demo_test", "natlab_test", "natmatrix_test"):
            status, lines = self.run_with(**{name: "echo interop: 1 passed, 1 failed; exit 1"})
            self.assertEqual((1, f"interop: {len(self.names)} passed, 1 failed"), (status, lines[-1]), lines)

    def test_a_file_that_ends_without_a_word_makes_it_fail(self):
        for name in ("all", "natlab_test"):
            status, lines = self.run_with(**{name: "exit 1"})
            self.assertEqual((1, f"interop: {len(self.names) - 1} passed, 0 failed"), (status, lines[-1]), lines)

    def test_they_run_side_by_side_and_speak_one_after_the_other(self):
        status, lines = self.run_with(
            all=f"echo browser; touch on-a; await on-b || exit 1; echo browser; {GOOD}",
            natlab_test=f"echo one; touch on-b; await on-c && await on-a || exit 1; echo one; {GOOD}",
            natmatrix_test=f"echo two; touch on-c; await on-b || exit 1; echo two; {GOOD}")
        self.assertEqual(0, status, lines)
        said = [line for line in lines if " " not in line]
        self.assertEqual(["browser"] * 2 + ["one"] * 2 + ["two"] * 2, said)

    def test_each_command_teaches_itself_where_nothing_is_built(self):
        (self.root / "auger").unlink()
        (self.root / "interop/natlab").mkdir(exist_ok=True)
        for path in (ROOT / "interop/natlab").glob("*_command.mjs"):
            shutil.copy(path, self.root / "interop/natlab")
        _, all_of_it = self.run_with("--help")
        commands = [line.split("[--auger PATH] ")[1].split()[0] for line in all_of_it if "[--auger PATH] " in line]
        commands = [each for each in commands if each.isalpha()]
        self.assertEqual(len(commands), len(list((self.root / "interop/natlab").glob("*_command.mjs"))))
        for command in commands:
            self.assertIn(f"interop/run {command} --help", " ".join(all_of_it))
            for word in ("--help", "-h"):
                status, lines = self.run_with(command, "any", word)
                self.assertEqual(0, status, lines)
                self.assertTrue(any(line.startswith(f"  interop/run {command} [") for line in lines), lines)
                self.assertFalse([line for line in lines if line.startswith(("//", "import"))])

    def test_what_there_is_not_is_refused(self):
        for word in ("--strange", "interop/tests/strange_test.mjs"):
            status, lines = self.run_with(word)
            self.assertEqual(2, status, lines)
            self.assertIn(word, lines[-1])

    def test_laboratories_end_with_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                running = self.start(natlab_test="echo $$ >pid; touch on-a; sleep 1000", all="await on-a; touch on-b; sleep 1000")
                self.addCleanup(running.stdout.close)
                self.assertTrue(wait_for((self.root / "on-b").exists))
                pid = int((self.root / "pid").read_text())
                os.killpg(running.pid, number)
                running.wait(timeout=PATIENCE)
                self.assertTrue(wait_for(lambda: not is_running(pid)))
                for mark in ("on-a", "on-b"):
                    (self.root / mark).unlink()


def wait_for(condition):
    until = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < until:
        time.sleep(0.1)
    return condition()


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
