#!/usr/bin/env python3
"""What the program says of a session: why it failed, and its statistics.

    diagnosis_test.py PATH_OF_AUGER"""

import json
import re
import sys
import unittest

import program_test
from program_test import Peer, run


def offer_of(peer):
    peer.call("new", config={"iceServers": []})
    peer.call("dc", label="d", init={})
    peer.call("offer")
    peer.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
    return peer.call("local")


def falsify(sdp):
    """Another last digit of the fingerprint."""
    return re.sub(r"(a=fingerprint:.*)(.)\r\n", lambda m: m[1] + ("1" if m[2] == "0" else "0") + "\r\n", sdp, count=1)


class Why(unittest.TestCase):
    def test_a_peer_tells_the_code_with_its_failed_state_and_on_request(self):
        with Peer() as alice, Peer() as bob:
            offer = offer_of(alice)
            self.assertEqual(alice.call("explain")["code"], "no-description")
            bob.call("new", config={"iceServers": []})
            bob.call("remote", desc={"type": "offer", "sdp": falsify(offer["sdp"])})
            answer = bob.call("answer")
            alice.call("remote", desc=answer)
            end = bob.wait(lambda e: e.get("ev") == "state" and e.get("value") == "failed" and e["which"] == "conn")
            self.assertEqual(end["why"]["code"], "dtls-fingerprint-mismatch")
            self.assertEqual(bob.call("explain"), end["why"])

    def test_connect_says_what_stood_in_its_way(self):
        with Peer() as gone:
            offer = offer_of(gone)
        line = json.dumps(offer).encode() + b"\n"
        args = ("connect", "--manual", "--loopback", "--timeout", "1")
        done = run(*args, "--json", stdin=line)
        self.assertEqual(done.returncode, 1)
        failed = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual((failed["ev"], failed["code"]), ("failed", "nothing-arrived"), failed)
        self.assertRegex(failed["evidence"], r"checks: [1-9]\d* sent, 0 answered, 0 received")
        self.assertIn("nothing of the peer arrived", failed["text"])
        self.assertIn(b"nothing-arrived: candidates", run(*args, "--quiet", stdin=line).stderr)


class Statistics(unittest.TestCase):
    def test_objects_refer_to_each_other(self):
        with Peer() as alice, Peer() as bob:
            offer = offer_of(alice)
            bob.call("new", config={"iceServers": []})
            bob.call("remote", desc=offer)
            alice.call("remote", desc=bob.call("answer"))
            bob.wait(lambda e: e.get("ev") == "open")
            stats = {stat["id"]: stat for stat in bob.call("stats")}
        transport = next(s for s in stats.values() if s["type"] == "transport")
        pair = stats[transport["selectedCandidatePairId"]]
        self.assertEqual(stats[pair["localCandidateId"]]["type"], "local-candidate")
        self.assertEqual(stats[pair["remoteCandidateId"]]["type"], "remote-candidate")
        self.assertEqual(stats[pair["transportId"]], transport)
        algorithm = stats[transport["remoteCertificateId"]]["fingerprintAlgorithm"]
        self.assertIn(f"a=fingerprint:{algorithm} {stats[transport['remoteCertificateId']]['fingerprint']}",
                      offer["sdp"])


if __name__ == "__main__":
    program_test.AUGER = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
