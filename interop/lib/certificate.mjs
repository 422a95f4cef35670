// Certificates that live as long as the run: an authority, and what it signs for the relay. The browsers
// of browser.mjs trust the authority that authority() makes, and no other.

import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RELAY } from "./netns.mjs";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256", "-days", "30"];

const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });

// A new authority, {cert, key}: paths of PEM files, in a folder that in_namespaces removes.
export function newAuthority(name = "auger interop") {
  const folder = mkdtempSync(join(tmpdir(), "auger-authority-"));
  const cert = join(folder, "ca.pem"), key = join(folder, "ca.key");
  openssl("req", "-x509", ...KEY, "-subj", `/CN=${name}`, "-keyout", key, "-out", cert,
    "-addext", "keyUsage=critical,keyCertSign,cRLSign");
  return { cert, key };
}

let ours;

export const authority = () => (ours ??= newAuthority());

// A certificate of the relay, by its name and its addresses, {cert, key}.
export function certify(signer = authority(), { name, v4, v6 } = RELAY) {
  const folder = mkdtempSync(join(tmpdir(), "auger-certificate-"));
  const cert = join(folder, "cert.pem"), key = join(folder, "cert.key");
  openssl("req", "-x509", ...KEY, "-subj", `/CN=${name}`, "-keyout", key, "-out", cert, "-CA", signer.cert, "-CAkey", signer.key,
    "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth",
    "-addext", `subjectAltName=${[`DNS:${name}`, `IP:${v4}`, ...(v6 ? [`IP:${v6}`] : [])].join()}`);
  return { cert, key };
}
