// Sockets on a host of the laboratory, moved from outside: datagrams of any port to any address, and what
// comes of them. The process there is tests/hands, which is told what to do in words.

import { Lines } from "../lib/lines.mjs";
import { built } from "./built.mjs";

export class Hands extends Lines {
  static async start(host) {
    const hands = new Hands(host.inside([built("hands", "program that has sockets")]), `hands of ${host.name}`);
    hands.host = host;
    hands.setMaxListeners(0);
    await hands.wait((e) => e.ev === "ready", "readiness");
    return hands;
  }

  // A socket of UDP there; port 0 takes any.
  async open({ address = this.host.address, port = 0 } = {}) {
    const opened = await this.call("open", [withPort(address, port)]);
    return new Socket(this, address, opened.port);
  }

  // "connected", or the code of what went wrong.
  reach(to) {
    return this.call("reach", [to]);
  }

  lineOf(op, id, words) {
    return [id, op, ...words].join(" ");
  }
}

const withPort = (address, port) => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);

class Socket {
  constructor(hands, address, port) {
    Object.assign(this, { hands, address, port, at: withPort(address, port) });
  }

  send(to, text) {
    return this.hands.call("send", [this.at, to, text]);
  }

  // The event of a datagram with that text: it says `from` where it came.
  heard(text) {
    return this.hands.events.find((e) => e.ev === "datagram" && e.socket === this.at && e.text === text);
  }

  untilHeard(text, withinMs) {
    return this.hands.wait((e) => e.ev === "datagram" && e.socket === this.at && e.text === text, `datagram ${text} at ${this.at}`, 0, withinMs);
  }

  close() {
    return this.hands.call("close", [this.at]);
  }
}
