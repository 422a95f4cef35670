#!/usr/bin/env python3
"""Each public header compiles alone, as C11 and as C++17, without a warning.

    headers_test.py CC CXX"""

import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HEADERS = sorted((ROOT / "include/auger").glob("*.h"))
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", f"-I{ROOT / 'include'}"]
CC, CXX = "cc", "c++"


def complaints(compiler, language, standard, text):
    """What the compiler says of this text; "" if nothing."""
    return subprocess.run([compiler, f"-x{language}", f"-std={standard}", *STRICT, "-"],
                          input=text, capture_output=True, text=True, check=False).stderr


class Headers(unittest.TestCase):
    def test_there_are_some(self):
        self.assertGreater(len(HEADERS), 5)

    def test_each_compiles_alone(self):
        for header in HEADERS:
            text = f"#include <auger/{header.name}>\n#include <auger/{header.name}>\n"
            for compiler, language, standard in ((CC, "c", "c11"), (CXX, "c++", "c++17")):
                with self.subTest(header=header.name, standard=standard):
                    self.assertEqual("", complaints(compiler, language, standard, text))

    def test_the_umbrella_names_them_all(self):
        text = (ROOT / "include/auger/auger.h").read_text()
        for header in HEADERS:
            if header.name != "auger.h":
                self.assertIn(f"#include <auger/{header.name}>", text)

    def test_a_header_that_leans_on_another_is_caught(self):
        self.assertNotEqual("", complaints(CC, "c", "c11", "struct auger_bytes b;\n"))


if __name__ == "__main__":
    CC, CXX = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
