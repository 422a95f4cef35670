// What a router is, by RFC 4787, found out from outside: it is asked before a test trusts it. Hosts inside
// and a server with two addresses send and say what arrived; nobody looks at rules or tables.
//
// What should not arrive cannot be waited for. After it the same sender sends a second datagram along a way
// that is known to be open, and once that has arrived the first had its chance.

const SHOWN_TRIES = 3, SHOWN_WITHIN_MS = 1000;
const BEHIND_MS = 30; // a datagram that the next one overtook, on another processor
const FRESH_SOCKETS = 10, TWINS = 3;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const portOf = (at) => Number(at.split(":")[1]);
const addressOf = (at) => at.split(":")[0];
const allEqual = (list) => list.every((each) => each === list[0]);

let texts = 0;
export const newText = (what) => `${what} ${++texts}`;

// The four places of a server that has two addresses, two ports each.
export async function openServer(host) {
  const hands = await host.hands();
  const [first, second] = host.addresses;
  if (!second) throw new Error(`${host.name} needs two addresses to tell filters apart: draw it with (addresses=2)`);
  const places = [];
  for (const address of [first, second])
    for (const port of [7001, 7002]) places.push(await hands.open({ address, port }));
  return { hands, places };
}

// As what a socket inside is seen at a place, or null: nothing gets there.
export async function shownAs(socket, place) {
  for (let tries = 0; tries < SHOWN_TRIES; tries++) {
    const text = newText("shown");
    await socket.send(place.at, text);
    const heard = await place.untilHeard(text, SHOWN_WITHIN_MS).catch(() => null);
    if (heard) return heard.from;
  }
  return null;
}

// Until a datagram is where it is known to get; what the same socket sent before it had its chance.
export async function follows(from, to, at, grace = BEHIND_MS) {
  const text = newText("follows");
  await from.send(to, text);
  await at.untilHeard(text);
  await pause(grace);
}

// Whether what a place sends to that address arrives at the socket, on whose host `open` is shown to the
// place as `openTo`.
export async function arrives(place, to, socket, open, openTo, grace) {
  const text = newText("probe");
  await place.send(to, text);
  await follows(place, openTo, open, grace);
  return socket.heard(text);
}

async function probeMapping(hands, { places }) {
  const socket = await hands.open();
  const shown = [];
  for (const place of places) {
    shown.push(await shownAs(socket, place));
    if (!shown.at(-1)) return { isBlocked: true };
  }
  const [a, b, c, d] = shown;
  const mapping = allEqual(shown) ? "EIM" : a === b && c === d ? "ADM" : "APDM";
  return { mapping, shown, isTranslated: addressOf(a) !== socket.address };
}

// With one datagram sent to the first place, who else may answer.
async function probeFiltering(hands, { places: [first, samePlaceOtherPort, other] }, grace) {
  const socket = await hands.open();
  const shown = await shownAs(socket, first);
  const open = await hands.open();
  const admits = async (place) => arrives(place, shown, socket, open, await shownAs(open, place), grace);
  if (await admits(other)) return "EIF";
  return (await admits(samePlaceOtherPort)) ? "ADF" : "APDF";
}

// Ports of the mappings of sockets that were opened one after the other, to one place.
async function probePorts(hands, { places: [first] }) {
  const inside = [], outside = [];
  const openMore = async () => {
    for (let i = 0; i < FRESH_SOCKETS; i++) {
      const socket = await hands.open();
      inside.push(socket.port);
      outside.push(portOf(await shownAs(socket, first)));
    }
    return nameOfPorts(inside, outside);
  };
  let found = await openMore();
  if (found.ports === "parity") found = await openMore(); // ten that are drawn may all have it by chance
  if (found.ports !== "parity" || !(await areTwinsKept(hands, first))) return found;
  return { ports: "contiguous" };
}

// 4787 4.2.3: sockets whose ports differ in the last bit alone are shown so.
async function areTwinsKept(hands, place) {
  for (let pairs = 0; pairs < TWINS; ) {
    const one = await hands.open();
    const other = await hands.open({ port: one.port ^ 1 }).catch(() => null); // somebody has it
    if (!other) continue;
    pairs++;
    if ((portOf(await shownAs(one, place)) ^ portOf(await shownAs(other, place))) !== 1) return false;
  }
  return true;
}

// 4787 4.2: what the inside ports and those outside have to do with each other.
export function nameOfPorts(inside, outside) {
  if (inside.every((port, i) => port === outside[i])) return { ports: "preserve" };
  const steps = outside.slice(1).map((port, i) => port - outside[i]);
  if (allEqual(steps)) return { ports: "sequential", step: steps[0] };
  if (inside.every((port, i) => (port ^ outside[i]) % 2 === 0)) return { ports: "parity" };
  return { ports: "random" };
}

// Two hosts inside reach each other by their outside addresses, after each has opened its filter (4787 6).
async function probeHairpin(hands, neighbour, { places: [first] }, grace) {
  const a = await hands.open(), b = await neighbour.open();
  const [shownA, shownB] = [await shownAs(a, first), await shownAs(b, first)];
  const text = newText("hairpin");
  await a.send(shownB, newText("opens"));
  await b.send(shownA, text);
  await follows(b, first.at, first, grace);
  await follows(first, shownA, a, grace);
  const heard = a.heard(text);
  if (!heard) return "none";
  return addressOf(heard.from) === addressOf(shownB) ? "external" : "internal";
}

const ORDER = { mapping: ["EIM", "ADM", "APDM"], filtering: ["EIF", "ADF", "APDF"] };
const worst = (order, words) => order[Math.max(...words.map((each) => order.indexOf(each)))];

// What a path through several routers should look like from outside, if each is what it says: every mapping
// and every filter counts. What a firewall filters is what of a router it would be.
export function expected(path) {
  const kinds = path.map(({ rfc }) => rfc);
  if (kinds.length < 2 || kinds.includes("blocked")) return kinds.includes("blocked") ? "blocked" : (kinds[0] ?? "none");
  const parts = kinds.map((each) => (each === "firewall" ? "EIM/APDF/preserve" : each).split("/"));
  const ports = parts.map((each) => each[2]).filter((each) => each !== "preserve").at(-1) ?? "preserve";
  return [worst(ORDER.mapping, parts.map((each) => each[0])), worst(ORDER.filtering, parts.map((each) => each[1])), ports].join("/");
}

// { rfc: "EIM/APDF/preserve", hairpin, step }, { rfc: "firewall" } or { rfc: "blocked" }; `hairpin` only with
// a neighbour, who is behind the same router.
export async function probe(host, server, { neighbour, grace } = {}) {
  const hands = await host.hands();
  const { isBlocked, mapping, isTranslated, shown } = await probeMapping(hands, server);
  if (isBlocked) return { rfc: "blocked" };
  const filtering = await probeFiltering(hands, server, grace);
  if (!isTranslated) return { rfc: filtering === "EIF" ? "none" : filtering === "APDF" ? "firewall" : `?/${filtering}` };
  const { ports, step } = await probePorts(hands, server);
  const hairpin = neighbour && (await probeHairpin(hands, await neighbour.hands(), server, grace));
  return { rfc: `${mapping}/${filtering}/${ports}`, shown, ...(step && { step }), ...(hairpin && { hairpin }) };
}
