#!/usr/bin/env python3
"""A recording has every input of an agent in it: each public call that changes one can be recorded, and
each field of its configuration and of a candidate is."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def text_of(*names):
    text = "".join((ROOT / name).read_text() for name in names)
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def fields_of(struct):
    body = re.search(rf"struct {struct} \{{(.*?)\n\}};", text_of("include/auger/ice.h"), re.S).group(1)
    for declaration in body.split(";"):
        names = re.sub(r"^\s*(?:const\s+)?(?:enum\s+|struct\s+)?\w+\s+", "", declaration.strip())
        yield from (name.partition("[")[0].strip(" *") for name in names.split(",") if name.strip())


class Record(unittest.TestCase):
    def test_every_call_that_changes_an_agent_can_be_recorded(self):
        headers = [str(path.relative_to(ROOT)) for path in (ROOT / "include/auger").glob("ice*.h")]
        calls = set(re.findall(r"\bauger_ice_(\w+)\(struct auger_ice \*(?:\*out|ice)", text_of(*headers)))
        self.assertGreater(len(calls), 15)
        recorded = set(re.findall(r"\bauger_record_(\w+)\(", text_of("include/auger/record.h")))
        self.assertEqual(set(), calls - recorded)

    def test_every_field_is_recorded_and_replayed(self):
        for struct, variable, at_least in (("auger_ice_config", "config", 13), ("auger_cand", "cand", 7)):
            fields = set(fields_of(struct))
            self.assertGreaterEqual(len(fields), at_least)
            for name in ("record/recorder.c", "record/replay.c"):
                used = set(re.findall(rf"\b{variable}(?:->|\.)(\w+)", text_of(name)))
                self.assertEqual(set(), fields - used, name)

    def test_a_peer_calls_its_agent_through_the_recorder(self):
        calls = set(re.findall(r"\bauger_record_(\w+)\(", text_of("include/auger/record.h")))
        peer = text_of(*(str(path.relative_to(ROOT)) for path in (ROOT / "peer").glob("*.c")))
        unseen = [call for call in calls if re.search(rf"\bauger_ice_{call.removesuffix('_sized')}(_sized)?\(", peer)]
        self.assertEqual([], unseen)


if __name__ == "__main__":
    unittest.main()
