// Files over a data channel of their own, protocol "auger-file" (docs/signalling.md).

import { asLine } from "./text.js";

const CHUNK = 64 * 1024;
const LOW_WATER = 256 * 1024;
const HIGH_WATER = 1024 * 1024;

export const PROTOCOL = "auger-file";
export const FILE_MAX = 64 * 1024 * 1024;
export const TOO_LARGE = "larger than 64 MiB";

export async function sha256(bytes) {
  if (!crypto.subtle) return null; // only where the page came by HTTPS or from localhost
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function opened(channel) {
  if (channel.readyState === "open") return Promise.resolve();
  return new Promise((resolve, reject) => {
    channel.addEventListener("open", resolve, { once: true });
    channel.addEventListener("close", () => reject(new Error("the channel closed")), { once: true });
  });
}

function drained(channel) {
  if (channel.bufferedAmount <= HIGH_WATER) return Promise.resolve();
  channel.bufferedAmountLowThreshold = LOW_WATER;
  return new Promise((resolve, reject) => {
    channel.addEventListener("bufferedamountlow", resolve, { once: true });
    channel.addEventListener("close", () => reject(new Error("the channel closed")), { once: true });
  });
}

function concat(parts, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return bytes;
}

function readJson(text) {
  try {
    const message = JSON.parse(text);
    if (message && typeof message === "object") return message;
  } catch {
    // It is told below.
  }
  throw new Error("what came is not of a file");
}

function readHeader({ name, size, type, sha256: hash, kept }) {
  if (!Number.isSafeInteger(size) || size < 0) throw new Error("a file without a size came");
  if (size > FILE_MAX) throw new Error(TOO_LARGE);
  return { name: asLine(name ?? "file", 200), size, type: asLine(type ?? "", 100), sha256: asLine(hash ?? "", 64), kept: kept === true };
}

// One file on its way in. take() says whether it is whole.
class Incoming {
  header = null;
  received = 0;
  parts = [];

  take(data) {
    return typeof data === "string" ? this.takeText(readJson(data)) : this.takeBytes(data);
  }

  takeText(message) {
    if (message.error) throw new Error(asLine(message.error, 200));
    if (this.header) {
      if (!message.end) throw new Error("what came is not of a file");
      if (this.received !== this.header.size) throw new Error("fewer bytes than announced came");
      return true;
    }
    this.header = readHeader(message);
    return this.header.kept;
  }

  takeBytes(data) {
    if (!this.header) throw new Error("bytes without a file came");
    this.received += data.byteLength;
    if (this.received > this.header.size) throw new Error("more bytes than announced came");
    this.parts.push(data);
    return false;
  }
}

// Collects one file; resolves to {header, bytes} with the message that ends it.
export function receive(channel, onProgress) {
  const file = new Incoming();
  channel.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    const settle = (how, what) => {
      channel.onmessage = null;
      how(what);
    };
    channel.addEventListener("close", () => settle(reject, new Error("the channel closed")), { once: true });
    channel.onmessage = ({ data }) => {
      try {
        if (file.take(data)) settle(resolve, { header: file.header, bytes: concat(file.parts, file.received) });
        else onProgress(file.received, file.header.size);
      } catch (error) {
        settle(reject, error);
      }
    };
  });
}

export async function send(channel, file, onProgress) {
  if (file.size > FILE_MAX) throw new Error(TOO_LARGE);
  await opened(channel);
  channel.send(JSON.stringify({ name: file.name, size: file.size, type: file.type }));
  for (let at = 0; at < file.size; at += CHUNK) {
    channel.send(await file.slice(at, at + CHUNK).arrayBuffer());
    onProgress(Math.min(at + CHUNK, file.size), file.size);
    await drained(channel);
  }
  channel.send(JSON.stringify({ end: true }));
}

export function equal(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
