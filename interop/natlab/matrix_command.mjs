// Every kind of router against every other: whether two behind them meet, and how.
//
//   interop/run natmatrix [--with WHOM] [--no-turn] [--docs] [--width N] [KIND]...
//
// WHOM is one of
//   ours                     ours to ours, every kind against every other
//   predicting               the same with ports predicted by both, for the kinds that it may help; no guess
//                            is sure, so nothing fails
//   chromium, firefox        ours to a browser
//   node-datachannel         to itself; nothing is expected of it
//   libnice                  the same, every kind against every other
//
// --no-turn   node-datachannel and libnice have no relay
// --docs      write the table into docs/interop.md
// --width N   so many meetings at a time; default 6
// KIND        as the table has it ("full cone"): those against each other, and no others. Without one it is
//             all of them; with a browser and with node-datachannel a shorter list
//
// Prints one line a meeting, and keeps the traces of what was not as expected in build/log. Exits with 1 if
// something was not, where something is expected.

import { readFileSync, writeFileSync } from "node:fs";
import { buildLibnice, isRelayed, libniceVersion, startDataChannel, startLibnice } from "./meeting.mjs";
import { KINDS, Matrix, byName, inTurns } from "./matrix.mjs";

const DOCUMENT = new URL("../../docs/interop.md", import.meta.url);
const SHORTER = ["none", "full cone", "address-restricted", "port-restricted", "symmetric", "UDP blocked",
  "port-restricted behind the same", "symmetric, ports + 1"].map(byName);
const COUNTING = ["none", "firewall", "full cone", "address-restricted", "port-restricted", "symmetric", "UDP blocked",
  "port-restricted behind the same", "symmetric, ports + 1", "symmetric, ports + 2", "symmetric, ports + 100"].map(byName);

function refuse(why) {
  console.error(`interop/run natmatrix: ${why}`);
  process.exit(2);
}

function readOptions(args) {
  const options = { other: "ours", width: 6, kinds: [], turn: true };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--docs") options.docs = true;
    else if (args[i] === "--no-turn") options.turn = false;
    else if (args[i] === "--with") options.other = args[++i];
    else if (args[i] === "--width") options.width = Number(args[++i]);
    else if (args[i].startsWith("-")) refuse(`there is no option ${args[i]}; --help has those that there are`);
    else if (byName(args[i])) options.kinds.push(byName(args[i]));
    else refuse(`there is no kind “${args[i]}”; there are ${KINDS.map(({ name }) => name).join("; ")}`);
  }
  if (!Object.hasOwn(WITH, options.other ?? "")) refuse(`--with is followed by one of ${Object.keys(WITH).join(", ")}`);
  if (!(Number.isInteger(options.width) && options.width > 0)) refuse("--width is followed by a number");
  const { isSymmetric, kinds } = WITH[options.other];
  if (!options.turn && !WITH[options.other].mayDoWithout) refuse(`${options.other} is not met without a relay`);
  if (!options.kinds.length) options.kinds = kinds;
  options.isSymmetric = isSymmetric;
  return options;
}

// Where there is no relay and no direct path, none is what should come.
async function attempt(cell, { isDirect, paths, turn = true }, meet) {
  const isRight = ({ path }) => (path.length ? isRelayed(path) !== isDirect : !turn && !isDirect);
  const result = await meet().catch((error) => ({ path: [], isAsExpected: false, error: error.message.split("\n")[0] }));
  Object.assign(cell, { isAsExpected: isRight(result) }, result, { isDirect, should: paths[0].join("-") });
  const found = cell.path.join("-") || "no path";
  console.log(`${cell.isAsExpected ? "ok " : "BAD"} ${cell.a.name} | ${cell.b.name}: ${found}${cell.isAsExpected ? "" : `, not ${cell.should}; ${cell.traces ?? cell.error ?? ""}`}`);
  return cell;
}

// What is alike from both ends is met once, and offered by either end in turns.
function alike(matrix, { kinds, width }, expect, meet) {
  const cells = kinds.flatMap((a, i) => kinds.slice(i).map((b, j) => ((i + j) % 2 ? { a: b, b: a } : { a, b })));
  return inTurns(cells, width, (cell) => attempt(cell, expect(cell.a, cell.b), () => meet(cell.a, cell.b)));
}

const ours = (matrix, options) => alike(matrix, options, (a, b) => matrix.expectation(a, b), (a, b) => matrix.meet(a, b));

// What prediction changes is direct.
function predicting(matrix, options) {
  const expect = (a, b) => {
    const { isDirect, paths } = matrix.expectationPredicted(a, b);
    return { isDirect, paths: isDirect ? [["direct"]] : paths };
  };
  return alike(matrix, options, expect, (a, b) => matrix.meetPredicting(a, b));
}

const others = (start) => (matrix, options) =>
  alike(matrix, options, (a, b) => ({ ...matrix.expectation(a, b), turn: options.turn }), (a, b) => matrix.meetOthers(a, b, start, options));

// A browser behind each kind, one after the other, and ours behind each kind in its turn.
async function browser(matrix, { kinds, other }) {
  const cells = [];
  for (const b of kinds) {
    const tab = await matrix.startTab(b, other);
    try {
      for (const a of kinds) cells.push(await attempt({ a, b }, matrix.expectation(a, b), () => matrix.meetOther(a, b, tab)));
    } finally {
      await tab.end();
    }
  }
  return cells;
}

const WITH = {
  ours: { run: ours, kinds: KINDS, isSymmetric: true },
  predicting: { run: predicting, kinds: COUNTING, isSymmetric: true, isFree: true },
  chromium: { run: browser, kinds: SHORTER },
  firefox: { run: browser, kinds: SHORTER },
  "node-datachannel": { run: others(startDataChannel), kinds: SHORTER, isSymmetric: true, isFree: true, mayDoWithout: true },
  libnice: { run: others(startLibnice), kinds: KINDS, isSymmetric: true, isFree: true, mayDoWithout: true, before: buildLibnice, version: libniceVersion },
};

const mark = (kind) => `${kind.name}${kind.isReal ? "" : " *"}`;

function cellText(cell) {
  const text = !cell.path.length ? "none" : isRelayed(cell.path) ? "relay" : "direct";
  return cell.isAsExpected ? text : `**${text}**`;
}

function table(cells, kinds, isSymmetric) {
  const find = (a, b) => cells.find((cell) => (cell.a === a && cell.b === b) || (isSymmetric && cell.a === b && cell.b === a));
  return [
    `| | ${kinds.map((_, i) => i + 1).join(" | ")} |`, `|---|${"---|".repeat(kinds.length)}`,
    ...kinds.map((a, i) => `| ${i + 1}. ${mark(a)} | ${kinds.map((b) => cellText(find(a, b))).join(" | ")} |`),
  ].join("\n");
}

function write(name, text) {
  const document = readFileSync(DOCUMENT, "utf8");
  const pattern = new RegExp(`(<!-- natmatrix ${name} -->\n)[^]*?(<!-- end -->)`);
  if (!pattern.test(document)) throw new Error(`docs/interop.md has no place for ${name}`);
  writeFileSync(DOCUMENT, document.replace(pattern, (_, start, end) => `${start}\n${text}\n\n${end}`));
}

const options = readOptions(process.argv.slice(2));
const whom = WITH[options.other];
whom.before?.();
const matrix = await Matrix.build(options.kinds);
let cells;
try {
  await matrix.verify();
  console.log(`${2 * options.kinds.length} paths are what they are drawn as`);
  cells = await whom.run(matrix, options);
} finally {
  await matrix.down();
}
const bad = cells.filter((cell) => !cell.isAsExpected).length;
const direct = cells.filter((cell) => cell.isDirect).length;
const whose = options.other === "predicting" ? "RFC 4787 or prediction lets" : "RFC 4787 lets";
const told = `${cells.length} meetings, ${direct} of which ${whose} be direct; as expected: ${cells.length - bad}.${whom.version ? ` Version ${whom.version()}.` : ""}`;
if (options.docs) write(`${options.other}${options.turn ? "" : " without relay"}`, `${table(cells, options.kinds, options.isSymmetric)}\n\n${told}`);
console.log(`natmatrix: ${told}`);
console.log(`natmatrix: ${cells.length - bad} passed, ${bad} failed`);
process.exit(bad && !whom.isFree ? 1 : 0);
