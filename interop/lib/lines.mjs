// A child process that speaks one JSON object a line, on standard input and output: the peer protocol,
// and the events of `auger serve --json`.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { EventEmitter } from "node:events";

const WAIT_MS = 30000; // a browser on a busy machine

export class Lines extends EventEmitter {
  constructor(command, name) {
    super();
    this.name = name;
    this.events = [];
    this.calls = new Map();
    this.next = 1;
    this.stderr = "";
    this.child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdin.on("error", () => {});
    this.child.stderr.on("data", (data) => (this.stderr = (this.stderr + data).slice(-20000)));
    // Not "exit": what it said last may come after that.
    this.exited = new Promise((resolve) => this.child.on("close", (code, signal) => resolve(code ?? signal)));
    this.child.on("error", (error) => (this.stderr += error.message));
    createInterface({ input: this.child.stdout }).on("line", (line) => this.take(line));
  }

  take(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      this.stderr += `${line}\n`;
      return;
    }
    if (message.id !== undefined && this.calls.has(message.id)) {
      const { resolve, reject } = this.calls.get(message.id);
      this.calls.delete(message.id);
      if (message.err) reject(new Error(`${this.name}: ${message.err}`));
      else resolve(message.ok);
      return;
    }
    message.at = Date.now();
    this.events.push(message);
    this.emit("event", message);
  }

  call(op, fields = {}) {
    const id = this.next++;
    const answer = new Promise((resolve, reject) => this.calls.set(id, { resolve, reject }));
    this.child.stdin.write(`${this.lineOf(op, id, fields)}\n`);
    return this.within(answer, `an answer to ${op}`);
  }

  lineOf(op, id, fields) {
    return JSON.stringify({ op, id, ...fields });
  }

  // The first event, past or future, from `since` on, that satisfies the condition.
  wait(condition, what, since = 0, withinMs = WAIT_MS) {
    const before = this.events.slice(since).find(condition);
    if (before) return Promise.resolve(before);
    let listener;
    const found = new Promise((resolve) => {
      listener = (event) => condition(event) && resolve(event);
      this.on("event", listener);
    });
    return this.within(found, what, withinMs).finally(() => this.off("event", listener));
  }

  within(promise, what, withinMs = WAIT_MS) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(this.describe(`no ${what} within ${withinMs / 1000} s`))), withinMs);
    });
    const gone = this.exited.then((code) => {
      throw new Error(this.describe(`ended with ${code} before ${what}`));
    });
    gone.catch(() => {});
    return Promise.race([promise, late, gone]).finally(() => clearTimeout(timer));
  }

  describe(trouble) {
    const last = this.events.slice(-8).map((event) => JSON.stringify(event).slice(0, 200)).join("\n  ");
    return `${this.name}: ${trouble}\n  ${last}\n${this.stderr.slice(-2000)}`;
  }

  async end() {
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 5000);
    await this.exited;
    clearTimeout(timer);
  }
}
