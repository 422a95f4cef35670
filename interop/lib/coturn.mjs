// coturn on the relay's host: a TURN server that is not ours, for UDP, TCP and TLS, over IPv4 and IPv6,
// with its own policy about peers. Its log and its process id are in build/coturn/.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { certify } from "./certificate.mjs";
import { RELAY, inside } from "./netns.mjs";
import { PASSWORD, PORT, REALM, TLS_PORT, USER } from "./relay.mjs";
import { until } from "./until.mjs";

const FOLDER = fileURLToPath(new URL("../../build/coturn", import.meta.url));
const LEFT_AFTER_MS = 5000;

// Whether a Binding request (RFC 8489) is answered there.
function answersUdp(port, host) {
  const request = Buffer.concat([Buffer.from("000100002112a442", "hex"), randomBytes(12)]);
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve) => {
    const done = (answered) => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => done(false), 200);
    socket.on("error", () => done(false));
    socket.on("message", (data) => done(data.subarray(8, 20).equals(request.subarray(8))));
    socket.send(request, port, host);
  });
}

function answersTcp(port, host) {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false)).on("close", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

async function isUp() {
  for (const host of [RELAY.v4, RELAY.v6])
    if (!((await answersUdp(PORT, host)) && (await answersTcp(PORT, host)) && (await answersTcp(TLS_PORT, host)))) return false;
  return true;
}

export class Coturn {
  // With another certificate than one that the browsers of browser.mjs trust.
  static async start({ certificate = certify(), args = [] } = {}) {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    const coturn = new Coturn(certificate, args);
    const up = await Promise.race([until(isUp), coturn.exited.then(() => false)]);
    if (up) return coturn;
    await coturn.stop();
    throw new Error(`coturn does not answer\n${coturn.said}\n${coturn.log()}`);
  }

  constructor({ cert, key }, args) {
    const command = ["turnserver", "-n", "--no-cli", "--pidfile", join(FOLDER, "pid"), "--db", join(FOLDER, "db"),
      "--log-file", join(FOLDER, "log"), "--simple-log", "--no-stdout-log", "--verbose", "--relay-threads", "1",
      "--listening-ip", RELAY.v4, "--listening-ip", RELAY.v6, "--relay-ip", RELAY.v4, "--relay-ip", RELAY.v6,
      "--listening-port", String(PORT), "--tls-listening-port", String(TLS_PORT), "--no-rfc5780",
      "--min-port", "50000", "--max-port", "50999", "--cert", cert, "--pkey", key,
      "--lt-cred-mech", "--fingerprint", "--user", `${USER}:${PASSWORD}`, "--realm", REALM, ...args];
    const [program, ...words] = inside(RELAY, command);
    this.said = "";
    this.child = spawn(program, words, { cwd: FOLDER, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on("data", (data) => (this.said = (this.said + data).slice(-4000)));
    this.child.on("error", (error) => (this.said += error.message));
    this.exited = new Promise((resolve) => this.child.on("close", resolve));
  }

  log() {
    try {
      return readFileSync(join(FOLDER, "log"), "utf8").slice(-4000);
    } catch {
      return "";
    }
  }

  async stop() {
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), LEFT_AFTER_MS);
    await this.exited;
    clearTimeout(timer);
  }
}
