// Sockets on a host of the laboratory, moved from outside: datagrams of any port to any address, and what
// comes of them. The process there is this file too, run with the name of nobody else.

import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Lines } from "../lib/lines.mjs";

export class Hands extends Lines {
  static async start(host) {
    const hands = new Hands(host.inside(["node", fileURLToPath(import.meta.url), "--hands"]), `hands of ${host.name}`);
    hands.host = host;
    hands.setMaxListeners(0);
    await hands.wait((e) => e.ev === "ready", "readiness");
    return hands;
  }

  // A socket of UDP there; port 0 takes any.
  async open({ address = this.host.address, port = 0 } = {}) {
    const opened = await this.call("open", { address, port });
    return new Socket(this, address, opened.port);
  }

  // "connected", or the code of what went wrong.
  reach(to) {
    return this.call("reach", { to });
  }
}

class Socket {
  constructor(hands, address, port) {
    Object.assign(this, { hands, address, port, at: `${address}:${port}` });
  }

  send(to, text) {
    return this.hands.call("send", { socket: this.at, to, text });
  }

  // The event of a datagram with that text: it says `from` where it came.
  heard(text) {
    return this.hands.events.find((e) => e.ev === "datagram" && e.socket === this.at && e.text === text);
  }

  untilHeard(text, withinMs) {
    return this.hands.wait((e) => e.ev === "datagram" && e.socket === this.at && e.text === text, `datagram ${text} at ${this.at}`, 0, withinMs);
  }

  close() {
    return this.hands.call("close", { socket: this.at });
  }
}

// --- the process there ------------------------------------------------------------

const sockets = new Map();

const OPS = {
  open: ({ address, port }, answer) => {
    const socket = createSocket("udp4");
    socket.on("error", (error) => answer({ err: error.code }));
    socket.bind(port, address, () => {
      const at = `${address}:${socket.address().port}`;
      sockets.set(at, socket);
      socket.on("message", (data, { address: ip, port: from }) => tell({ ev: "datagram", socket: at, from: `${ip}:${from}`, text: data.toString() }));
      answer({ ok: { port: socket.address().port } });
    });
  },
  send: ({ socket, to, text }, answer) => {
    const [ip, port] = to.split(":");
    sockets.get(socket).send(text, Number(port), ip, (error) => answer({ ok: error?.code ?? "sent" }));
  },
  close: ({ socket }, answer) => {
    sockets.get(socket).close(() => answer({ ok: true }));
    sockets.delete(socket);
  },
  reach: ({ to }, answer) => {
    const [host, port] = to.split(":");
    const socket = connect({ host, port: Number(port) });
    const done = (ok) => {
      socket.destroy();
      answer({ ok });
    };
    socket.setTimeout(3000, () => done("ETIMEDOUT"));
    socket.on("connect", () => done("connected"));
    socket.on("error", (error) => done(error.code));
  },
};

function tell(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

if (process.argv[2] === "--hands") {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { op, id, ...fields } = JSON.parse(line);
    OPS[op](fields, (answer) => tell({ id, ...answer }));
  }).on("close", () => process.exit(0));
  tell({ ev: "ready" });
}
