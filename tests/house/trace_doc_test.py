#!/usr/bin/env python3
"""docs/trace.md names every trace record and every field that the code leaves, and no other."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LAYERS = ("base", "crypto", "stun", "turn", "ice", "mux", "mdns", "portmap", "dtls", "tls", "sctp", "sdp", "peer", "io")


def calls(text):
    """The argument lists of every auger_trace() in it."""
    for found in re.finditer(r"\bauger_trace\(", text):
        depth, at = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield text[found.end():at - 1]


def in_code(root=ROOT):
    """{name: fields} of every record; a call without a literal name is a breach."""
    records = {}
    for layer in LAYERS:
        for path in sorted((root / layer).glob("*.c")):
            for call in calls(path.read_text()):
                names = re.findall(r'"([a-z]+:[a-z_]+)"', call)
                if len(names) != 1:
                    raise AssertionError(f"{path}: a record needs one literal name: {call[:80]}")
                records.setdefault(names[0], set()).update(re.findall(r'AUGER_F_[A-Z]+\(\s*"(\w+)"', call))
    for path in sorted((root / "tools").glob("*.c")):
        for name in re.findall(r'\.name = "(trace:[a-z_]+)"', path.read_text()):
            records.setdefault(name, set())
    return records


def fields_in(cell):
    """Field names stand first; what is in parentheses or behind a colon are values."""
    while re.search(r"\([^()]*\)", cell):
        cell = re.sub(r"\([^()]*\)", "", cell)
    return {name for part in cell.split(";") for name in re.findall(r"`([a-z_]+)`", part.partition(":")[0])}


def in_document(text):
    """{name: fields}; a name that stands in two rows is a breach."""
    records = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`([a-z]+:[a-z_]+)`", cells[0])
        if line.startswith("|") and names and len(cells) == 3:
            for name in names:
                if name in records:
                    raise AssertionError(f"{name} has two rows")
                records[name] = fields_in(cells[2])
    return records


def document():
    return in_document((ROOT / "docs/trace.md").read_text())


class Trace(unittest.TestCase):
    def test_there_are_some(self):
        self.assertGreater(len(in_code()), 25)

    def test_every_record_has_its_row_and_every_row_its_record(self):
        self.assertEqual(sorted(in_code()), sorted(document()))

    def test_the_fields_are_the_same(self):
        documented = document()
        for name, fields in in_code().items():
            with self.subTest(record=name):
                self.assertEqual(fields, documented.get(name))

    def test_every_record_means_something_to_a_person(self):
        told = set(re.findall(r'\{"([a-z]+:[a-z_]+)"', (ROOT / "tools/story.c").read_text()))
        self.assertEqual(told, set(in_code()))

    def test_rows_are_read_as_they_are_meant(self):
        self.assertEqual(in_document("| `a:b`, `a:c` | when `x` | `from`, `to` (`y`, `z`); `why`: `w`; `n` of `m:q` |"),
                         {"a:b": {"from", "to", "why", "n"}, "a:c": {"from", "to", "why", "n"}})


if __name__ == "__main__":
    unittest.main()
