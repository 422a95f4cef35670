#!/usr/bin/env python3
"""Every public function is called by a test in which memory runs out, or tests/memory/uncovered.txt
says why it need not be; and who is said to take no memory has no way to.

    memory_test.py ARCHIVES... -- OBJECTS...

ARCHIVES are our layers' (libauger_LAYER.a), OBJECTS those of the tests in which memory runs out."""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIST = ROOT / "tests/memory/uncovered.txt"
ALLOCATORS = {"malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "posix_memalign",
              "strdup", "strndup", "asprintf", "vasprintf"}
ARCHIVES, OBJECTS = [], []


def needed(path):
    """The symbols that a file wants of others."""
    out = subprocess.run(["nm", "-u", path], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if " U " in f" {line}"}


def declared():
    """Each public function with the header it stands in, without ".h"."""
    for path in sorted((ROOT / "include/auger").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for name in re.findall(r"AUGER_API\b[^;]*?\b(auger_\w+)\s*\(", text):
            yield path.stem, name


def reasons():
    """The lines of the list: what is not covered, and why."""
    for line in LIST.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, why = line.partition(":")
            yield name.strip(), why.strip()


class Memory(unittest.TestCase):
    maxDiff = None

    def covered(self):
        return set().union(*(needed(path) for path in OBJECTS))

    def test_every_public_function_is_swept_or_has_a_reason(self):
        listed, covered = dict(reasons()), self.covered()
        missing = [name for header, name in declared()
                   if name not in covered and name not in listed
                   and f"<auger/{header}.h>" not in listed]
        self.assertEqual([], missing)

    def test_every_reason_is_needed_and_says_something(self):
        names, covered = dict(declared()), self.covered()
        functions = {name for _, name in declared()}
        for name, why in reasons():
            with self.subTest(name=name):
                self.assertGreater(len(why), 10)
                if name.startswith("<"):
                    self.assertIn(name.removeprefix("<auger/").removesuffix(".h>"), names)
                else:
                    self.assertIn(name, functions)
                    self.assertNotIn(name, covered)

    def test_no_function_is_listed_twice(self):
        names = [name for name, _ in reasons()]
        self.assertEqual([], [name for name in sorted(set(names)) if names.count(name) > 1])

    def test_who_takes_no_memory_has_no_way_to(self):
        """Memory comes from an environment, or from calloc() where a test can take its place."""
        allowed = {"crypto": {"calloc"}, "stun": {"calloc"}, "io": ALLOCATORS}
        for archive in ARCHIVES:
            layer = pathlib.Path(archive).stem.removeprefix("libauger_")
            with self.subTest(layer=layer):
                self.assertEqual(set(), (needed(archive) & ALLOCATORS) - allowed.get(layer, set()))

    def test_the_list_can_be_read_at_all(self):
        self.assertGreater(len(list(declared())), 100)
        self.assertGreater(len(self.covered()), 100)


if __name__ == "__main__":
    at = sys.argv.index("--")
    ARCHIVES, OBJECTS = sys.argv[1:at], sys.argv[at + 1:]
    unittest.main(argv=sys.argv[:1])
