#!/usr/bin/env python3
"""`auger sim` as its users run it: the story, its JSON, its picture, its steps and its exit status.

    sim_test.py PATH_OF_AUGER"""

import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

AUGER = "auger"
LONG = 60  # seconds; a bound for what never ends, not a measure
ROW = re.compile(r"^ +(?:\S+ (?:writes|lets it in by))? *(\d+) \| (\S+) +\| (\S+) ", re.M)


def run(*args, stdin=b""):
    return subprocess.run([AUGER, "sim", *args], input=stdin, capture_output=True, timeout=LONG, check=False)


def story(*args):
    done = run(*args)
    return done.returncode, done.stdout.decode()


def on_a_terminal(*args, environment=None):
    """What it prints there."""
    main, other = pty.openpty()
    process = subprocess.Popen([AUGER, "sim", *args], stdin=subprocess.DEVNULL, stdout=other,
                               env={**os.environ, "TERM": "xterm", **(environment or {})})
    os.close(other)
    told = b""
    try:
        while piece := os.read(main, 65536):
            told += piece
    except OSError:  # the other end is closed
        pass
    os.close(main)
    process.wait(timeout=LONG)
    return told


class Help(unittest.TestCase):
    def test_it_teaches_every_name_that_it_takes(self):
        told = subprocess.run([AUGER, "help", "sim"], capture_output=True, timeout=LONG, check=True).stdout.decode()
        names = re.findall(r"^  ([a-z][\w+-]+|home/carrier) ", told, re.M)
        names += [word for words in re.findall(r"\(also: ([^)]*)\)", told) for word in re.split(r"[,;] *", words)]
        names = [name.replace("home/carrier", "port-restricted/symmetric") for name in names]
        self.assertGreater(len(names), 12)
        for name in names:
            with self.subTest(name=name):
                self.assertEqual(b"", run(name, "open").stderr)

    def test_it_names_how_it_ends(self):
        told = subprocess.run([AUGER, "sim", "--help"], capture_output=True, timeout=LONG, check=True).stdout
        self.assertIn(b"usage: auger sim", told)
        self.assertIn(b"Exit status:", told)

    def test_wrong_usage_is_named_and_ends_with_2(self):
        for args, word in (((), "two NATs"), (("open",), "two NATs"), (("open", "nat"), "nat"),
                           (("open", "open", "open"), "open"), (("open", "EIM/no"), "EIM/no"),
                           (("open", "open", "--step", "--json"), "--step"),
                           (("open", "open", "--seed", "x"), "--seed"),
                           (("open", "a\x1b[31m"), "a?[31m")):
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual((2, b""), (done.returncode, done.stdout))
                self.assertIn(word, done.stderr.decode())
                self.assertNotIn("\x1b", done.stderr.decode())


class Story(unittest.TestCase):
    def test_a_hole_opens(self):
        status, told = story("port-restricted", "port-restricted", "--no-turn")
        self.assertEqual(0, status)
        self.assertRegex(told, r"(?m)^connected directly, after \d+ ms: alice \S+ \(srflx\) and bob \S+ \(srflx\)$")
        falls, opens = told.index("x it falls at nat-alice"), told.index("the hole to alice is open")
        self.assertLess(falls, opens)
        self.assertIn("the hole to bob is open", told)
        self.assertNotIn("turn", told)

    def test_the_relay_takes_over(self):
        status, told = story("symmetric", "port-restricted")
        self.assertEqual(0, status)
        self.assertIn("the relay carries it across", told)
        self.assertRegex(told, r"(?m)^connected by relay, ")
        self.assertNotIn("hole to", told)

    def test_without_a_relay_there_is_none(self):
        status, told = story("symmetric", "port-restricted", "--no-turn")
        self.assertEqual(1, status)
        self.assertIn("\nnot connected, ", told)
        self.assertRegex(told, r"nat-alice has port \d+ for stun, of which bob is told, and \d+ for bob\.")

    def test_the_tables_at_the_end_have_the_rows_that_were_written(self):
        _, told = story("port-restricted/symmetric", "full-cone", "--no-turn")
        for nat in ("home-alice", "carrier-alice", "nat-bob"):
            with self.subTest(nat=nat):
                written = re.findall(rf"(?m)^ +{nat} writes +(\d+) \| (\S+) +\| (\S+)", told)
                table = told.split(f"\n\n{nat}, a", 1)[1].split("\n\n")[0]
                self.assertGreater(len(written), 0)
                self.assertEqual(written, re.findall(r"(?m)^ +(\d+) \| (\S+) +\| (\S+)", table))

    def test_with_prediction_the_packet_gets_in_that_fell_without(self):
        meeting = ("symmetric+100", "port-restricted", "--no-turn")
        status, told = story(*meeting)
        self.assertEqual((1, False), (status, "the hole to alice" in told))
        self.assertIn("x it falls at nat-alice: no row", told)
        for option in ("--predict-alice", "--predict"):
            with self.subTest(option=option):
                status, told = story(*meeting, option)
                self.assertEqual(0, status)
                self.assertIn("stun2 is ", told)
                self.assertRegex(told, r"\balice predicts: ")
                written = dict(reversed(row) for row in re.findall(r"(?m)nat-alice writes +(\d+) \| (\S+) ", told))
                guess, = re.findall(r"bob is told of a guess of alice's: \S+:(\d+) ", told)
                self.assertIn(guess, written.values())
        self.assertRegex(told, rf"alice guessed \S+:{guess}, and it was right\.|alice \S+ \(prflx\) and bob")

    def test_prediction_is_of_one_side_or_both(self):
        for option, who in (("--predict-alice", {"alice"}), ("--predict-bob", {"bob"}), ("--predict", {"alice", "bob"})):
            with self.subTest(option=option):
                _, told = story("symmetric+1", "port-restricted", "--no-turn", option)
                self.assertEqual(who, set(re.findall(r"(?m)^ +\d+ ms  (alice|bob) predicts: ", told)))

    def test_what_is_in_no_order_is_not_guessed(self):
        status, told = story("symmetric", "port-restricted", "--no-turn", "--predict")
        self.assertEqual((1, False), (status, "a guess" in told))
        self.assertIn("they are in no order", told)

    def test_a_seed_is_a_story(self):
        once, again, other = (story("symmetric", "full-cone", "--seed", seed) for seed in ("4", "4", "5"))
        self.assertEqual(once, again)
        self.assertNotEqual(once, other)

    def test_the_way_takes_as_long_as_it_is_said_to(self):
        told = [json.loads(line) for line in run("open", "open", "--json", "--delay", "7").stdout.splitlines()]
        left = {beat["datagram"]: beat["ms"] for beat in told if beat["what"] == "leaves"}
        ways = {beat["ms"] - left[beat["datagram"]] for beat in told if beat["what"] == "arrives"}
        self.assertEqual({7}, ways)


class Json(unittest.TestCase):
    def test_each_line_is_one_thing(self):
        done = run("full-cone", "symmetric", "--json")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(["alice", "nat-alice", "stun", "turn", "nat-bob", "bob"],
                         [thing["name"] for thing in told if thing["what"] == "place"])
        self.assertEqual({"place", "leaves", "writes", "passes", "arrives", "told", "state", "selected", "end"},
                         {thing["what"] for thing in told} - {"falls"})
        self.assertEqual((0, "end", "direct"), (done.returncode, told[-1]["what"], told[-1]["end"]))
        self.assertEqual(told[-1]["ms"], max(thing["ms"] for thing in told if thing.get("words") == "connected"))

    def test_a_guess_is_marked(self):
        done = run("symmetric+2", "port-restricted", "--no-turn", "--predict-alice", "--json")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        plan, bracket = ({thing["what"]: thing for thing in told}[what] for what in ("predicts", "brackets"))
        self.assertEqual(("bracket", "exact", 1, 2), (plan["words"], bracket["words"], bracket["ports"], bracket["step"]))
        guesses = [thing["src"] for thing in told if thing.get("guess")]
        self.assertEqual([told[-1]["alice"]["address"]], guesses)

    def test_it_says_why_there_is_no_path(self):
        done = run("udp-blocked", "open", "--no-turn", "--json")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((1, "apart"), (done.returncode, told[-1]["end"]))
        self.assertEqual({"UDP blocked"}, {thing["why"] for thing in told if thing["what"] == "falls"})
        self.assertTrue(told[-1]["alice"] and told[-1]["bob"])


class Steps(unittest.TestCase):
    def test_it_waits_for_enter(self):
        whole = run("full-cone", "open", "--no-turn", "--step", stdin=b"\n" * 500).stdout.decode()
        self.assertGreater(whole.count("Enter goes on"), 10)
        process = subprocess.Popen([AUGER, "sim", "full-cone", "open", "--no-turn", "--step"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        told = b""
        while b"Enter goes on" not in told:  # it ends neither before nor after
            told += os.read(process.stdout.fileno(), 65536)
        self.assertIsNone(process.poll())
        self.assertTrue(whole.encode().startswith(told))
        process.communicate(b"", timeout=LONG)  # who is not there need not be waited for
        self.assertEqual(0, process.returncode)

    def test_a_guess_is_a_step(self):
        told = run("symmetric+1", "port-restricted", "--no-turn", "--predict-alice", "--step", stdin=b"\n" * 500).stdout.decode()
        steps = [step for step in told.split("Enter goes on") if "predicts" in step or "compares" in step or "guess of" in step]
        self.assertEqual(3, len(steps))

    def test_the_table_fills(self):
        told = run("symmetric", "open", "--no-turn", "--step", stdin=b"\n" * 500).stdout.decode()
        tables = told.split("nat-alice, a symmetric NAT")[1:]
        rows = [len(re.findall(r"(?m)^ +\d+ \| ", table.split("Enter")[0].split("\n\n")[0])) for table in tables]
        self.assertEqual([1, 2, 2], rows)  # the last one is that of the end


class Colours(unittest.TestCase):
    def test_only_a_terminal_has_them(self):
        self.assertNotIn(b"\x1b", run("open", "full-cone").stdout)
        self.assertIn(b"\x1b[32m", on_a_terminal("open", "full-cone"))
        self.assertNotIn(b"\x1b", on_a_terminal("open", "full-cone", environment={"NO_COLOR": "1"}))
        self.assertNotIn(b"\x1b", on_a_terminal("open", "full-cone", environment={"TERM": "dumb"}))


class Picture(unittest.TestCase):
    def drawn(self, *args):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "story.svg")
            done = run(*args, "--svg", str(path))
            return done, path.read_bytes()

    def test_it_is_well_formed_and_stays_within_its_frame(self):
        for args in (("open", "open"), ("symmetric", "port-restricted"), ("symmetric", "symmetric", "--no-turn"),
                     ("udp-blocked", "full-cone/EIM/ADF/symmetric"), ("firewall", "symmetric+100"),
                     ("symmetric+1", "symmetric+2", "--no-turn", "--predict"),
                     ("symmetric+1/symmetric+1/symmetric+1", "full-cone/full-cone/port-restricted", "--predict")):
            with self.subTest(args=args):
                _, svg = self.drawn(*args)
                root = xml.dom.minidom.parseString(svg).documentElement
                width, height = (float(root.getAttribute(name)) for name in ("width", "height"))
                for line in root.getElementsByTagName("line"):
                    for name, most in (("x1", width), ("x2", width), ("y1", height), ("y2", height)):
                        self.assertTrue(0 <= float(line.getAttribute(name)) <= most)
                for text in root.getElementsByTagName("text"):
                    self.assertTrue(0 <= float(text.getAttribute("y")) <= height)

    def test_it_draws_what_is_told(self):
        done, svg = self.drawn("port-restricted", "port-restricted", "--no-turn")
        root = xml.dom.minidom.parseString(svg).documentElement
        texts = {text.firstChild.data: text.getAttribute("class") for text in root.getElementsByTagName("text")
                 if text.firstChild}
        rows = re.findall(r"(?m)writes +(\d+) \| (\S+) +\| (\S+)", done.stdout.decode())
        self.assertEqual({" | ".join(row) for row in rows}, {text for text, look in texts.items() if look == "row"})
        crosses = [path for path in root.getElementsByTagName("path") if path.getAttribute("class") == "cross"]
        self.assertEqual(done.stdout.count(b"x it falls"), len(crosses))
        self.assertTrue({"alice", "nat-alice", "stun", "nat-bob", "bob", "connected"} <= set(texts))

    def test_it_draws_the_guess(self):
        _, svg = self.drawn("symmetric+100", "port-restricted", "--no-turn", "--predict-alice")
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode())
        said = [text for text in texts if "fresh sockets" in text or "in the middle" in text or "a guess" in text]
        self.assertEqual(3, len(said))
        port = re.search(r"a guess, I shall be at \S+:(\d+)", said[2]).group(1)
        self.assertTrue(any(text.startswith(f"{port} | ") for text in texts))

    def test_a_file_that_cannot_be_written_is_named(self):
        done = run("open", "open", "--svg", "/nowhere/story.svg")
        self.assertEqual((1, b""), (done.returncode, done.stdout))
        self.assertIn(b"/nowhere/story.svg", done.stderr)


if __name__ == "__main__":
    AUGER = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
