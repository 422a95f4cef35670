#!/usr/bin/env python3
"""What libauger.so exports is what the public headers declare, no more and no less.

    exports_test.py LIBRARY [TOOLS_ARCHIVE]"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIBRARY, TOOLS = None, None


def symbols(*arguments):
    out = subprocess.run(["nm", *arguments], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if len(line.split()) > 1}


def exported():
    return symbols("-D", "--defined-only", LIBRARY)


def declared():
    """Names after AUGER_API in the public headers."""
    text = "".join(path.read_text() for path in (ROOT / "include/auger").glob("*.h"))
    return set(re.findall(r"AUGER_API\b[^;]*?\b(auger_\w+)\s*\(", text))


class Exports(unittest.TestCase):
    def test_every_exported_symbol_begins_with_auger(self):
        strangers = [name for name in exported() if not name.startswith("auger_")]
        self.assertEqual([], strangers)

    def test_every_declared_function_is_exported(self):
        self.assertEqual(set(), declared() - exported())

    def test_nothing_else_is_exported(self):
        self.assertEqual(set(), exported() - declared())

    def test_the_program_needs_only_what_is_exported(self):
        if TOOLS is None:
            return
        needed = {name for name in symbols("-u", TOOLS) if name.startswith("auger_")}
        self.assertEqual(set(), needed - symbols("--defined-only", TOOLS) - exported())


if __name__ == "__main__":
    LIBRARY = sys.argv[1]
    TOOLS = sys.argv[2] if len(sys.argv) > 2 else None
    unittest.main(argv=sys.argv[:1])
