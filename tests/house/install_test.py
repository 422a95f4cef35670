#!/usr/bin/env python3
"""Installs auger into a temporary prefix and builds a ten-line program against it: with pkg-config and
with find_package, in C and in C++, shared and static; each makes an offer.

    install_test.py CMAKE CC CXX"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CONSUMER = ROOT / "tests/house/consumer"
CMAKE, CC, CXX = "cmake", "cc", "c++"
MAJOR, MINOR = re.search(r"^project\(auger VERSION (\d+)\.(\d+)\.", (ROOT / "CMakeLists.txt").read_text(), re.M).groups()
SONAME = f"libauger.so.{MAJOR}" if int(MAJOR) else f"libauger.so.0.{MINOR}"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise AssertionError(f"{shlex.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="auger-install-")
        cls.work = pathlib.Path(cls.folder.name)
        cls.prefix = cls.work / "prefix"
        run(CMAKE, "-S", ROOT, "-B", cls.work / "build", "-G", "Ninja", f"-DCMAKE_C_COMPILER={CC}",
            "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS_RELEASE=-DNDEBUG", f"-DCMAKE_INSTALL_PREFIX={cls.prefix}",
            "-DCMAKE_INSTALL_LIBDIR=lib",
            "-DAUGER_TESTS=OFF", "-DAUGER_TOOLS=OFF", "-DAUGER_BENCH=OFF")
        run(CMAKE, "--build", cls.work / "build")
        run(CMAKE, "--install", cls.work / "build")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def offers(self, program):
        found = {**os.environ, "LD_LIBRARY_PATH": str(self.prefix / "lib")}
        offer = run(program, env=found)
        self.assertTrue(offer.startswith("v=0\n"), offer)  # text mode: CRLF was read as one
        self.assertIn("a=fingerprint:sha-256 ", offer)

    def needs_library(self, program):
        return f"[{SONAME}]" in run("readelf", "-d", program)

    def pkg_config(self, *arguments):
        path = {**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}
        return shlex.split(run("pkg-config", *arguments, "auger", env=path))

    def with_pkg_config(self, static):
        flags = self.pkg_config("--cflags", "--libs", *(["--static"] if static else []))
        if static:
            flags = ["-l:libauger.a" if flag == "-lauger" else flag for flag in flags]
        for compiler, language in ((CC, "c"), (CXX, "c++")):
            with self.subTest(language=language):
                program = self.work / f"pc-{language}-{static}"
                run(compiler, f"-x{language}", CONSUMER / "main.c", "-xnone", *flags, "-o", program)
                self.assertEqual(not static, self.needs_library(program))
                self.offers(program)

    def test_a_program_builds_with_pkg_config_shared(self):
        self.with_pkg_config(static=False)

    def test_a_program_builds_with_pkg_config_static(self):
        self.with_pkg_config(static=True)

    def test_a_program_builds_with_find_package(self):
        build = self.work / "consumer"
        run(CMAKE, "-S", CONSUMER, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={CC}", f"-DCMAKE_CXX_COMPILER={CXX}")
        run(CMAKE, "--build", build)
        for language in ("c", "cxx"):
            for library in ("auger", "static"):
                with self.subTest(language=language, library=library):
                    program = build / f"{language}_{library}"
                    self.assertEqual(library == "auger", self.needs_library(program))
                    self.offers(program)

    def test_before_1_0_each_minor_version_has_its_soname(self):
        self.assertIn(f"soname: [{SONAME}]", run("readelf", "-d", self.prefix / "lib/libauger.so"))

    def test_only_public_headers_are_installed(self):
        installed = {str(path.relative_to(self.prefix / "include"))
                     for path in (self.prefix / "include").rglob("*") if path.is_file()}
        public = {f"auger/{path.name}" for path in (ROOT / "include/auger").glob("*.h")}
        self.assertEqual(public, installed)


if __name__ == "__main__":
    CMAKE, CC, CXX = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
