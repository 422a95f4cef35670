#!/usr/bin/env python3
"""The table of what should connect is what the reasoning gives, and no commit bends both it and the agent."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TABLE = ("tests/matrix/expected.tsv", "tests/matrix/reasoning.py")


def git(root, *arguments):
    return subprocess.run(["git", "-c", "safe.directory=*", "-C", root, *arguments],
                          capture_output=True, text=True, check=True).stdout


def mixed_commits(root):
    """Commits that change the table and ice/ together. One without a parent (the first, or where a
    shallow clone ends) shows every file as new and says nothing."""
    commits = git(root, "log", "--format=%H", "--min-parents=1", "--", *TABLE).split()
    return [commit for commit in commits
            if any(name.startswith("ice/") for name in
                   git(root, "diff-tree", "--no-commit-id", "--name-only", "-r", commit).split())]


def read_table():
    """{(group, row, column): outcome fields}"""
    outcomes, columns, cells = {}, {}, {}
    for line in (ROOT / TABLE[0]).read_text().splitlines():
        kind, *fields = line.split("\t")
        if kind == "outcome":
            outcomes[fields[0]] = fields[1:]
        elif kind == "columns":
            columns[fields[0]] = fields[1].split()
        elif kind == "row":
            for column, code in zip(columns[fields[0]], fields[2], strict=True):
                cells[fields[0], fields[1], column] = outcomes[code]
    return cells


def turned(paths):
    return sorted("-".join(reversed(path.split("-"))) for path in paths.split(","))


class Matrix(unittest.TestCase):
    def test_the_table_is_what_the_reasoning_gives(self):
        reasoned = subprocess.run([sys.executable, ROOT / TABLE[1]], capture_output=True, text=True,
                                  check=True).stdout
        self.assertTrue(reasoned == (ROOT / TABLE[0]).read_text(),
                        "run tests/matrix/reasoning.py > tests/matrix/expected.tsv")

    def test_the_table_is_the_same_from_both_ends(self):
        cells = read_table()
        turns = 0
        for (group, row, column), (*paths, why) in cells.items():
            mirror = cells.get((group, column, row))
            if mirror:
                bare, both, of_a, of_b = map(turned, mirror[:4])
                self.assertEqual([bare, both, of_b, of_a, mirror[4]],
                                 [*(sorted(path.split(",")) for path in paths), why],
                                 f"{group}: {row} and {column}")
                turns += bare != ["-"]
        self.assertGreater(turns, 1000)

    def test_no_commit_bends_the_table_and_the_agent(self):
        if (ROOT / ".git").exists():
            self.assertEqual([], mixed_commits(ROOT))

    def test_a_commit_that_does_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            git(folder, "init", "-q")
            self.commit(folder, *TABLE, "ice/agent.c")
            self.commit(folder, TABLE[0])
            self.commit(folder, "ice/agent.c")
            self.assertEqual([], mixed_commits(folder))
            self.commit(folder, TABLE[0], "ice/agent.c")
            self.assertEqual(1, len(mixed_commits(folder)))
            self.commit(folder, TABLE[1], "ice/pair.c")
            self.assertEqual(2, len(mixed_commits(folder)))

    @staticmethod
    def commit(folder, *names):
        for name in names:
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write("changed\n")
        git(folder, "add", ".")
        git(folder, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "t")


if __name__ == "__main__":
    unittest.main()
