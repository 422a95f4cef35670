// What should come of two hosts behind routers, by the rule of RFC 4787: reads tests/matrix/expected.tsv,
// which docs/nat-matrix.md explains.

import { readFileSync } from "node:fs";

const FILE = new URL("../../tests/matrix/expected.tsv", import.meta.url);

const outcomes = new Map(), cells = new Map();

// "relay-prflx,relay-relay" to [["relay", "prflx"], ["relay", "relay"]]; the best path first.
const readPaths = (text) => (text === "-" ? [] : text.split(",").map((path) => path.split("-")));

function read() {
  let columns;
  for (const line of readFileSync(FILE, "utf8").split("\n").filter((each) => each && !each.startsWith("#"))) {
    const [what, first, second, ...more] = line.split("\t");
    if (what === "outcome") {
      const [without, withBoth] = [second, more[0] === "direct" ? second : more[0]].map(readPaths);
      outcomes.set(first, { isDirect: without.length > 0, paths: withBoth, why: more.at(-1) });
    } else if (what === "columns") {
      columns = second.split(" ");
    } else {
      columns.forEach((column, i) => cells.set(`${first} ${second} ${column}`, outcomes.get(more[0][i])));
    }
  }
}

const withoutPorts = (kind) => kind.replace(/^(\w+\/\w+)\/(?!overload).*/, "$1");

// A chain is of kinds as docs/nat-matrix.md writes them, the router at home first: "EIM/APDF<APDM/APDF".
function find(a, b) {
  const names = [a, b].map((chain) => chain.map(withoutPorts).join("<"));
  const [alone] = [a, b].map((chain) => chain.length < 2);
  if (alone && b.length < 2) return cells.get(`alone ${a[0] ?? "none"} ${b[0] ?? "none"}`);
  if (b.length < 2) return cells.get(`nested ${names[0]} ${names[1] || "none"}`);
  return alone ? undefined : cells.get(`both-nested ${names[0]} ${names[1]}`);
}

// { isDirect, paths, why }: whether they meet without a relay, and the paths that there are with one on both
// sides, a's candidate first.
export function expectedOf(a, b) {
  if (!cells.size) read();
  const found = find(a, b);
  if (found) return found;
  const mirrored = find(b, a);
  if (!mirrored) throw new Error(`no cell for ${a.join("<")} and ${b.join("<")}`);
  return { ...mirrored, paths: mirrored.paths.map(([of, to]) => [to, of]) };
}

// Whether a peer behind those routers, which predicts, can tell which port comes next: where one maps by
// destination, it gives its ports in order.
export function isPredictable(chain) {
  return chain.every((kind) => kind !== "blocked" && (!/^(ADM|APDM)\//.test(kind) || kind.endsWith("/sequential")));
}
