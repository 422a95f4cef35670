#!/usr/bin/env python3
"""`auger serve --turn` as a process: its configuration, what it relays, reload, drain, metrics.

    serve_turn_test.py PATH_OF_AUGER

The client is written here, from RFC 8489 and 8656, so that it shares no mistake with ours."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

AUGER = "auger"
LONG = 60  # seconds; a bound for what never ends, not a measure
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TURN = ("--turn", "127.0.0.1:0", "--allow-peer", "127.0.0.0/8", "--loopback-unlimited")

# --- a client --------------------------------------------------------------------------------------

BINDING, ALLOCATE, REFRESH, SEND, DATA, PERMIT, BIND = 1, 3, 4, 6, 7, 8, 9
USERNAME, INTEGRITY, ERROR, REALM, NONCE = 0x06, 0x08, 0x09, 0x14, 0x15
CHANNEL, LIFETIME, PEER, BYTES, RELAYED = 0x0C, 0x0D, 0x12, 0x13, 0x16
TRANSPORT, MAPPED = 0x19, 0x20
COOKIE = 0x2112A442


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def packed(address):
    """XOR-PEER-ADDRESS of IPv4."""
    ip, = struct.unpack(">I", socket.inet_aton(address[0]))
    return struct.pack(">BBHI", 0, 1, address[1] ^ (COOKIE >> 16), ip ^ COOKIE)


def unpacked(value):
    _, _, port, ip = struct.unpack(">BBHI", value)
    return socket.inet_ntoa(struct.pack(">I", ip ^ COOKIE)), port ^ (COOKIE >> 16)


class Message:
    def __init__(self, data):
        self.kind, length, _ = struct.unpack(">HHI", data[:8])
        self.transaction = data[8:20]
        self.attributes = {}
        at = 20
        while at < 20 + length:
            kind, size = struct.unpack(">HH", data[at:at + 4])
            self.attributes.setdefault(kind, data[at + 4:at + 4 + size])
            at += 4 + size + -size % 4

    @property
    def error(self):
        value = self.attributes.get(ERROR)
        return value[2] * 100 + value[3] if value else 0


class Client:
    """One 5-tuple."""

    def __init__(self, at, name="ann", password="secret", transport="udp"):
        self.name, self.password, self.transport = name, password, transport
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.settimeout(LONG)
        self.socket.connect(at)
        self.buffer, self.realm, self.nonce, self.key = b"", b"", b"", b""

    def take(self, size):
        while len(self.buffer) < size:
            got = self.socket.recv(65536)
            if not got:
                raise ConnectionError
            self.buffer += got
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def receive(self):
        if self.transport == "udp":
            return self.socket.recv(65536)
        head = self.take(4)
        kind, length = struct.unpack(">HH", head)
        return head + self.take(16 + length if kind < 0x4000 else length + -length % 4)

    def write(self, method, attributes=b"", signed=True):
        transaction = os.urandom(12)
        if signed and self.key:
            attributes += attribute(USERNAME, self.name.encode()) + attribute(REALM, self.realm) + \
                attribute(NONCE, self.nonce)
            head = struct.pack(">HHI", method, len(attributes) + 24, COOKIE) + transaction
            code = hmac.new(self.key, head + attributes, hashlib.sha1).digest()
            attributes += attribute(INTEGRITY, code)
        self.socket.send(struct.pack(">HHI", method, len(attributes), COOKIE) + transaction + attributes)
        return transaction

    def ask(self, method, attributes=b""):
        """The answer, challenges dealt with."""
        for _ in range(3):
            transaction = self.write(method, attributes)
            answer = Message(self.receive())
            while answer.transaction != transaction:
                answer = Message(self.receive())
            if answer.error not in (401, 438) or (answer.error == 401 and self.key):
                return answer
            self.realm, self.nonce = answer.attributes[REALM], answer.attributes[NONCE]
            self.key = hashlib.md5(b":".join((self.name.encode(), self.realm, self.password.encode()))).digest()
        return answer

    def allocate(self):
        answer = self.ask(ALLOCATE, attribute(TRANSPORT, b"\x11\0\0\0"))
        if not answer.error:
            self.relayed = unpacked(answer.attributes[RELAYED])
        return answer.error

    def permit(self, peer):
        return self.ask(PERMIT, attribute(PEER, packed(peer))).error

    def bind(self, peer, number=0x4001):
        return self.ask(BIND, attribute(CHANNEL, struct.pack(">HH", number, 0)) +
                        attribute(PEER, packed(peer))).error

    def send(self, peer, data):
        self.write(SEND, attribute(PEER, packed(peer)) + attribute(BYTES, data), signed=False)

    def send_channel(self, data, number=0x4001):
        padding = bytes(-len(data) % 4) if self.transport == "tcp" else b""
        self.socket.send(struct.pack(">HH", number, len(data)) + data + padding)

    def hear(self):
        """The next data: who sent it, or the number of a channel, and the bytes."""
        while True:
            got = self.receive()
            kind, length = struct.unpack(">HH", got[:4])
            if kind >= 0x4000:
                return kind, got[4:4 + length]
            if kind == 0x10 | DATA:
                message = Message(got)
                return unpacked(message.attributes[PEER]), message.attributes[BYTES]

    def release(self):
        return self.ask(REFRESH, attribute(LIFETIME, bytes(4))).error

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Echo:
    """A peer; it says back what it heard when it is asked to."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(LONG)
        self.socket.bind(("127.0.0.1", 0))
        self.address = self.socket.getsockname()

    def answer(self):
        data, self.source = self.socket.recvfrom(65536)
        self.socket.sendto(data, self.source)
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


# --- the server ------------------------------------------------------------------------------------


class Serve:
    def __init__(self, *args, files=None):
        self.process = subprocess.Popen([AUGER, "serve", "--json", *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, preexec_fn=files)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate(timeout=LONG)[1].decode())
        self.told = json.loads(line)
        ip, port = self.told["turn"][0].rsplit(":", 1)
        self.at = (ip, int(port))

    def line(self, event):
        """The next line of that event."""
        for line in self.process.stdout:
            told = json.loads(line)
            if told["ev"] == event:
                return told
        raise AssertionError("auger serve ended")

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        out, err = self.process.communicate(timeout=LONG)
        return self.process.returncode, out.decode(), err.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()
        self.process.stdout.close()
        self.process.stderr.close()


def run(*args, stdin=b""):
    return subprocess.run([AUGER, *args], input=stdin, capture_output=True, timeout=LONG, check=False)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)


# --- configuration ---------------------------------------------------------------------------------


class Configuration(Folder):
    def refuse(self, text, line, word):
        path = self.write("serve.conf", text)
        done = run("serve", "--config", path)
        said = done.stderr.decode(errors="replace")
        self.assertEqual((done.returncode, done.stdout), (2, b""), said)
        self.assertIn(f"{path}:{line}: ", said)
        self.assertIn(word, said)
        self.assertEqual(said.count("\n"), 1, said)

    def test_each_mistake_names_file_line_and_reason(self):
        good = "turn 127.0.0.1:0\n"
        for text, line, word in (
                (good + "nonsense 1\n", 2, "nonsense"),
                (good + "\n# comment\nrelay-ports 5-1\n", 4, "takes A-B"),
                (good + "relay-ports 0-5\n", 2, "relay-ports"),
                (good + "relay-ports 5\n", 2, "relay-ports"),
                (good + "relay-ports 49152-70000\n", 2, "relay-ports"),
                ("turn localhost:3478\n", 1, "takes IP:PORT"),
                ("turn 127.0.0.1\n", 1, "takes IP:PORT"),
                (good + "turn\n", 2, "needs a value"),
                (good + "realm a\nrealm b\n", 3, "twice"),
                (good + 'realm "x"\n', 2, "realm"),
                (good + "user ann\n", 2, "NAME:PASSWORD"),
                (good + "user :secret\n", 2, "NAME:PASSWORD"),
                (good + "user ann:\n", 2, "NAME:PASSWORD"),
                (good + "allow-peer 10.0.0.0/33\n", 2, "allow-peer"),
                (good + "allow-peer 10.0.0/8\n", 2, "allow-peer"),
                (good + "deny-peer 2001:db8::/129\n", 2, "deny-peer"),
                (good + "deny-peer here\n", 2, "deny-peer"),
                (good + "relay-ip 192.0.2.1\nrelay-ip 192.0.2.2\n", 3, "twice"),
                (good + "external example.org\n", 2, "external"),
                (good + "user-allocations 0\n", 2, "user-allocations"),
                (good + "user-allocations many\n", 2, "user-allocations"),
                (good + "drain -1\n", 2, "drain"),
                (good + "json yes\n", 2, "takes no value"),
                (good + "json\njson\n", 3, "twice"),
                (good + "cert x\n", 2, "--key together"),
                (good + "config x\n", 2, "no option of a file"),
                (good + "only eth0\n", 2, "no option of a file"),
                (good + "--realm x\n", 2, "no option of a file"),
                (good + "r\u00e9alm x\n", 2, "no option of a file"),
                (good + "realm r\u00e9alm\n", 2, "ASCII"),
                ("\ufeff" + good + "nonsense 1\n", 2, "nonsense"),
                (good.replace("\n", "\r\n") + "nonsense 1\r\n", 2, "nonsense"),
                (good + "nonsense", 2, "nonsense"),
                (good + "\x1b[31mred x\n", 2, "?[31mred"),
                (good * 17, 17, "too often"),
                ("user ann:secret\n", 1, "without --turn")):
            with self.subTest(text=text):
                self.refuse(text, line, word)

    def test_a_file_that_is_none_is_named(self):
        for path, word in ((str(self.folder / "missing"), "No such file"), (str(self.folder), "directory"),
                           (self.write("nul", b"turn 127.0.0.1:0\0\n"), "NUL"),
                           (self.write("long", b"#" * 300000), "longer")):
            with self.subTest(path=path):
                done = run("serve", "--config", path)
                self.assertEqual(done.returncode, 2)
                self.assertIn(path, done.stderr.decode())
                self.assertIn(word, done.stderr.decode())

    def test_mistakes_on_the_command_line_name_the_option(self):
        for args, word in ((("--turn", "x"), "--turn"), (("--turn", "127.0.0.1:0", "--relay-ports", "x"), "--relay-ports"),
                           (("--user", "ann:secret"), "--user is of no use without --turn"), (("--realm", "a", "--realm", "b"), "twice"),
                           (("--turn", "127.0.0.1:0", "--allow-peer", "x"), "--allow-peer"),
                           (("--config",), "--config")):
            with self.subTest(args=args):
                done = run("serve", *args)
                self.assertEqual((done.returncode, done.stdout), (2, b""))
                self.assertIn(word, done.stderr.decode())

    def test_the_example_is_taken_line_by_line(self):
        example = (ROOT / "share/serve.conf").read_text()
        self.assertEqual([line for line in example.splitlines() if line.startswith("#:")
                          and not line.startswith("#: ")], [])
        lines = [line.removeprefix("#: ") for line in example.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        self.assertGreater(len(lines), 20)
        for line in lines:
            with self.subTest(line=line):
                # The last line is wrong, so that nothing is begun: it alone must be complained of.
                path = self.write("one.conf", line + "\nnonsense\n")
                said = run("serve", "--config", path).stderr.decode()
                self.assertIn(f"{path}:2: nonsense", said)

    def test_every_option_of_a_file_is_in_the_example(self):
        example = (ROOT / "share/serve.conf").read_text()
        told = run("help", "serve").stdout.decode()
        options = re.findall(r"^  --([a-z-]+)", told[told.index("A TURN server"):told.index("Of the native")], re.M)
        self.assertGreater(len(options), 15)
        for option in options:
            with self.subTest(option=option):
                self.assertRegex(example, rf"(?m)^(#: )?{option}( |$)")


class Users(Folder):
    def test_a_line_of_turn_user_has_the_keys_of_rfc_8489(self):
        done = run("turn-user", "ann", "--realm", "example.org", stdin=b"secret\n")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        text = b"ann:example.org:secret"
        self.assertEqual(done.stdout.decode().strip(), ":".join(
            ("ann", "example.org", hashlib.md5(text).hexdigest(), hashlib.sha256(text).hexdigest())))

    def test_a_credential_is_that_of_the_rest_api(self):
        for hash_name, args in (("sha1", ()), ("sha256", ("--sha256",))):
            with self.subTest(hash=hash_name):
                done = run("turn-credential", "bob", "--for", "60", "--json", *args, stdin=b"key\n")
                told = json.loads(done.stdout)
                until, name = told["username"].split(":")
                self.assertEqual((name, told["ttl"]), ("bob", 60))
                self.assertLessEqual(abs(int(until) - 60 - time.time()), LONG)
                code = hmac.new(b"key", told["username"].encode(), hash_name).digest()
                self.assertEqual(told["password"], base64.b64encode(code).decode())

    def test_nothing_to_read_is_told(self):
        for args in (("turn-user", "ann"), ("turn-credential", "ann")):
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual((done.returncode, done.stdout), (1, b""))
                self.assertIn(b"standard input", done.stderr)

    def test_wrong_usage_ends_with_2(self):
        for args, word in ((("turn-user",), "NAME"), (("turn-user", "a:b"), "NAME"), (("turn-user", "a\n"), "NAME"),
                           (("turn-user", "a", "--realm", "b:c"), "--realm"),
                           (("turn-credential", "--for", "0"), "--for")):
            with self.subTest(args=args):
                done = run(*args, stdin=b"secret\n")
                self.assertEqual((done.returncode, done.stdout), (2, b""))
                self.assertIn(word, done.stderr.decode())

    def test_a_line_that_is_wrong_is_named(self):
        key = "ann:auger:" + "0" * 32 + ":" + "0" * 64
        for text, line, word in ((key.replace("auger", "other"), 1, "realm"), ("# x\n" + key[:-1], 2, "turn-user"),
                                 (key + ":", 1, "turn-user"), (key.replace("ann", ""), 1, "name"),
                                 (key.replace("ann", "\u00e4"), 1, "ASCII"), ("x" * 2000, 1, "too long"),
                                 (key + "\n" + key, None, "two users")):
            with self.subTest(text=text):
                path = self.write("users", text)
                done = run("serve", *TURN, "--users", path)
                self.assertEqual((done.returncode, done.stdout), (1, b""))
                self.assertIn(word, done.stderr.decode())
                if line:
                    self.assertIn(f"{path}:{line}: ", done.stderr.decode())


def main():
    global AUGER
    AUGER = sys.argv.pop(1)
    unittest.main()


if __name__ == "__main__":
    main()
