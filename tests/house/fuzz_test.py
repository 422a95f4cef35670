#!/usr/bin/env python3
"""scripts/fuzz fails a target that crashes, misses what it claims, claims nothing, has no corpus, is
missing or is not listed; and passes one that does its work."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

CMAKE = """cmake_minimum_required(VERSION 3.25)
project(fake LANGUAGES C)
file(GLOB targets tests/fuzz/*_fuzz.c)
foreach(source ${targets})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY tests/fuzz)
endforeach()
"""

TARGET = """/* fuzz: reaches {claims} */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static void inner(const uint8_t *data, size_t len)
{{
    if (len == 1 && data[0] == 'x')
        {act};
}}

void outer(void);
void outer(void) {{}}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{{
    inner(data, len);
    return 0;
}}
"""


class Fuzz(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="auger-fuzz-test-")
        root = pathlib.Path(cls.folder.name)
        (root / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/fuzz", root / "scripts")
        shutil.copy(ROOT / "CMakePresets.json", root)
        (root / "CMakeLists.txt").write_text(CMAKE)
        for name, claims, act in (("good", "inner", "return"), ("crashing", "inner", "abort()"),
                                  ("missing_its_claim", "inner outer", "return"),
                                  ("without_corpus", "inner", "return"), ("stray", "inner", "return")):
            corpus = root / "tests/fuzz/corpus" / name
            corpus.mkdir(parents=True)
            if name != "without_corpus":
                (corpus / "one-letter").write_text("x")
            (root / f"tests/fuzz/{name}_fuzz.c").write_text(TARGET.format(claims=claims, act=act))
        path = root / "tests/fuzz/without_claim_fuzz.c"
        path.write_text(TARGET.format(claims="inner", act="return").replace("fuzz: reaches", ""))
        (root / "tests/fuzz/targets.txt").write_text(
            "# the list\ngood\ncrashing\nmissing_its_claim\nwithout_corpus\nwithout_claim\nabsent\n")
        cls.done = subprocess.run([root / "scripts/fuzz", "--seconds", "6"], capture_output=True,
                                  text=True, check=False)
        cls.lines = {line.split()[0]: line for line in cls.done.stdout.splitlines()}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def says(self, name, text):
        self.assertIn(text, self.lines.get(name, self.done.stdout + self.done.stderr))

    def test_one_that_does_its_work_passes(self):
        self.says("good", "reached all 1 functions")
        self.assertNotIn(" 0 runs", self.lines["good"])

    def test_one_that_crashes_fails(self):
        self.says("crashing", "FAILED: ")
        self.says("crashing", "deadly signal")

    def test_one_that_misses_what_it_claims_fails(self):
        self.says("missing_its_claim", "FAILED: it did not reach outer")

    def test_one_that_claims_nothing_fails(self):
        self.says("without_claim", "FAILED: its first lines say no")

    def test_one_without_a_corpus_fails(self):
        self.says("without_corpus", "FAILED: tests/fuzz/corpus/without_corpus is empty")

    def test_one_that_is_missing_fails(self):
        self.says("absent", "FAILED: it is missing")

    def test_one_that_is_not_listed_fails(self):
        self.says("stray", "reached all")
        self.assertIn("targets.txt does not list it", self.done.stdout)

    def test_the_last_line_counts_them(self):
        self.assertEqual("fuzz: 2 passed, 6 failed", self.done.stdout.splitlines()[-1])
        self.assertEqual(1, self.done.returncode)


if __name__ == "__main__":
    unittest.main()
