// A child process whose input and output are plain text, as `auger connect`.

import { spawn } from "node:child_process";
import { EventEmitter } from "node:events";

const WAIT_MS = 90000; // a browser that starts on a busy machine, 32 MiB in all

export class Pipe extends EventEmitter {
  constructor(command) {
    super();
    this.out = this.err = "";
    this.child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdin.on("error", () => {});
    for (const [name, stream] of [["out", this.child.stdout], ["err", this.child.stderr]]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        this[name] += text;
        this.emit("text");
      });
    }
    this.exited = new Promise((resolve) => this.child.on("close", (code, signal) => resolve(code ?? signal)));
    this.exited.then(() => {
      this.saidAll = true;
      this.emit("text");
    });
  }

  say(text) {
    this.child.stdin.write(text);
  }

  endInput() {
    this.child.stdin.end();
  }

  // Resolves to the match once the output, "out" or "err", has it.
  async until(name, pattern) {
    for (const started = Date.now(); ; ) {
      const match = this[name].match(pattern);
      if (match) return match;
      const left = started + WAIT_MS - Date.now();
      if (left <= 0 || this.saidAll) throw new Error(`no ${pattern} in ${name}:\n${this.out}\n${this.err}`);
      await this.news(left);
    }
  }

  news(within) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, within)));
    return Promise.race([new Promise((resolve) => this.once("text", resolve)), late]).finally(() => clearTimeout(timer));
  }

  async end() {
    this.child.kill("SIGKILL");
    await this.exited;
  }
}
