// `auger serve` on the native side, for tests.

import { Lines } from "./lines.mjs";
import { NATIVE, inside } from "./netns.mjs";

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

  // Ends as by Ctrl-C; resolves to the exit status.
  interrupt() {
    this.child.kill("SIGINT");
    return this.exited;
  }
}
