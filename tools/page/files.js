// Files over a data channel of their own, protocol "auger-file" (docs/signalling.md).

const CHUNK = 64 * 1024;
const LOW_WATER = 256 * 1024;
const HIGH_WATER = 1024 * 1024;

export const PROTOCOL = "auger-file";

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

// Collects one file; resolves to {header, bytes} with the first message that ends it.
export function receive(channel, onProgress) {
  channel.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    let header = null;
    let received = 0;
    const parts = [];
    channel.addEventListener("close", () => reject(new Error("the channel closed")), { once: true });
    channel.onmessage = ({ data }) => {
      if (typeof data !== "string") {
        parts.push(data);
        received += data.byteLength;
        if (header) onProgress(received, header.size);
        return;
      }
      let message;
      try {
        message = JSON.parse(data);
      } catch {
        return reject(new Error("a message that is not JSON"));
      }
      if (message.error) return reject(new Error(String(message.error)));
      if (!message.end && !message.kept) {
        header = message;
        return;
      }
      resolve({ header: header ?? message, bytes: new Uint8Array(received ? concat(parts, received) : 0) });
    };
  });
}

function concat(parts, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return bytes.buffer;
}

export async function send(channel, file, onProgress) {
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
