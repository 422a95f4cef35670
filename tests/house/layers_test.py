#!/usr/bin/env python3
"""Feeds scripts/check_layers.py one breach of each kind: each has its own message."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

LAYERS = """
base:
stun: base
ice: base stun
peer: base ice
public-only peer: base
order ice: pair check agent
home base: openssl/
home stun: time.h
face: stun/client.h
"""

CLEAN = {
    "scripts/layers.txt": LAYERS,
    "include/auger/base.h": "#include <stdint.h>\n",
    "include/auger/ice.h": "#include <auger/base.h>\n",
    "include/auger/auger.h": "#include <auger/ice.h>\n",
    "base/bytes.h": "#include <auger/base.h>\n#include <openssl/rand.h>\n",
    "stun/msg.h": '#include "base/bytes.h"\n#include <time.h>\n',
    "ice/pair.h": '#include "stun/msg.h"\n',
    "ice/check.h": '#include "ice/pair.h"\n',
    "ice/check.c": '#include "ice/check.h"\n',
    "ice/agent.c": '#include <auger/ice.h>\n#include "ice/check.h"\n',
    "stun/client.h": "",
    "stun/client_inside.h": '#include "stun/client.h"\n',
    "stun/client.c": '#include "stun/client_inside.h"\n',
    "peer/peer.h": '#include <auger/ice.h>\n#include "base/bytes.h"\n',
    "peer/peer.c": '#include "peer/peer.h"\n',
}


def run_on(files):
    """The exit code and the printed lines for a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/check_layers.py", "--root", folder],
            capture_output=True, text=True, check=False)
        return done.returncode, (done.stdout + done.stderr).splitlines()


class Layers(unittest.TestCase):
    def breach(self, files, expected):
        code, lines = run_on({**CLEAN, **files})
        self.assertEqual([expected], lines)
        self.assertEqual(1, code)

    def test_a_clean_tree_passes(self):
        self.assertEqual((0, ["layers: ok"]), run_on(CLEAN))

    def test_a_folder_may_not_look_up(self):
        self.breach({"stun/auth.c": '#include "ice/pair.h"\n'},
                    "stun/auth.c:1: stun may not include ice/pair.h: ice does not lie below it")

    def test_a_folder_may_not_look_up_through_a_public_header(self):
        self.breach({"stun/auth.c": "\n#include <auger/ice.h>\n"},
                    "stun/auth.c:2: stun may not include auger/ice.h: ice does not lie below it")

    def test_a_public_header_may_not_look_up(self):
        self.breach({"include/auger/stun.h": "#include <auger/ice.h>\n"},
                    "include/auger/stun.h:1: stun may not include auger/ice.h: "
                    "ice does not lie below it")

    def test_a_public_header_sees_public_headers_only(self):
        self.breach({"include/auger/stun.h": '#include "base/bytes.h"\n'},
                    "include/auger/stun.h:1: a public header includes only <auger/...>, "
                    'not "base/bytes.h"')

    def test_a_public_only_folder_sees_no_inside(self):
        self.breach({"peer/demux.c": '#include "ice/check.h"\n'},
                    "peer/demux.c:1: peer sees only <auger/...> of what lies below, "
                    'not "ice/check.h"')

    def test_the_order_inside_a_folder_holds(self):
        self.breach({"ice/agent.c": "", "ice/pair.c": '#include "ice/agent.h"\n'},
                    "ice/pair.c:1: inside ice, pair stands below agent and may not include it")

    def test_a_file_of_an_ordered_folder_has_its_place(self):
        self.breach({"ice/stray.c": '#include "ice/pair.h"\n'},
                    "ice/stray.c:1: stray has no place in the order of ice")

    def test_a_circle_is_found(self):
        self.breach({"stun/a.h": '#include "stun/b.h"\n', "stun/b.h": '#include "stun/c.h"\n',
                     "stun/c.c": '#include "stun/a.h"\n'},
                    "circle: stun/a -> stun/b -> stun/c -> stun/a")

    def test_a_system_header_stays_in_its_home(self):
        self.breach({"stun/auth.c": "#include <openssl/hmac.h>\n"},
                    "stun/auth.c:1: <openssl/hmac.h> has its home elsewhere, "
                    "stun may not include it")

    def test_a_name_is_written_from_the_root(self):
        self.breach({"stun/auth.c": '#include "msg.h"\n'},
                    'stun/auth.c:1: "msg.h" is not written from the root, or names no layer')

    def test_this_tree_is_clean(self):
        done = subprocess.run([sys.executable, ROOT / "scripts/check_layers.py"],
                              capture_output=True, text=True, check=False)
        self.assertEqual("layers: ok\n", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
