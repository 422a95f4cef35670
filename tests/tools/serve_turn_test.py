#!/usr/bin/env python3
"""`auger serve --turn` as a process: its configuration, what it relays, reload, drain, metrics.

    serve_turn_test.py PATH_OF_AUGER

The client is written here, from RFC 8489 and 8656, so that it shares no mistake with ours."""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import urllib.error
import urllib.request

AUGER = "auger"
LONG = 60  # seconds; a bound for what never ends, not a measure
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TURN = ("--turn", "127.0.0.1:0", "--allow-peer", "127.0.0.1", "--loopback-unlimited")

# --- a client --------------------------------------------------------------------------------------

BINDING, ALLOCATE, REFRESH, SEND, DATA, PERMIT, BIND = 1, 3, 4, 0x16, 0x17, 8, 9
USERNAME, INTEGRITY, ERROR, REALM, NONCE = 0x06, 0x08, 0x09, 0x14, 0x15
CHANNEL, LIFETIME, PEER, BYTES, RELAYED = 0x0C, 0x0D, 0x12, 0x13, 0x16
TRANSPORT, DONT_FRAGMENT, MAPPED, ICMP = 0x19, 0x1A, 0x20, 0x8004
COOKIE = 0x2112A442
UDP_SEGMENT = 103


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
        if transport == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["stun.turn"])
            self.socket = context.wrap_socket(self.socket)
        self.buffer, self.realm, self.nonce, self.key = bytearray(), b"", b"", b""

    def take(self, size):
        while len(self.buffer) < size:
            got = self.socket.recv(65536)
            if not got:
                raise ConnectionError
            self.buffer += got
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
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
        padding = bytes(-len(data) % 4) if self.transport != "udp" else b""
        self.socket.sendall(struct.pack(">HH", number, len(data)) + data + padding)

    def hear(self):
        """The next data: who sent it, or the number of a channel, and the bytes."""
        while True:
            got = self.receive()
            kind, length = struct.unpack(">HH", got[:4])
            if kind >= 0x4000:
                return kind, got[4:4 + length]
            if kind == DATA:
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

    def hear(self):
        data, self.source = self.socket.recvfrom(65536)
        return data

    def answer(self):
        data = self.hear()
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
        self.at, self.tls_at = None, None
        for name, at in (("turn", "at"), ("tls", "tls_at")):
            for text in self.told.get(name, []):
                ip, port = text.rsplit(":", 1)
                setattr(self, at, (ip, int(port)))

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

    def certificate(self, name="turn.example"):
        """A new one, under the same names."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        self.folder / "key.pem", "-out", self.folder / "cert.pem"], check=True, capture_output=True, timeout=LONG)
        return "--cert", str(self.folder / "cert.pem"), "--key", str(self.folder / "key.pem")

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
                (good + "deny-peer 10.0.0.1/8\n", 2, "deny-peer"),
                (good + "deny-peer 2001:db8::1/64\n", 2, "deny-peer"),
                (good + "deny-peer 10.0.0.0/08\n", 2, "deny-peer"),
                (good + "relay-ip 192.0.2.1\nrelay-ip 192.0.2.2\n", 3, "twice"),
                (good + "external example.org\n", 2, "external"),
                (good + "user-allocations 0\n", 2, "user-allocations"),
                (good + "user-allocations many\n", 2, "user-allocations"),
                (good + "drain -1\n", 2, "drain"),
                (good + "nonce-lifetime 0\n", 2, "nonce-lifetime"),
                (good + "nonce-lifetime 3601\n", 2, "nonce-lifetime"),
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
                ("user ann:secret\n", 1, "without --turn"),
                (good + "tls 127.0.0.1:0\n", 2, "--cert and --key"),
                (good + "tls 127.0.0.1\n", 2, "takes IP:PORT"),
                (good + "turn 127.0.0.1:0/sctp\n", 2, "/tcp")):
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
                           (("--user", "ann:secret"), "--user is of no use without --turn"),
                           (("--turn", "127.0.0.1:0", "--unpaced"), "--unpaced is of no use without --listen"), (("--realm", "a", "--realm", "b"), "twice"),
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
        for option in ("unpaced", *options):
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

    def at_a_prompt(self, act):
        """What a terminal shows of `auger turn-user ann` there, whether it echoed at the prompt and after
        the end, and how the program ended."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([AUGER, "turn-user", "ann"], stdin=theirs, stdout=theirs, stderr=theirs,
                                   start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        try:
            shown = b""
            while b"Password: " not in shown:
                shown += os.read(ours, 1000)
            at_prompt = bool(termios.tcgetattr(theirs)[3] & termios.ECHO)
            act(ours, process)
            status = process.wait(timeout=LONG)
            after = bool(termios.tcgetattr(theirs)[3] & termios.ECHO)
            os.set_blocking(ours, False)
            while select.select([ours], [], [], 0)[0]:
                shown += os.read(ours, 1000)
            return shown.decode(), at_prompt, after, status
        finally:
            process.kill()
            process.wait()
            os.close(ours)
            os.close(theirs)

    def test_a_password_is_not_shown_while_it_is_typed(self):
        shown, at_prompt, after, status = self.at_a_prompt(lambda ours, _: os.write(ours, b"secret\n"))
        self.assertEqual((at_prompt, after, status), (False, True, 0))
        self.assertIn("ann:auger:", shown)
        self.assertNotIn("secret", shown)

    def test_a_signal_at_the_prompt_gives_the_terminal_back(self):
        _, at_prompt, after, status = self.at_a_prompt(lambda ours, _: os.write(ours, b"\x03"))  # Ctrl-C
        self.assertEqual((at_prompt, after, status), (False, True, -signal.SIGINT))
        for number in (signal.SIGTERM, signal.SIGHUP):
            _, at_prompt, after, status = self.at_a_prompt(lambda _, process: process.send_signal(number))
            self.assertEqual((at_prompt, after, status), (False, True, -number))

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


# --- relaying --------------------------------------------------------------------------------------


class Relaying(Folder):
    def test_data_goes_both_ways_by_udp_tcp_and_tls(self):
        with Serve(*TURN, "--tls", "127.0.0.1:0", *self.certificate(), "--user", "ann:secret") as serve, \
                Echo() as echo:
            for transport in ("udp", "tcp", "tls"):
                at = serve.tls_at if transport == "tls" else serve.at
                with self.subTest(transport=transport), Client(at, transport=transport) as client:
                    self.assertEqual(client.allocate(), 0)
                    self.assertEqual(client.permit(echo.address), 0)
                    for data in (b"", b"x", b"y" * 1200):
                        client.send(echo.address, data)
                        self.assertEqual(echo.answer(), data)
                        self.assertEqual(echo.source, client.relayed)
                        self.assertEqual(client.hear(), (echo.address, data))
                    self.assertEqual(client.bind(echo.address), 0)
                    for data in (b"", b"x", b"y" * 1201, b"z" * 20000):
                        client.send_channel(data)
                        self.assertEqual(echo.answer(), data)
                        self.assertEqual(client.hear(), (0x4001, data))
                    self.assertEqual(client.release(), 0)
                    self.assertEqual(serve.line("allocated")["transport"], "udp" if transport == "udp" else "tcp")
                    ended = serve.line("ended")
                    self.assertEqual((ended["why"], ended["user"]), ("released", "ann"))

    def run_of(self, sender, send, receive):
        """Datagrams that leave as one: 20 that are as long as the first, and a shorter one."""
        data = [bytes([n]) * 301 for n in range(20)] + [b"last"]
        size = len(send(data[0]))
        sender.setsockopt(socket.SOL_UDP, UDP_SEGMENT, size)
        sender.send(b"".join(send(one) for one in data))
        sender.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 0)
        for one in data:
            self.assertEqual(receive(), one)

    def test_datagrams_that_come_as_one_are_relayed_one_by_one(self):
        for options in ((), ("--no-gso",)):
            with self.subTest(options=options), Serve(*TURN, "--user", "ann:secret", *options) as serve, \
                    Echo() as echo, Client(serve.at) as client:
                self.assertEqual((client.allocate(), client.permit(echo.address)), (0, 0))
                self.run_of(client.socket, lambda data: self.indication(echo.address, data), echo.hear)
                echo.socket.connect(echo.source)
                self.run_of(echo.socket, lambda data: data, lambda: client.hear()[1])
                self.assertEqual(client.bind(echo.address), 0)
                self.run_of(client.socket, lambda data: struct.pack(">HH", 0x4001, len(data)) + data, echo.hear)
                self.run_of(echo.socket, lambda data: data, lambda: client.hear()[1])

    @staticmethod
    def indication(peer, data):
        body = attribute(PEER, packed(peer)) + attribute(BYTES, data)
        return struct.pack(">HHI", SEND, len(body), COOKIE) + bytes(12) + body

    def test_requests_that_come_as_one_are_all_answered(self):
        with Serve(*TURN) as serve, Client(serve.at) as client:
            client.socket.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 20)
            asked = [bytes([n]) * 12 for n in range(40)]
            client.socket.send(b"".join(struct.pack(">HHI", BINDING, 0, COOKIE) + one for one in asked))
            self.assertEqual([Message(client.receive()).transaction for _ in asked], asked)

    def test_a_tls_stream_of_much_data(self):
        with Serve(*TURN, "--tls", "127.0.0.1:0", *self.certificate(), "--user", "ann:secret") as serve, \
                Echo() as echo, Client(serve.tls_at, transport="tls") as client:
            self.assertEqual((client.allocate(), client.bind(echo.address)), (0, 0))
            for i in range(50):
                data = struct.pack(">I", i) * 5000
                client.send_channel(data)
                self.assertEqual(echo.answer(), data)
                self.assertEqual(client.hear(), (0x4001, data))

    def test_our_own_client_by_each_transport(self):
        options = self.certificate()
        with Serve(*TURN, "--tls", "127.0.0.1:0", *options, "--user", "ann:secret") as serve:
            port, tls_port = serve.at[1], serve.tls_at[1]
            for uri, by in ((f"turn:127.0.0.1:{port}", "udp"), (f"turn:127.0.0.1:{port}?transport=tcp", "tcp"),
                            (f"turns:127.0.0.1:{tls_port}", "tls"),
                            (f"turns:127.0.0.1:{tls_port}?transport=udp", "udp")):
                with self.subTest(uri=uri):
                    done = run("gather", "--loopback", "--only", "lo", "--turn", uri, "--user", "ann:secret",
                               "--turn-ca", options[1], "--policy", "relay")
                    self.assertEqual((done.returncode, done.stderr), (0, b""))
                    self.assertRegex(done.stdout.decode(), rf"(?m)^relay  127\.0\.0\.1:\d+ .* by {by} 127")

    def test_tls_and_dtls_are_told_apart(self):
        options = self.certificate()
        for one, other in (("tcp", "udp"), ("udp", "tcp")):
            with self.subTest(one=one), \
                    Serve(*TURN, "--tls", f"127.0.0.1:0/{one}", *options, "--user", "ann:secret") as serve:
                kinds = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
                with socket.socket(socket.AF_INET, kinds[one]) as taken, \
                        socket.socket(socket.AF_INET, kinds[other]) as free:
                    self.assertRaises(OSError, taken.bind, serve.tls_at)
                    free.bind(serve.tls_at)

    def test_who_speaks_no_tls_is_let_go(self):
        with Serve(*TURN, "--tls", "127.0.0.1:0", *self.certificate()) as serve:
            for data in (b"GET / HTTP/1.1\r\n\r\n", struct.pack(">HHI", 1, 0, COOKIE) + bytes(12)):
                with self.subTest(data=data), Client(serve.tls_at, transport="tcp") as client:
                    client.socket.sendall(data)
                    while client.socket.recv(100):
                        pass  # an alert

    def test_frames_that_come_byte_by_byte_and_many_at_once(self):
        with Serve(*TURN, "--user", "ann:secret") as serve, Echo() as echo, \
                Client(serve.at, transport="tcp") as client:
            self.assertEqual((client.allocate(), client.bind(echo.address)), (0, 0))
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in struct.pack(">HH", 0x4001, 5) + b"hello" + bytes(3):
                client.socket.send(bytes([byte]))
            self.assertEqual(echo.answer(), b"hello")
            self.assertEqual(client.hear(), (0x4001, b"hello"))
            client.socket.sendall(b"".join(struct.pack(">HHI", 0x4001, 4, i) for i in range(100)))
            for i in range(100):
                self.assertEqual(echo.answer(), struct.pack(">I", i))

    def test_the_end_of_a_stream_ends_its_allocation(self):
        with Serve(*TURN, "--user", "ann:secret") as serve:
            with Client(serve.at, transport="tcp") as client:
                self.assertEqual(client.allocate(), 0)
            self.assertEqual(serve.line("ended")["why"], "stream closed")

    def test_an_icmp_error_is_handed_on(self):
        """Section 11.6 of RFC 8656: nobody listens where the permission leads."""
        with Serve(*TURN, "--user", "ann:secret") as serve, Client(serve.at) as client:
            with Echo() as echo:
                closed = echo.address
            self.assertEqual((client.allocate(), client.permit(closed)), (0, 0))
            client.send(closed, b"anybody?")
            told = Message(client.receive())
            self.assertEqual((told.kind, unpacked(told.attributes[PEER])[0]), (DATA, closed[0]))
            self.assertEqual(told.attributes[ICMP], bytes((0, 0, 3, 3, 0, 0, 0, 0)))
            self.assertNotIn(BYTES, told.attributes)

    def test_what_must_not_be_fragmented_is_sent_so_and_the_next_is_not(self):
        with Serve(*TURN, "--user", "ann:secret") as serve, Echo() as echo, Client(serve.at) as client:
            self.assertEqual((client.allocate(), client.permit(echo.address)), (0, 0))
            for extra in (b"", attribute(DONT_FRAGMENT, b""), b""):
                client.write(SEND, attribute(PEER, packed(echo.address)) + attribute(BYTES, b"x") + extra, signed=False)
                self.assertEqual(echo.answer(), b"x")
                self.assertEqual(client.hear(), (echo.address, b"x"))

    def test_peers_are_denied_by_default(self):
        with Serve("--turn", "127.0.0.1:0", "--user", "ann:secret") as serve, Client(serve.at) as client:
            self.assertEqual(client.allocate(), 0)
            for peer in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1"):
                with self.subTest(peer=peer):
                    self.assertEqual(client.permit((peer, 80)), 403)
            self.assertEqual(client.permit(("8.8.8.8", 53)), 0)

    def test_rules_of_the_command_line_decide(self):
        with Serve("--turn", "127.0.0.1:0", "--user", "ann:secret", "--allow-peer", "10.0.0.0/8",
                   "--deny-peer", "10.1.0.0/16", "--deny-peer", "8.8.8.8") as serve, Client(serve.at) as client:
            self.assertEqual(client.allocate(), 0)
            for peer, code in (("10.0.0.1", 0), ("10.1.0.1", 403), ("8.8.8.8", 403), ("8.8.8.9", 0)):
                with self.subTest(peer=peer):
                    self.assertEqual(client.permit((peer, 80)), code)

    def test_a_range_of_ports_and_an_external_address(self):
        with Serve(*TURN, "--user", "ann:secret", "--relay-ports", "50000-50003", "--allocations", "2",
                   "--external", "192.0.2.5") as serve:
            with Client(serve.at) as one, Client(serve.at) as two, Client(serve.at) as three:
                self.assertEqual((one.allocate(), two.allocate(), three.allocate()), (0, 0, 508))
                for client in (one, two):
                    self.assertEqual(client.relayed[0], "192.0.2.5")
                    self.assertIn(client.relayed[1], range(50000, 50004))

    def test_a_user_has_a_quota(self):
        with Serve(*TURN, "--user", "ann:secret", "--user", "bob:secret", "--user-allocations", "1") as serve, \
                Client(serve.at) as one, Client(serve.at) as two, Client(serve.at, name="bob") as other:
            self.assertEqual((one.allocate(), two.allocate(), other.allocate()), (0, 486, 0))

    def test_stun_is_answered_there_too(self):
        with Serve(*TURN) as serve:
            for transport in ("udp", "tcp"):
                with self.subTest(transport=transport), Client(serve.at, transport=transport) as client:
                    self.assertEqual(unpacked(client.ask(BINDING).attributes[MAPPED]), client.socket.getsockname())

    def test_a_wildcard_address_answers_from_where_it_was_asked(self):
        with Serve("--turn", "0.0.0.0:0", "--user", "ann:secret", "--relay-ip", "127.0.0.1",
                   "--allow-peer", "127.0.0.1") as serve, Echo() as echo:
            for ip in ("127.0.0.1", "127.0.0.2"):
                with self.subTest(ip=ip), Client((ip, serve.at[1])) as client:
                    self.assertEqual((client.allocate(), client.permit(echo.address)), (0, 0))
                    client.send(echo.address, b"x")
                    self.assertEqual(echo.answer(), b"x")
                    self.assertEqual(client.hear(), (echo.address, b"x"))

    def test_an_address_that_is_taken_is_named(self):
        with Serve(*TURN) as serve:
            done = run("serve", "--turn", f"127.0.0.1:{serve.at[1]}")
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertIn(f"127.0.0.1:{serve.at[1]}", done.stderr.decode())


class Credentials(Folder):
    def test_users_of_a_file_and_of_a_secret(self):
        users = self.write("users", run("turn-user", "carl", stdin=b"pass\n").stdout)
        secret = self.write("secret", "key\nother key\n")
        with Serve(*TURN, "--users", users, "--secret-file", secret) as serve:
            for key, args in ((b"key\n", ()), (b"other key\n", ("dora",)), (b"key\n", ("--sha256",))):
                told = json.loads(run("turn-credential", "--json", *args, stdin=key).stdout)
                with self.subTest(args=args), Client(serve.at, told["username"], told["password"]) as client:
                    self.assertEqual(client.allocate(), 0)
            for name, password, code in (("carl", "pass", 0), ("carl", "wrong", 401), ("nobody", "pass", 401),
                                         (f"{int(time.time()) - 10}:x", "pass", 401)):
                with self.subTest(name=name), Client(serve.at, name, password) as client:
                    self.assertEqual(client.allocate(), code)

    def test_a_password_in_the_arguments_is_warned_of_and_not_told(self):
        with Serve(*TURN, "--user", "ann:hunter2") as serve:
            _, out, err = serve.end()
        self.assertIn("--user", err)
        self.assertNotIn("hunter2", out + err)


# --- reload and end --------------------------------------------------------------------------------


class Reload(Folder):
    def code(self, serve, name, password="pass"):
        with Client(serve.at, name, password) as client:
            return client.allocate()

    def users(self, *names, path=None):
        text = b"".join(run("turn-user", name, stdin=b"pass\n").stdout for name in names)
        if not path:
            return self.write("users", text)
        pathlib.Path(path).write_bytes(text)

    def test_users_come_and_go(self):
        users = self.users("carl")
        with Serve(*TURN, "--users", users) as serve:
            self.assertEqual((self.code(serve, "carl"), self.code(serve, "dora")), (0, 401))
            self.users("dora", path=users)
            serve.hang_up()
            self.assertEqual(serve.line("reloaded")["users"], 1)
            self.assertEqual((self.code(serve, "carl"), self.code(serve, "dora")), (401, 0))

    def test_a_file_that_changes_is_read_again(self):
        users = self.users("carl")
        with Serve(*TURN, "--users", users) as serve:
            self.users("carl", "dora", path=users)
            self.assertEqual(serve.line("reloaded")["users"], 2)
            self.assertEqual(self.code(serve, "dora"), 0)

    def test_a_mistake_changes_nothing_and_is_told(self):
        config = self.write("serve.conf", "turn 127.0.0.1:0\nuser ann:pass\nsecret key\n")
        with Serve("--config", config) as serve:
            for text, word in (("turn 127.0.0.1:0\nuser bob:pass\nnonsense\n", f"{config}:3: nonsense"),
                               ("turn 127.0.0.1:0\nuser bob:pass\nusers /nowhere\n", "/nowhere"),
                               ("turn 127.0.0.1:0\nuser bob:pass\nuser bob:other\n", "two users"),
                               ("turn 127.0.0.1:0\nuser bob:pass\nsecret-file /nowhere\n", "/nowhere")):
                with self.subTest(text=text):
                    self.write("serve.conf", text)
                    serve.hang_up()
                    said = ""
                    while word not in said:
                        said = serve.process.stderr.readline().decode()
                        self.assertTrue(said)
                    told = json.loads(run("turn-credential", "--json", stdin=b"key\n").stdout)
                    self.assertEqual((self.code(serve, "ann"), self.code(serve, "bob"),
                                      self.code(serve, told["username"], told["password"])), (0, 401, 0))

    def test_a_rule_that_is_none_leaves_the_rules_that_were(self):
        text = "turn 127.0.0.1:0\nuser ann:pass\ndeny-peer 8.8.8.0/24\n"
        config = self.write("serve.conf", text)
        with Serve("--config", config) as serve, Client(serve.at, "ann", "pass") as client:
            self.assertEqual((client.allocate(), client.permit(("8.8.8.8", 1))), (0, 403))
            self.write("serve.conf", text.replace("deny", "deny-peer 9.9.9.9/24\ndeny"))
            serve.hang_up()
            self.assertIn(b"auger serve: ", serve.process.stderr.readline())
            self.assertEqual(client.permit(("8.8.8.8", 1)), 403)

    def test_a_secret_that_is_too_long_is_not_two(self):
        secrets = self.write("secrets", "a" * 5000 + "\n")
        done = run("serve", *TURN, "--secret-file", secrets)
        self.assertEqual(done.returncode, 1)
        self.assertIn("too long", done.stderr.decode())

    def test_a_file_with_other_users_secrets_and_rules(self):
        config = self.write("serve.conf", "turn 127.0.0.1:0\nuser ann:pass\nsecret key\nallow-peer 10.0.0.1\n")
        with Serve("--config", config) as serve:
            with Client(serve.at, "ann", "pass") as client:
                self.assertEqual((client.allocate(), client.permit(("10.0.0.1", 1)), client.permit(("10.0.0.2", 1))),
                                 (0, 0, 403))
                self.write("serve.conf", "turn 127.0.0.1:0\nuser bob:pass\nsecret new\nallow-peer 10.0.0.2\n")
                serve.hang_up()
                serve.line("reloaded")
                told = json.loads(run("turn-credential", "--json", stdin=b"key\n").stdout)
                new = json.loads(run("turn-credential", "--json", stdin=b"new\n").stdout)
                self.assertEqual((self.code(serve, "ann"), self.code(serve, "bob"),
                                  self.code(serve, told["username"], told["password"]),
                                  self.code(serve, new["username"], new["password"])), (401, 0, 401, 0))

    def test_what_was_said_before_the_end_of_tls_is_heard(self):
        with Serve(*TURN, "--tls", "127.0.0.1:0", *self.certificate(), "--user", "ann:secret") as serve, \
                Client(serve.tls_at, transport="tls") as client, Echo() as peer:
            self.assertEqual((client.allocate(), client.permit(peer.address)), (0, 0))
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            client.send(peer.address, b"farewell")
            client.socket.unwrap()  # in the same segment
            peer.socket.settimeout(5)
            self.assertEqual(peer.socket.recv(100), b"farewell")
            self.assertEqual(serve.line("ended")["why"], "stream closed")

    def test_a_new_certificate_is_shown_and_a_wrong_one_is_not(self):
        def shown():
            with Client(serve.tls_at, transport="tls") as client:
                return client.socket.getpeercert(binary_form=True)

        options = self.certificate()
        with Serve(*TURN, "--tls", "127.0.0.1:0", *options, "--user", "ann:secret") as serve, \
                Client(serve.tls_at, transport="tls") as client:
            self.assertEqual(client.allocate(), 0)
            old = shown()
            self.certificate()
            serve.hang_up()
            serve.line("reloaded")
            new = shown()
            self.assertNotEqual(old, new)
            self.write("key.pem", "nonsense")
            serve.hang_up()
            while "nothing has changed" not in serve.process.stderr.readline().decode():
                pass
            self.assertEqual(shown(), new)
            self.assertEqual(client.permit(("8.8.8.8", 53)), 0)

    def test_what_needs_a_restart_is_told(self):
        config = self.write("serve.conf", "turn 127.0.0.1:0\nuser ann:pass\n")
        with Serve("--config", config) as serve:
            self.write("serve.conf", "turn 127.0.0.1:0\nuser ann:pass\nrelay-ports 50000-50010\n")
            serve.hang_up()
            serve.line("reloaded")
            _, _, err = serve.end()
        self.assertIn("restart", err)


class Relays(unittest.TestCase):
    """Clients of one server reach each other by their relays, and nothing else of its machine."""

    RANGE = range(41000, 41200)
    OPTIONS = ("--turn", "127.0.0.1:0", "--loopback-unlimited", "--relay-to-relay", "--relay-ports", "41000-41199",
               "--user", "ann:secret", "--user-allocations", "100", "--ip-allocations", "100", "--metrics", "127.0.0.1:0")

    def bystander(self):
        """Some other program's socket, on a port of the range."""
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(other.close)
        other.setblocking(False)
        for port in self.RANGE:
            try:
                other.bind(("127.0.0.1", port))
                return other
            except OSError:
                pass
        raise AssertionError("no port of the range is free")

    def meet(self, one, other):
        """Both ways, over the relays of both."""
        for way, back in ((one, other), (other, one)):
            way.send(back.relayed, b"hello")
            self.assertEqual(back.hear(), (way.relayed, b"hello"))

    def denied(self, serve, count):
        """Until so many datagrams were refused; who asks for the metrics asks all threads."""
        end = time.monotonic() + LONG
        while Told.metrics(self, serve)['auger_turn_drops_total{why="the peer is denied"}'] < count:
            self.assertLess(time.monotonic(), end)

    def clients(self, serve, count):
        clients = [Client(serve.at) for _ in range(count)]
        for client in clients:
            self.addCleanup(client.close)
            self.assertEqual(client.allocate(), 0)
        return clients

    def look(self, serve, one, other):
        bystander = self.bystander()
        there = bystander.getsockname()
        self.assertEqual((one.permit(other.relayed), other.permit(one.relayed)), (0, 0))
        self.meet(one, other)
        self.assertEqual((one.permit(there), one.bind(there)), (0, 403)) # a permission is for the IP address
        one.send(there, b"nobody has asked for this")
        self.denied(serve, 1)
        with self.assertRaises(BlockingIOError):
            bystander.recv(100)
        self.meet(one, other)
        self.assertEqual((one.bind(other.relayed), other.release()), (0, 0))
        gone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(gone.close)
        gone.setblocking(False)
        while True: # the port is free once the server has closed its socket
            try:
                gone.bind(other.relayed)
                break
            except OSError:
                self.assertEqual(one.permit(one.relayed), 0)
        one.send_channel(b"to whoever has the port now")
        self.denied(serve, 2)
        with self.assertRaises(BlockingIOError):
            gone.recv(100)
        self.assertEqual(one.bind(other.relayed), 403)

    def test_a_port_of_the_range_without_a_relay_gets_nothing(self):
        with Serve(*self.OPTIONS) as serve:
            self.look(serve, *self.clients(serve, 2))

    def test_so_it_is_between_threads(self):
        with Serve(*self.OPTIONS, "--threads", "2") as serve:
            clients = self.clients(serve, 24)
            one = clients[0]
            other = next(client for client in clients if (client.relayed[1] < 41100) != (one.relayed[1] < 41100))
            self.look(serve, one, other)


class Threads(Folder):
    """Clients of one server that reach several threads."""

    OPTIONS = (*TURN, "--threads", "3", "--relay-ports", "40000-40299", "--user-allocations", "100",
               "--ip-allocations", "100", "--metrics", "127.0.0.1:0")

    def many(self, serve, count=24, **options):
        clients = [Client(serve.at, **options) for _ in range(count)]
        for client in clients:
            self.addCleanup(client.close)
        return clients

    def part(self, client):
        return (client.relayed[1] - 40000) // 100

    def parts(self, clients):
        return {self.part(client) for client in clients}

    def test_clients_are_shared_out_and_each_is_served(self):
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport), Serve(*self.OPTIONS, "--user", "ann:secret") as serve, \
                    Echo() as echo:
                clients = self.many(serve, transport=transport)
                for client in clients:
                    self.assertEqual((client.allocate(), client.permit(echo.address)), (0, 0))
                    client.send(echo.address, b"x")
                    self.assertEqual(echo.answer(), b"x")
                    self.assertEqual(echo.source, client.relayed)
                    self.assertEqual(client.hear(), (echo.address, b"x"))
                self.assertEqual(self.parts(clients), {0, 1, 2})
                metrics = Told.metrics(self, serve)
                self.assertEqual((metrics["auger_turn_allocations"], metrics["auger_turn_allocations_total"]), (24, 24))
                self.assertEqual(metrics['auger_turn_packets_total{to="peer"}'], 24)
                self.assertEqual(metrics["auger_turn_gso"], 1)
                for client in clients:
                    self.assertEqual(client.release(), 0)
                self.assertEqual(Told.metrics(self, serve)["auger_turn_allocations"], 0)
                for _ in range(4):
                    self.assertEqual(serve.line("ended")["user"], "ann")

    def test_relays_of_two_threads_meet(self):
        with Serve(*self.OPTIONS, "--user", "ann:secret", "--relay-to-relay") as serve:
            clients = self.many(serve)
            for client in clients:
                self.assertEqual(client.allocate(), 0)
            one = clients[0]
            other = next(client for client in clients if self.part(client) != self.part(one))
            self.assertEqual((one.permit(other.relayed), other.permit(one.relayed)), (0, 0))
            one.send(other.relayed, b"hello")
            self.assertEqual(other.hear(), (one.relayed, b"hello"))

    def test_what_is_read_again_reaches_all(self):
        with Serve("--config", self.write("serve.conf", self.file("ann"))) as serve:
            self.assertEqual({client.allocate() for client in self.many(serve)}, {0})
            self.write("serve.conf", self.file("bob"))
            serve.hang_up()
            serve.line("reloaded")
            self.assertEqual({client.allocate() for client in self.many(serve, name="bob")}, {0})
            self.assertEqual({client.allocate() for client in self.many(serve)}, {401})

    @staticmethod
    def file(user):
        return f"turn 127.0.0.1:0\nallow-peer 127.0.0.1\nloopback-unlimited\nthreads 3\nuser {user}:secret\n" \
               "user-allocations 100\nip-allocations 100\n"

    def test_all_drain(self):
        with Serve(*self.OPTIONS, "--user", "ann:secret") as serve:
            clients = self.many(serve)
            for client in clients:
                self.assertEqual(client.allocate(), 0)
            serve.process.send_signal(signal.SIGTERM)
            late = self.many(serve)
            while late[0].allocate() == 0:
                self.assertEqual(late[0].release(), 0)
            self.assertEqual({client.allocate() for client in late}, {508})
            for client in clients[1:]:
                self.assertEqual(client.release(), 0)
            with self.assertRaises(subprocess.TimeoutExpired):
                serve.process.wait(timeout=0.5)
            self.assertEqual(clients[0].release(), 0)
            self.assertEqual(serve.wait()[0], 0)

    def test_nobody_else_shares_the_address(self):
        with Serve(*self.OPTIONS) as serve:
            at = "%s:%d" % serve.at
            for threads in ("1", "2"):
                done = run("serve", "--turn", at, "--threads", threads)
                self.assertEqual((done.returncode, b"cannot serve TURN at " + at.encode() in done.stderr), (1, True))

    def test_what_takes_one_thread_says_so(self):
        for options, word in ((("--trace", "x"), "--trace"), (("--pcap", "x"), "--pcap"),
                              (("--relay-ports", "50000-50002"), "--relay-ports")):
            with self.subTest(options=options):
                done = run("serve", *TURN, "--threads", "2", *options)
                self.assertEqual((done.returncode, word in done.stderr.decode()), (2, True))


class End(Folder):
    def test_sigterm_waits_for_what_lives(self):
        with Serve(*TURN, "--user", "ann:secret") as serve, Client(serve.at) as client, Client(serve.at) as late, \
                Echo() as echo:
            self.assertEqual((client.allocate(), client.permit(echo.address)), (0, 0))
            serve.process.send_signal(signal.SIGTERM)
            while late.allocate() == 0:  # until the signal has come there
                late.release()
            client.send(echo.address, b"still")
            self.assertEqual(echo.answer(), b"still")
            self.assertEqual(late.allocate(), 508)
            self.assertEqual(client.release(), 0)
            self.assertEqual(serve.wait()[0], 0)

    def test_told_twice_or_interrupted_it_ends_at_once(self):
        for second, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with self.subTest(second=second), Serve(*TURN, "--user", "ann:secret", "--drain", "86400") as serve, \
                    Client(serve.at) as client, Client(serve.at) as late:
                self.assertEqual(client.allocate(), 0)
                serve.process.send_signal(signal.SIGTERM)
                while late.allocate() == 0:
                    late.release()
                self.assertEqual(serve.end(second)[0], status)

    def test_the_drain_has_a_bound(self):
        with Serve(*TURN, "--user", "ann:secret", "--drain", "1") as serve, Client(serve.at) as client:
            self.assertEqual(client.allocate(), 0)
            self.assertEqual(serve.end(signal.SIGTERM)[0], 0)

    def test_nobody_there_it_ends(self):
        with Serve(*TURN) as serve:
            self.assertEqual(serve.end(signal.SIGTERM)[0], 0)
        with Serve(*TURN, "--listen", "127.0.0.1:0") as serve:
            self.assertEqual(serve.end(signal.SIGTERM)[0], 0)


# --- what is told ----------------------------------------------------------------------------------


class Told(Folder):
    def metrics(self, serve):
        with urllib.request.urlopen(serve.told["metrics"], timeout=LONG) as answer:
            self.assertIn("text/plain", answer.headers["content-type"])
            text = answer.read().decode()
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) auger_turn_\w+ .+|auger_turn_\w+(\{\w+="[^"]*"\})? \d+)$')
        return {line.rsplit(" ", 1)[0]: int(line.rsplit(" ", 1)[1])
                for line in text.splitlines() if not line.startswith("#")}

    def test_metrics_count_what_was_carried(self):
        with Serve(*TURN, "--user", "ann:secret", "--metrics", "127.0.0.1:0") as serve, Echo() as echo, \
                Client(serve.at) as client, Client(serve.at, transport="tcp") as other:
            self.assertEqual((client.allocate(), client.permit(echo.address), other.allocate()), (0, 0, 0))
            for _ in range(3):
                client.send(echo.address, b"x" * 100)
                echo.answer()
                client.hear()
            told = self.metrics(serve)
            for name, value in (("allocations", 2), ("allocations_total", 2), ("relays", 2), ("streams", 1),
                                ("streams_unknown", 0), ('packets_total{to="peer"}', 3),
                                ('bytes_total{to="client"}', 300), ("challenges_total", 2)):
                with self.subTest(name=name):
                    self.assertEqual(told["auger_turn_" + name], value)

    def test_metrics_have_an_address_of_their_own(self):
        with Serve(*TURN, "--metrics", "127.0.0.1:0", "--listen", "127.0.0.1:0") as serve:
            base = serve.told["metrics"].removesuffix("/metrics")
            for url in (base + "/", base + "/config.json", base + "/whip/demo", serve.told["url"] + "metrics"):
                with self.subTest(url=url), self.assertRaises(urllib.error.HTTPError) as caught:
                    urllib.request.urlopen(url, timeout=LONG)
                caught.exception.close()
                self.assertEqual(caught.exception.code, 404)
            self.assertEqual(self.metrics(serve)["auger_turn_allocations"], 0)

    def test_many_lines_become_one(self):
        with Serve(*TURN, "--user", "ann:secret", "--user-allocations", "100", "--ip-allocations", "100") as serve:
            clients = [Client(serve.at) for _ in range(40)]
            for client in clients:
                self.assertEqual(client.allocate(), 0)
            for client in clients:
                client.close()
            told, left_out = 0, 0
            while told + left_out < 40:
                event = json.loads(serve.process.stdout.readline())
                told += event["ev"] == "allocated"
                left_out += event.get("lines", 0) if event.get("of") == "allocated" else 0
            self.assertEqual(told + left_out, 40)

    def test_a_name_with_quotes_is_one_line(self):
        name = f'{int(time.time()) + 1000}:"x" \\ %n %s'
        password = base64.b64encode(hmac.new(b"key", name.encode(), "sha1").digest()).decode()
        serve = subprocess.Popen([AUGER, "serve", *TURN, "--secret", "key"], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        with serve:
            try:
                ip, port = re.search(rb"([\d.]+):(\d+)", serve.stdout.readline()).groups()
                serve.stdout.readline()
                with Client((ip.decode(), int(port)), name, password) as client:
                    self.assertEqual(client.allocate(), 0)
                    line = serve.stdout.readline().decode()
                self.assertIn('user="\\x22x\\x22 \\x5c %n %s" client=127.0.0.1:', line)
            finally:
                serve.send_signal(signal.SIGINT)

    def test_status_is_told_every_now_and_then(self):
        with Serve(*TURN, "--status", "1") as serve:
            self.assertEqual(serve.line("status")["allocations"], 0)
            self.assertEqual(serve.line("status")["allocations_made"], 0)
            self.assertEqual((serve.line("status")["gro"], serve.line("status")["gso"]), (True, True))
        with Serve(*TURN, "--status", "1", "--no-gso") as serve:
            status = serve.line("status")
            self.assertEqual((status["gro"], status["gso"]), (False, False))


# --- strangers -------------------------------------------------------------------------------------


class Strangers(Folder):
    def is_closed(self, client):
        try:
            return client.socket.recv(1) == b""
        except ConnectionError:
            return True

    def test_what_is_no_turn_ends_a_stream(self):
        with Serve(*TURN, "--user", "ann:secret") as serve:
            for data in (b"GET / HTTP/1.1\r\n\r\n" + b"x" * 3000, b"\x16\x03\x01\x02\0\x01", b"\xff" * 8,
                         struct.pack(">HH", 0x4001, 65535) + bytes(3000), struct.pack(">HHI", 3, 0, 0x12345678),
                         struct.pack(">HHI", 3, 65532, COOKIE) + bytes(4000)):
                with self.subTest(data=data[:8]), Client(serve.at, transport="tcp") as client:
                    client.socket.sendall(data)
                    self.assertTrue(self.is_closed(client))

    def test_the_oldest_silent_stream_makes_room(self):
        with Serve(*TURN, "--user", "ann:secret", "--metrics", "127.0.0.1:0") as serve:
            known = Client(serve.at, transport="tcp")
            self.assertEqual(known.allocate(), 0)
            silent = [Client(serve.at, transport="tcp") for _ in range(65)]
            self.assertTrue(self.is_closed(silent[0]))
            for client in silent[1:]:
                self.assertEqual(client.ask(BINDING).error, 0)
            self.assertEqual(known.release(), 0)
            for client in silent + [known]:
                client.close()

    def test_who_does_not_read_loses_data_and_nobody_else_does(self):
        with Serve(*TURN, "--user", "ann:secret", "--metrics", "127.0.0.1:0") as serve, Echo() as echo, \
                Client(serve.at, transport="tcp") as slow, Client(serve.at) as other:
            for client in (slow, other):
                self.assertEqual((client.allocate(), client.permit(echo.address)), (0, 0))
            dropped = 0
            while dropped == 0:
                for _ in range(200):
                    echo.socket.sendto(b"y" * 8000, slow.relayed)
                dropped = Told.metrics(self, serve)["auger_turn_queue_drops_total"]
            other.send(echo.address, b"x")
            self.assertEqual(echo.answer(), b"x")
            self.assertEqual(other.hear(), (echo.address, b"x"))
            for _ in range(20):  # what comes is whole
                self.assertEqual(slow.hear(), (echo.address, b"y" * 8000))
            slow.buffer = b""

    def test_without_descriptors_those_who_are_served_are_served(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))

        with Serve(*TURN, "--user", "ann:secret", "--user-allocations", "100", "--ip-allocations", "100",
                   files=few) as serve, Echo() as echo, Client(serve.at) as client:
            self.assertEqual((client.allocate(), client.permit(echo.address)), (0, 0))
            many = [Client(serve.at, transport="tcp") for _ in range(60)]
            late = Client(serve.at)
            while (code := late.allocate()) == 0:  # before all of those have come
                self.assertEqual(late.release(), 0)
            self.assertEqual(code, 508)
            client.send(echo.address, b"x")
            self.assertEqual(echo.answer(), b"x")
            self.assertEqual(client.hear(), (echo.address, b"x"))
            for other in many:
                other.close()
            while late.allocate() == 508:
                pass
            late.close()


def main():
    global AUGER
    AUGER = sys.argv.pop(1)
    unittest.main()


if __name__ == "__main__":
    main()
