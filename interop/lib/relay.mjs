// Where the relay of a test is, whatever it is (coturn.mjs, serve.mjs), and who may use it.

import { RELAY } from "./netns.mjs";

export const PORT = 3478, TLS_PORT = 5349;
export const USER = "user", PASSWORD = "password", REALM = "auger.test";

export const stunUri = `stun:${RELAY.name}:${PORT}`;

// `over` is "udp", "tcp" or "tls" (RFC 7065). By its name: an address is refused by Firefox, for TLS.
export function uriOf(over) {
  return over === "tls" ? `turns:${RELAY.name}:${TLS_PORT}?transport=tcp` : `turn:${RELAY.name}:${PORT}?transport=${over}`;
}

// What a page says to use that relay, and nothing else.
export function relayedBy(over) {
  return { iceServers: [{ urls: uriOf(over), username: USER, credential: PASSWORD }], iceTransportPolicy: "relay" };
}
