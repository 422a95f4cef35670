#!/usr/bin/env python3
"""The program as its users run it, on loopback: gather, serve, connect and peer as processes.

    program_test.py PATH_OF_AUGER"""

import contextlib
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

AUGER = "auger"
LONG = 60  # seconds; a bound for what never ends, not a measure
PATIENCE = 120  # seconds for one event of a peer
SESSIONS = 24  # of `auger serve` at once


def run(*args, stdin=b""):
    return subprocess.run([AUGER, *args], input=stdin, capture_output=True, timeout=LONG, check=False)


class Serve:
    """`auger serve` on ports of its own."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [AUGER, "serve", "--json", "--loopback", "--listen", "127.0.0.1:0", "--stun", "127.0.0.1:0", *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate(timeout=LONG)[1].decode())
        self.told = json.loads(line)
        self.url = self.told["url"]

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=LONG)
        return self.process.returncode, err.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        self.process.stdout.close()
        self.process.stderr.close()


def request(url, method="GET", body=None, kind=None):
    asked = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind} if kind else {})
    try:
        with urllib.request.urlopen(asked, timeout=LONG) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


class Peer:
    """`auger peer`, driven by JSON lines."""

    def __init__(self, *args, where=("--loopback",)):
        self.process = subprocess.Popen([AUGER, "peer", *where, *args], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.number = 0
        self.events = []
        self.wait(lambda e: e.get("ev") == "ready")

    def wait(self, wanted):
        for event in self.events:
            if wanted(event):
                return event
        patience = threading.Timer(PATIENCE, self.process.kill)
        patience.start()
        try:
            for line in self.process.stdout:
                self.events.append(json.loads(line))
                if wanted(self.events[-1]):
                    return self.events[-1]
        finally:
            patience.cancel()
        latest = "\n".join(json.dumps(event)[:200] for event in self.events[-40:])
        raise AssertionError(f"auger peer ended, or said nothing of it for {PATIENCE} s; its latest:\n{latest}")

    def call(self, op, **arguments):
        self.number += 1
        number = self.number
        self.process.stdin.write(json.dumps({"op": op, "id": number, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = self.wait(lambda e: e.get("id") == number)
        if "err" in answer:
            raise AssertionError(answer["err"])
        return answer["ok"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait(timeout=LONG)
        self.process.stdout.close()


class Help(unittest.TestCase):
    def test_every_command_teaches(self):
        overview = run("--help")
        self.assertEqual(overview.returncode, 0)
        for name in ("serve", "connect", "gather", "nat", "peer", "sim", "trace", "turnload"):
            with self.subTest(command=name):
                self.assertIn(name.encode(), overview.stdout)
                for way in ((name, "--help"), ("help", name)):
                    told = run(*way)
                    self.assertEqual((told.returncode, told.stderr), (0, b""))
                    self.assertIn(f"usage: auger {name}".encode(), told.stdout)
                    self.assertIn(b"Exit status:", told.stdout)

    def test_wrong_usage_is_named_and_ends_with_2(self):
        for args, word in ((("nonsense",), "nonsense"), (("gather", "--nonsense"), "--nonsense"),
                           (("gather", "--timeout", "0"), "--timeout"), (("gather", "--stun"), "--stun"),
                           (("gather", "extra"), "extra"), (("serve", "--listen", "nowhere"), "--listen"),
                           (("serve", "--cert", "x"), "--cert"), (("connect",), "room"),
                           (("connect", "a/b"), "room"), (("connect", "r", "--server", "ftp://x"), "--server"),
                           (("connect", "r", "--manual"), "--manual"), (("connect", "--manual", "--standby-restarts"), "--standby-restarts"),
                           (("peer", "--standby-restarts", "--standby", "0"), "--standby-restarts"), (("gather", "--json", "--json"), "twice"),
                           (("connect", "r", "--lite", "--stun", "stun:192.0.2.1"), "--lite"),
                           (("connect", "r", "--trickle", "some"), "--trickle"),
                           (("serve", "--trickle", "some"), "--trickle"), (("peer", "--trickle", "some"), "--trickle"),
                           (("peer", "--passive=yes"), "--passive")):
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(done.returncode, 2)
                self.assertIn(word, done.stderr.decode())
                self.assertEqual(done.stdout, b"")

    def test_nothing_said_shows_the_overview_and_ends_with_2(self):
        done = run()
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"usage:", done.stderr)


class Gather(unittest.TestCase):
    def lines(self, *args):
        done = run("gather", "--json", "--loopback", *args)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def test_loopback_is_a_host_candidate_and_the_last_line_counts(self):
        status, lines = self.lines()
        self.assertEqual(status, 0)
        candidates = [line for line in lines if line["ev"] == "candidate"]
        self.assertTrue(any(c["address"].startswith("127.0.0.1:") and c["type"] == "host" for c in candidates))
        self.assertEqual(lines[-1]["ev"], "gathered")
        self.assertEqual(lines[-1]["candidates"], len(candidates))

    def test_a_server_on_this_machine_shows_no_nat(self):
        with Serve() as serve:
            status, lines = self.lines("--stun", f"stun:{serve.told['stun']}")
        self.assertEqual(status, 0)
        self.assertEqual([c for c in lines if c["ev"] == "candidate" and c["type"] == "srflx"
                          and c["address"] == c["related"]], [])

    def events_of(self, *args):
        done = run("gather", "--json", "--timeout", "5", *args)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_what_is_left_out_is_said_with_the_reason(self):
        told = {e["address"]: e for e in self.events_of() if e["ev"] == "left_out"}
        self.assertEqual(told["127.0.0.1"]["why"], "loopback")
        self.assertEqual(told["127.0.0.1"]["interface"], "lo")
        told = {e["address"]: e["why"] for e in self.events_of("--loopback", "--without", "127.0.0.0/8")
                if e["ev"] == "left_out"}
        self.assertEqual(told["127.0.0.1"], "filter")

    def test_only_what_is_asked_for_is_used(self):
        events = self.events_of("--loopback", "--only", "127.0.0.1", "--ports", "30000-60000")
        addresses = [e["address"] for e in events if e["ev"] == "candidate"]
        self.assertEqual(len(addresses), 1)
        self.assertRegex(addresses[0], r"^127\.0\.0\.1:[3-5]\d{4}$")

    def test_relay_only_prints_no_candidate(self):
        events = self.events_of("--loopback", "--policy", "relay")
        self.assertEqual([], [e for e in events if e["ev"] == "candidate"])
        self.assertEqual({e["why"] for e in events if e.get("address") == "127.0.0.1"}, {"policy"})

    def test_a_mapping_is_told_beside_or_in_the_place_of_the_address(self):
        args = ("--loopback", "--only", "127.0.0.1", "--map", "127.0.0.1=198.51.100.7:4000")
        told = [(e["type"], e["address"]) for e in self.events_of(*args) if e["ev"] == "candidate"]
        self.assertEqual(["host", "srflx"], [t for t, _ in told])
        self.assertEqual("198.51.100.7:4000", told[1][1])
        told = [(e["type"], e["address"]) for e in self.events_of(*args, "--map-as-host") if e["ev"] == "candidate"]
        self.assertEqual([("host", "198.51.100.7:4000")], told)

    def test_addresses_of_tcp_say_who_connects(self):
        events = self.events_of("--loopback", "--only", "127.0.0.1", "--no-udp", "--ice-tcp", "active,passive")
        told = {e["tcp_type"]: e for e in events if e["ev"] == "candidate"}
        self.assertEqual(sorted(told), ["active", "passive"])
        self.assertEqual({e["transport"] for e in told.values()}, {"tcp"})
        self.assertTrue(told["active"]["address"].endswith(":9"))
        self.assertIn("tcptype passive", told["passive"]["candidate"])

    def test_a_range_of_ports_without_a_free_one_is_named(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            done = run("gather", "--loopback", "--only", "127.0.0.1", "--ports", f"{port}-{port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no port from {port} to {port} is free on 127.0.0.1".encode(), done.stderr)

    def test_a_name_that_does_not_resolve_is_told_and_ends_with_1(self):
        done = run("gather", "--json", "--loopback", "--stun", "stun:no-such-host.invalid", "--timeout", "20")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no-such-host.invalid", done.stdout)

    def test_a_uri_that_is_none_is_refused(self):
        done = run("gather", "--stun", "http://example.org")
        self.assertNotEqual(done.returncode, 0)
        self.assertTrue(done.stderr)

    def test_the_trace_has_a_record_a_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "trace"
            self.assertEqual(run("gather", "--loopback", "--trace", str(path)).returncode, 0)
            header, *records = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual(header["title"], "auger gather")
        self.assertTrue(records)
        for record in records:
            self.assertEqual(set(record), {"t", "name", "data"})


class Server(unittest.TestCase):
    def test_the_page_is_served_and_nothing_else(self):
        with Serve() as serve:
            status, headers, body = request(serve.url)
            self.assertEqual(status, 200)
            self.assertIn(b"<html", body)
            policy = {name.lower(): value for name, value in headers.items()}["content-security-policy"]
            self.assertIn("default-src", policy)
            status, _, body = request(serve.url + "config.json")
            self.assertEqual(json.loads(body)["stunPort"], int(serve.told["stun"].rsplit(":", 1)[1]))
            for path in ("etc/passwd", "../server.c", "%2e%2e/main.c", "ws/demo", "app.js.map"):
                with self.subTest(path=path):
                    self.assertIn(request(serve.url + path)[0], (400, 403, 404))

    def test_a_posted_offer_is_answered_and_its_session_deleted(self):
        with Serve() as serve, Peer() as peer:
            peer.call("new", config={"iceServers": []})
            peer.call("dc", label="posted", init={})
            peer.call("offer")
            peer.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
            offer = peer.call("local")
            status, headers, answer = request(serve.url + "whip/demo", "POST", offer["sdp"].encode(), "application/sdp")
            headers = {name.lower(): value for name, value in headers.items()}
            self.assertEqual(status, 201, answer)
            self.assertEqual(headers["content-type"], "application/sdp")
            self.assertTrue(headers["location"].startswith("/whip/demo/"))
            self.assertIn(b"a=candidate:", answer)
            peer.call("remote", desc={"type": "answer", "sdp": answer.decode()})
            peer.wait(lambda e: e.get("ev") == "open")
            peer.call("send", label="posted", data="over WHIP")
            peer.wait(lambda e: e.get("ev") == "msg" and e["data"] == "over WHIP")
            session = serve.url.rstrip("/") + headers["location"]
            self.assertEqual(request(session, "DELETE")[0], 200)
            peer.wait(lambda e: e.get("ev") == "state" and e["which"] == "conn" and e["value"] == "closed")
            self.assertEqual(request(session, "DELETE")[0], 404)

    def test_sessions_share_a_pace_unless_they_are_told_not_to(self):
        with Peer() as peer:
            peer.call("new", config={"iceServers": []})
            peer.call("dc", label="d", init={})
            offer = re.sub(r"a=(candidate:|end-of-candidates).*\r\n", "", peer.call("offer")["sdp"])
        # A session whose turn has come may be late, with one transaction.
        self.assertLessEqual(self.most_ahead(offer), SESSIONS)
        # A machine that is slow for a while keeps a pace of its own.
        self.assertTrue(any(self.most_ahead(offer, "--unpaced") > SESSIONS for _ in range(10)))

    def most_ahead(self, offer, *args):
        """How many more checks the sessions began, at any time, than one in 5 ms (8445 section 14.2)."""
        with tempfile.TemporaryDirectory() as folder:
            trace = pathlib.Path(folder, "trace")
            with Serve("--trace", str(trace), *args) as serve:
                self.assertEqual(bool(args), serve.told.get("unpaced", False))
                self.have_it_check(serve, offer)
                serve.end()
            records = [json.loads(line) for line in trace.read_text().splitlines()]
        begun = [r["t"] for r in records if r.get("name") == "ice:check_sent" and r["data"]["attempt"] == 1]
        self.assertGreater(len(begun), SESSIONS)
        ahead = [number - ms / 5 for number, ms in enumerate(begun)]
        return max(late - early for early, late in zip(itertools.accumulate(ahead, min), ahead))

    def test_who_reads_at_the_start_is_told_that_no_pace_is_shared(self):
        for args in ((), ("--unpaced",)):
            with self.subTest(args=args):
                command = [AUGER, "serve", "--listen", "127.0.0.1:0", "--stun", "127.0.0.1:0", *args]
                with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serve:
                    told = list(itertools.takewhile(lambda line: line != "Ctrl-C ends.\n", serve.stdout))
                    serve.send_signal(signal.SIGINT)
                self.assertEqual(len(args), sum("--unpaced" in line for line in told), told)

    def have_it_check(self, serve, offer):
        """Many sessions at once, each of which checks every one of some sockets that are silent."""
        with contextlib.ExitStack() as stack:
            silent = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(40)]
            for number, each in enumerate(silent):
                each.settimeout(LONG)
                each.bind(("127.0.0.%d" % (number + 2), 0))  # of one address an agent takes few
                offer += "a=candidate:%d 1 udp 2130706431 %s %d typ host\r\n" % (number, *each.getsockname())
            sessions = [threading.Thread(target=request, args=(serve.url + "whip/demo", "POST", offer.encode(), "application/sdp"))
                        for _ in range(SESSIONS)]
            for session in sessions:
                session.start()
            for each in silent:
                sources = set()
                while len(sources) < len(sessions):
                    sources.add(each.recvfrom(2048)[1])
            for session in sessions:
                session.join()

    def test_a_post_that_is_no_offer_is_refused(self):
        with Serve() as serve:
            whip = serve.url + "whip/demo"
            self.assertEqual(request(whip, "POST", b"v=0\r\n", "application/sdp")[0], 400)
            self.assertEqual(request(whip, "POST", b"nonsense", "application/sdp")[0], 400)
            self.assertEqual(request(whip, "POST", b"{}", "application/json")[0], 415)
            self.assertEqual(request(serve.url + "whip/empty", "POST", b"v=0", "application/sdp")[0], 404)
            self.assertEqual(request(serve.url, "PUT", b"x", "text/plain")[0], 405)

    def test_it_answers_binding_requests(self):
        with Serve() as serve, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(LONG)
            host, port = serve.told["stun"].rsplit(":", 1)
            client.sendto(bytes.fromhex("000100002112a442") + b"twelve bytes", (host, int(port)))
            answer = client.recv(1500)
        self.assertEqual(answer[:2], b"\x01\x01")
        self.assertEqual(answer[8:20], b"twelve bytes")

    def test_a_taken_port_is_named(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            at = "127.0.0.1:%d" % taken.getsockname()[1]
            done = run("serve", "--listen", "127.0.0.1:0", "--stun", at)
        self.assertEqual(done.returncode, 1)
        self.assertIn(at, done.stderr.decode())
        self.assertIn("--stun", done.stderr.decode())

    def test_signals_end_it_in_order(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number), Serve() as serve:
                status, err = serve.end(number)
                self.assertEqual((status, err), (128 + number, ""))


class Connect(unittest.TestCase):
    def connect(self, serve, room, *args, **options):
        return subprocess.Popen([AUGER, "connect", room, "--server", serve.url, "--loopback", *args],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def test_the_native_peer_echoes(self):
        with Serve() as serve:
            done = run("connect", "demo", "--server", serve.url, "--loopback", stdin=b"hello\n")
        self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr)
        self.assertIn(b"connected", done.stderr)

    def test_either_side_or_both_may_be_lite(self):
        for here, there in ((("--lite",), ()), ((), ("--lite",)), (("--lite",), ("--lite",))):
            with self.subTest(here=here, there=there), Serve(*there) as serve:
                done = run("connect", "demo", "--server", serve.url, "--loopback", *here, stdin=b"hello\n")
                self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr)

    def test_with_or_without_trickle_they_meet(self):
        for here in ("full", "half", "none"):
            for there in ("full", "half", "none"):
                with self.subTest(here=here, there=there), Serve("--trickle", there) as serve:
                    done = run("connect", "demo", "--server", serve.url, "--loopback", "--trickle", here,
                               stdin=b"hello\n")
                    self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr)

    def test_two_pipe_a_file_both_ways_byte_for_byte(self):
        there, back = os.urandom(3_000_000), os.urandom(1_000_000)
        with Serve() as serve:
            first = self.connect(serve, "pair", "--quiet")
            second = self.connect(serve, "pair", "--quiet")
            results = {}
            threads = [threading.Thread(target=lambda n=n, p=p, d=d: results.update({n: p.communicate(d, timeout=LONG)}))
                       for n, p, d in (("first", first, there), ("second", second, back))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual((first.returncode, second.returncode), (0, 0), results)
        self.assertEqual(results["second"][0], there)
        self.assertEqual(results["first"][0], back)
        self.assertEqual(results["first"][1] + results["second"][1], b"")

    def test_by_hand_two_lines_are_enough(self):
        def other_line(process):
            for line in process.stderr:
                if line.startswith(b"{"):
                    return line
            raise AssertionError("no description came")

        command = [AUGER, "connect", "--manual", "--loopback"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, **pipes) as first, subprocess.Popen(command, **pipes) as second:
            first.stdin.write(b"\n")
            first.stdin.flush()
            second.stdin.write(other_line(first) + b"from the second")
            second.stdin.flush()
            second.stdin.close()
            first.stdin.write(other_line(second))
            first.stdin.write(b"from the first")
            first.stdin.close()
            self.assertEqual(second.stdout.read(), b"from the first")
            self.assertEqual(first.stdout.read(), b"from the second")
            self.assertEqual((first.wait(LONG), second.wait(LONG)), (0, 0))

    def test_a_line_that_is_no_description_is_refused(self):
        for line in (b"nonsense\n", b'{"type":"offer"}\n', b'{"type":"offer","sdp":"nonsense"}\n', b""):
            with self.subTest(line=line):
                done = run("connect", "--manual", "--loopback", stdin=line)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"description", done.stderr)

    def test_no_server_is_named(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            done = run("connect", "demo", "--server", f"http://127.0.0.1:{port}/")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"127.0.0.1 port {port}", done.stderr.decode())

    def test_ctrl_c_while_waiting_ends_with_130(self):
        with Serve() as serve:
            waiting = self.connect(serve, "nobody-else")
            for line in waiting.stderr:
                if b"waiting" in line:
                    break
            waiting.send_signal(signal.SIGINT)
            waiting.communicate(timeout=LONG)
        self.assertEqual(waiting.returncode, 130)

    def test_the_other_sides_end_is_heard(self):
        with Serve() as serve:
            first = self.connect(serve, "pair", "--quiet")
            second = self.connect(serve, "pair")
            for line in second.stderr:
                if b"connected" in line:
                    break
            first.send_signal(signal.SIGINT)
            self.assertEqual(first.wait(LONG), 130)
            self.assertEqual(second.wait(LONG), 0)
            first.communicate()
            second.communicate()


class DrivenPeer(unittest.TestCase):
    def test_two_connect_and_exchange_messages_of_each_size(self):
        with Peer() as a, Peer("--passive") as b:
            for peer in (a, b):
                peer.call("new", config={"iceServers": []})
            a.call("dc", label="d", init={})
            a.call("offer")
            a.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
            b.call("remote", desc=a.call("local"))
            b.call("answer")
            b.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
            a.call("remote", desc=b.call("local"))
            for peer in (a, b):
                peer.wait(lambda e: e.get("ev") == "open" and e["label"] == "d")
            for size in (1, 1000, 65536, 262144):
                a.call("sendbin", label="d", n=size, first=0)
                b.wait(lambda e, n=size: e.get("ev") == "msg" and e.get("n") == n)
            self.assertEqual(b.call("rx"), 1 + 1000 + 65536 + 262144)

    def test_two_without_udp_connect_over_tcp(self):
        with Peer("--no-udp", "--ice-tcp", "active") as a, Peer("--no-udp", "--ice-tcp", "passive") as b:
            for peer in (a, b):
                peer.call("new", config={"iceServers": []})
            a.call("dc", label="d", init={})
            b.call("remote", desc=a.call("offer"))
            b.call("answer")
            b.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
            a.call("remote", desc=b.call("local"))
            for peer in (a, b):
                peer.wait(lambda e: e.get("ev") == "open" and e["label"] == "d")
            a.call("sendbin", label="d", n=100000, first=0)
            b.wait(lambda e: e.get("ev") == "msg" and e.get("n") == 100000)
            stats = {s["id"]: s for s in b.call("stats")}
            transport = next(s for s in stats.values() if s["type"] == "transport")
            local = stats[stats[transport["selectedCandidatePairId"]]["localCandidateId"]]
            self.assertEqual((local["protocol"], local["tcpType"]), ("tcp", "passive"))

    def test_a_description_that_waits_has_all_candidates(self):
        for word, whole, says in (("full", False, True), ("half", True, True), ("none", True, False)):
            with self.subTest(trickle=word), Peer("--trickle", word) as peer, Peer() as other:
                peer.call("new", config={"iceServers": []})
                peer.call("dc", label="d", init={})
                offer = peer.call("offer")
                if whole:
                    self.assertIn("end-of-candidates", offer["sdp"])
                self.assertEqual("m=application 9 " not in offer["sdp"], whole)
                self.assertEqual(" trickle" in offer["sdp"], says)
                peer.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
                told = [e for e in peer.events if e.get("ev") == "cand" and e["cand"]]
                self.assertEqual(told == [], whole)
                other.call("new", config={"iceServers": []})
                other.call("remote", desc=peer.call("local"))
                answer = other.call("answer")
                if not says:
                    self.assertIn("end-of-candidates", answer["sdp"])
                other.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
                peer.call("remote", desc=other.call("local"))
                peer.wait(lambda e: e.get("ev") == "open")

    def test_an_agent_that_keeps_paths_towards_everybody_is_made_so(self):
        for args, told in (((), 0), (("--standby-restarts",), 1)):
            with self.subTest(args=args), tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "recording")
                with Peer("--record", str(path), *args) as peer:
                    peer.call("new", config={"iceServers": []})
                # docs/recording.md: what it begins with, the length of a frame, the op and the first of its bytes.
                recording = path.read_bytes()
                self.assertEqual((b"augerrec\x01", 1), (recording[:9], recording[11]))
                self.assertEqual(told, recording[12] >> 3 & 1)

    def test_who_is_lite_says_so(self):
        with Peer("--lite") as peer, Serve("--lite") as serve:
            peer.call("new", config={"iceServers": []})
            peer.call("dc", label="d", init={})
            offer = peer.call("offer")["sdp"]
            self.assertIn("a=ice-lite", offer)
            _, _, answer = request(serve.url + "whip/demo", "POST", offer.encode(), "application/sdp")
            self.assertIn(b"a=ice-lite", answer)
        with subprocess.Popen([AUGER, "connect", "--manual", "--loopback", "--lite"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as connect:
            connect.stdin.write(b"\n")
            connect.stdin.flush()
            told = next(line for line in connect.stderr if line.startswith(b"{"))
            connect.send_signal(signal.SIGINT)
        self.assertIn(b"a=ice-lite", told)

    def test_a_request_that_is_none_is_answered_with_an_error(self):
        with Peer() as peer:
            with self.assertRaises(AssertionError):
                peer.call("nonsense")
            with self.assertRaises(AssertionError):
                peer.call("remote", desc={"type": "offer", "sdp": "nonsense"})
            peer.call("new", config={"iceServers": []})
            with self.assertRaises(AssertionError):
                peer.call("send", label="none", data="x")


if __name__ == "__main__":
    AUGER = sys.argv.pop(1)
    unittest.main()
