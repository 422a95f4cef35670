// `auger serve` for tests: on the native side, or as the relay.

import { certify } from "./certificate.mjs";
import { Lines } from "./lines.mjs";
import { NATIVE, RELAY, inside } from "./netns.mjs";
import { PASSWORD, PORT, REALM, TLS_PORT, USER } from "./relay.mjs";

export class Serve extends Lines {
  static start(...args) {
    return Serve.startAt(`${NATIVE.v4}:0`, ...args);
  }

  static async startAt(at, ...args) {
    const command = [process.env.AUGER, "serve", "--json", "--listen", at, "--stun", at, ...args];
    const serve = new Serve(inside(NATIVE, command), "auger serve");
    const { url, stun } = await serve.wait((e) => e.url, "URL");
    Object.assign(serve, { url, stun });
    return serve;
  }

  // A TURN server and nothing else, for UDP, TCP and TLS, with its own policy of peers.
  static async relay(...args) {
    const { cert, key } = certify();
    const listening = [RELAY.v4, `[${RELAY.v6}]`].flatMap((ip) => ["--turn", `${ip}:${PORT}`, "--tls", `${ip}:${TLS_PORT}`]);
    const command = [process.env.AUGER, "serve", "--json", ...listening, "--cert", cert, "--key", key,
      "--realm", REALM, "--user", `${USER}:${PASSWORD}`, ...args];
    const serve = new Serve(inside(RELAY, command), "auger serve");
    await serve.wait((e) => e.turn, "addresses of the relay");
    return serve;
  }

  stop() {
    return this.interrupt();
  }

  // Ends as by Ctrl-C; resolves to the exit status.
  interrupt() {
    this.child.kill("SIGINT");
    return this.exited;
  }
}
