#!/usr/bin/env python3
"""The places of base/buggify.h are asked where they stand, and nothing that is shipped has them.

    buggify_test.py LIBRARY ARCHIVE WORLDS"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHIPPED, WORLDS = [], None


def symbols(path):
    return subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout


def places():
    text = (ROOT / "base/buggify.h").read_text()
    return set(re.findall(r"AUGER_BUGGIFY_(\w+),", text))


class Buggify(unittest.TestCase):
    def test_every_place_is_asked_once(self):
        asked = []
        for path in ROOT.glob("[a-z]*/*.c"):
            asked += re.findall(r"AUGER_BUGGIFY\((\w+)\)", path.read_text())
        self.assertGreater(len(asked), 5)
        self.assertEqual(sorted(places()), sorted(asked))

    def test_the_worlds_have_the_hook(self):
        self.assertIn("auger_buggify", symbols(WORLDS))

    def test_nothing_that_is_shipped_has_it(self):
        for path in SHIPPED:
            self.assertNotIn("buggif", symbols(path).lower(), path)


if __name__ == "__main__":
    SHIPPED, WORLDS = sys.argv[1:3], sys.argv[3]
    unittest.main(argv=sys.argv[:1])
