#!/usr/bin/env python3
"""What strangers send to `auger serve`: it refuses, within bounds, and goes on serving.

    server_test.py PATH_OF_AUGER"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import unittest

AUGER = "auger"
LONG = 60  # seconds; a bound for what never ends, not a measure
UPGRADE = (b"GET /ws/%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n")


class Closed(Exception):
    """The other side ended the connection, in whatever way."""


class Wire:
    """One TCP connection."""

    def __init__(self, at):
        self.socket = socket.create_connection(at, timeout=LONG)
        self.buffer = b""

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # what it answered, if anything, is still to be read

    def more(self):
        try:
            got = self.socket.recv(65536)
        except ConnectionError as error:
            raise Closed from error
        if not got:
            raise Closed
        self.buffer += got

    def take(self, size):
        while len(self.buffer) < size:
            self.more()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def all(self):
        try:
            while True:
                self.more()
        except Closed:
            return self.buffer

    def close(self):
        self.socket.close()


class Member(Wire):
    """A WebSocket in a room."""

    def __init__(self, at, room, header=b""):
        super().__init__(at)
        self.status = 0
        self.send(UPGRADE % (room.encode(), header))
        head = b""
        try:
            while not head.endswith(b"\r\n\r\n"):
                head += self.take(1)
        except Closed:
            return
        self.status = int(head.split()[1])

    def frame(self):
        first, second = self.take(2)
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack(">H", self.take(2))
        elif size == 127:
            size, = struct.unpack(">Q", self.take(8))
        return first & 0x0F, self.take(size)

    def hear(self):
        kind, data = self.frame()
        if kind != 1:
            raise Closed
        return json.loads(data)

    def say(self, message, opcode=1):
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        head = bytes([0x80 | opcode])
        if len(data) < 126:
            head += bytes([0x80 | len(data)])
        elif len(data) < 65536:
            head += b"\xfe" + struct.pack(">H", len(data))
        else:
            head += b"\xff" + struct.pack(">Q", len(data))
        self.send(head + bytes(4) + data)  # masked with zeros

    def close_code(self):
        """Reads to the end; the code of the close frame, if one came."""
        code = None
        try:
            while True:
                kind, data = self.frame()
                if kind == 8:
                    code = struct.unpack(">H", data[:2])[0] if len(data) >= 2 else 1005
                    self.say(data[:2], opcode=8)
        except Closed:
            return code


class Served(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen(
            [AUGER, "serve", "--json", "--listen", "127.0.0.1:0", "--stun", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        url = json.loads(cls.process.stdout.readline())["url"]
        cls.at = ("127.0.0.1", int(url.rstrip("/").rsplit(":", 1)[1]))

    @classmethod
    def tearDownClass(cls):
        cls.process.send_signal(signal.SIGINT)
        _, err = cls.process.communicate(timeout=LONG)
        assert cls.process.returncode == 130, cls.process.returncode
        assert err == b"", err.decode()

    def setUp(self):
        self.wires = []

    def tearDown(self):
        self.assertIn(b" 200 ", self.ask(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        for wire in self.wires:
            wire.close()

    def open(self, wire):
        self.wires.append(wire)
        return wire

    def ask(self, data):
        wire = self.open(Wire(self.at))
        wire.send(data)
        return wire.all()

    def join(self, room):
        member = self.open(Member(self.at, room))
        self.assertEqual(member.status, 101)
        return member, member.hear()

    # --- HTTP (I2, I3) ---

    def test_no_path_leads_to_a_file(self):
        for path in (b"/../../etc/passwd", b"/%2e%2e%2fetc/passwd", b"/..\\..\\x", b"//etc/passwd",
                     b"/.git/config", b"/./app.js/", b"/ws/", b"/whip/", b"/" + b"a" * 1000):
            with self.subTest(path=path):
                answer = self.ask(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                self.assertIn(b" 404 ", answer.split(b"\r\n")[0] + b" ")

    def test_a_path_of_any_bytes_is_no_file(self):
        for path in (b"/app.js%00.png", b"/app.js\0", b"/x\0", b"/\xff\xfe", b"/%", b"/%zz", b"/%2", b"/\t", b"app.js",
                     b"../app.js", b"/%252e%252e/x", b"/..%c0%af..%c0%afetc/passwd", b"/app.js/..;/"):
            with self.subTest(path=path):
                answer = self.ask(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                self.assertNotIn(b" 200 ", answer[:20])

    def test_headers_are_bounded(self):
        for headers in (b"X: " + b"a" * 1_000_000 + b"\r\n", b"".join(b"X%d: a\r\n" % i for i in range(10_000))):
            answer = self.ask(b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
            self.assertNotIn(b" 200 ", answer[:20])

    # One deadline for all of them: they are held at once.
    def test_who_says_nothing_or_half_is_sent_away(self):
        post = b"POST /whip/demo HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\n"
        held = []
        for data in (b"", b"G", b"GET / HT", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n",
                     post + b"Content-Length: 1000\r\n\r\nabc", post + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
                     UPGRADE[:60]):
            held.append(self.open(Wire(self.at)))
            held[-1].send(data)
        for wire in held:
            answer = wire.all()
            self.assertNotIn(b" 200 ", answer[:20])
            self.assertNotIn(b" 201 ", answer[:20])

    def test_who_says_a_byte_now_and_then_is_sent_away_too(self):
        slow = self.open(Wire(self.at))
        slow.socket.settimeout(0.2)  # the pace
        request = b"GET / HTTP/1.1\r\nX: "
        for i in range(5 * LONG):
            slow.send(request[i:i + 1] or b"x")
            try:
                slow.more()
            except TimeoutError:
                continue
            except Closed:
                return
        self.fail("it may go on for ever")

    def test_an_offer_is_bounded_in_size(self):
        head = b"POST /whip/demo HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n"
        for size in (65_537, 100_000_000, 2**63 - 1, 2**64):
            with self.subTest(size=size):
                self.assertNotIn(b" 201 ", self.ask(head % size + b"a" * 300_000)[:20])

    def test_a_length_that_is_none_or_two_gets_no_answer_to_a_hidden_request(self):
        hidden = b"GET /config.json HTTP/1.1\r\nHost: x\r\n\r\n"
        head = b"POST /whip/demo HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nConnection: close\r\n"
        for lengths in (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"Content-Length: -1\r\n",
                        b"Content-Length: 5\r\nContent-Length: 50\r\n", b"Content-Length: 5x\r\n",
                        b"Content-Length: \r\n"):
            with self.subTest(lengths=lengths):
                answer = self.ask(head + lengths + b"\r\n0\r\n\r\n" + hidden)
                self.assertNotIn(b"stunPort", answer)

    def test_requests_that_come_at_once_are_answered_in_order_or_not_at_all(self):
        first = b"GET /config.json HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = self.ask(first * 20 + last)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "))
        self.assertLessEqual(answer.count(b"stunPort"), 20)

    def test_silent_connections_of_one_address_are_few(self):
        held = [self.open(Wire(self.at)) for _ in range(100)]
        for wire in held[:36]:  # those that were silent for longest
            self.assertEqual(wire.all(), b"")
        held[99].send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertIn(b" 200 ", held[99].all())

    def test_who_asks_is_served_beside_many_that_are_silent(self):
        for _ in range(64):
            self.open(Wire(self.at))
        self.assertIn(b" 200 ", self.ask(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))

    def test_connections_that_come_and_go_leave_nothing(self):
        before = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        for _ in range(20):
            held = [Wire(self.at) for _ in range(50)]
            for wire in held:
                wire.close()
            self.assertIn(b" 200 ", self.ask(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        while len(os.listdir(f"/proc/{self.process.pid}/fd")) > before:
            self.assertIn(b" 200 ", self.ask(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))

    # --- WebSocket (I4) ---

    def test_frames_that_break_the_protocol_end_the_connection(self):
        key = bytes(4)
        for name, data, code in (
                ("a length of 2^64-1", b"\x81\xff" + b"\xff" * 8 + b"abcd", None),
                ("a length of 2^63", b"\x81\xff\x80" + b"\0" * 7 + b"abcd", None),
                ("a fragmented ping", b"\x09\x80" + key, 1002),
                ("a ping of 126 bytes", b"\x89\xfe\x00\x7e" + key + b"x" * 126, None),
                ("RSV1", b"\xc1\x80" + key, 1002), ("RSV2", b"\xa1\x80" + key, 1002), ("RSV3", b"\x91\x80" + key, 1002),
                ("opcode 3", b"\x83\x80" + key, 1002), ("opcode 11", b"\x8b\x80" + key, 1002),
                ("a continuation of nothing", b"\x80\x81" + key + b"x", 1002),
                ("a text inside a text", b"\x01\x81" + key + b"x\x81\x81" + key + b"x", 1002),
                ("text that is no UTF-8", b"\x81\x84" + key + b"\xff\xfe\xc0\x80", 1007),
                ("text that ends within a character", b"\x81\x81" + key + b"\xc3", 1007),
                ("many pieces", b"\x01\x81" + key + b"x" + (b"\x00\x81" + key + b"x") * 1024, 1009),
                ("many empty pieces", b"\x01\x80" + key + (b"\x00\x80" + key) * 1024, 1009),
                ("a binary message", b"\x82\x82" + key + b"{}", None)):
            with self.subTest(name):
                member, _ = self.join("frames")
                member.send(data)
                self.assertEqual(member.close_code(), code)  # returns when the connection has ended

    # libwebsockets takes them (docs/decisions): they get no more than others do.
    def test_a_frame_without_a_mask_is_held_to_the_same_bounds(self):
        member, _ = self.join("masks")
        for _ in range(3):
            member.send(b"\x81\x02{}")
            self.assertEqual(member.hear()["type"], "error")
        member.send(b"\x81\x7f" + struct.pack(">Q", 70_000) + b"x" * 70_000)
        self.assertEqual(member.close_code(), 1009)

    def test_a_message_over_64_kib_is_refused(self):
        member, _ = self.join("large")
        member.say(b"x" * 70_000)
        self.assertEqual(member.close_code(), 1009)

    def test_a_page_of_another_origin_may_not_join(self):
        self.assertNotEqual(self.open(Member(self.at, "r", b"Origin: http://evil.example\r\n")).status, 101)
        own = b"Origin: http://x\r\n"
        self.assertEqual(self.open(Member(self.at, "r", own)).status, 101)

    # --- rooms (I5, I6) ---

    def test_a_forged_sender_is_replaced_and_rooms_are_apart(self):
        alice, _ = self.join("one")
        bob, welcome = self.join("one")
        _, stranger = self.join("two")
        self.assertEqual(alice.hear()["type"], "joined")
        bob.say({"type": "bye", "session": "s", "to": welcome["peers"][0]["id"], "from": "somebody"})
        self.assertEqual(alice.hear()["from"], welcome["id"])
        bob.say({"type": "bye", "session": "s", "to": stranger["id"]})
        self.assertEqual(bob.hear()["type"], "error")

    def test_a_flood_is_answered_with_an_error(self):
        member, _ = self.join("flood")
        for _ in range(1000):
            member.say({"type": "call", "to": "nobody"})
        self.assertTrue(any(member.hear()["reason"] == "too many messages" for _ in range(1000)))

    def test_a_rooms_name_is_one_of_ours(self):
        for name in ("a" * 65, "a/b", "..", "a%20b", "", "a.b", "\u00f6"):
            with self.subTest(name=name):
                self.assertNotEqual(self.open(Member(self.at, name)).status, 101)
        self.assertEqual(self.open(Member(self.at, "a" * 64)).status, 101)

    def test_members_are_not_to_be_guessed(self):
        ids = set()
        for _ in range(20):
            member, welcome = self.join("ids")
            self.assertRegex(welcome["id"], "^[A-Za-z0-9_-]{11,64}$")  # 64 bits at six a character
            ids.add(welcome["id"])
            member.close()
        self.assertEqual(len(ids), 20)

    def test_a_room_has_33_places(self):
        members = [self.join("full")[0] for _ in range(33)]
        late = self.open(Member(self.at, "full"))
        self.assertEqual(late.close_code(), 1008)
        members[0].close()

    def test_who_does_not_read_is_sent_away(self):
        deaf, welcome = self.join("slow")
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        speaker, _ = self.join("slow")
        picture = {"type": "picture", "session": "s", "to": welcome["id"], "picture": {"x": "y" * 60_000}}
        left = False
        for _ in range(250):
            speaker.say(picture)
            speaker.socket.settimeout(0.02)
            try:
                left = speaker.hear()["type"] in ("left", "error")
            except TimeoutError:
                pass
            speaker.socket.settimeout(LONG)
            if left:
                break
        self.assertTrue(left)


if __name__ == "__main__":
    AUGER = sys.argv.pop(1)
    unittest.main()
