// Runs the matrix of real routers and tells it, cell by cell; with --docs it writes the table into
// docs/interop.md.
//
//   interop/run natmatrix [--with ours|chromium|firefox|node-datachannel] [--docs] [--width N] [KIND...]
//
// Without KIND all of them: ours to ours has every kind against every other, the others a shorter list.
// node-datachannel meets itself, and nothing is expected of it.

import { readFileSync, writeFileSync } from "node:fs";
import { isRelayed } from "./meeting.mjs";
import { KINDS, Matrix, byName, inTurns } from "./matrix.mjs";

const DOCUMENT = new URL("../../docs/interop.md", import.meta.url);
const SHORTER = ["none", "full cone", "address-restricted", "port-restricted", "symmetric", "UDP blocked",
  "port-restricted behind the same", "symmetric, ports + 1"].map(byName);

function readOptions(args) {
  const options = { other: "ours", width: 6, kinds: [] };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--docs") options.docs = true;
    else if (args[i] === "--with" && args[i + 1] in WITH) options.other = args[++i];
    else if (args[i] === "--width") options.width = Number(args[++i]);
    else if (byName(args[i])) options.kinds.push(byName(args[i]));
    else throw new Error(`there is no kind “${args[i]}”; there are ${KINDS.map(({ name }) => name).join("; ")}`);
  }
  if (!options.kinds.length) options.kinds = options.other === "ours" ? KINDS : SHORTER;
  return options;
}

async function attempt(cell, matrix, meet) {
  const { isDirect, paths } = matrix.expectation(cell.a, cell.b);
  const result = await meet().catch((error) => ({ path: [], isAsExpected: false, error: error.message.split("\n")[0] }));
  Object.assign(cell, { isAsExpected: result.path.length > 0 && isRelayed(result.path) !== isDirect }, result, { isDirect, should: paths[0].join("-") });
  const found = cell.path.join("-") || "no path";
  console.log(`${cell.isAsExpected ? "ok " : "BAD"} ${cell.a.name} | ${cell.b.name}: ${found}${cell.isAsExpected ? "" : `, not ${cell.should}; ${cell.traces ?? cell.error ?? ""}`}`);
  return cell;
}

// What is alike from both ends is met once, and offered by either end in turns.
function alike(matrix, { kinds, width }, meet) {
  const cells = kinds.flatMap((a, i) => kinds.slice(i).map((b, j) => ((i + j) % 2 ? { a: b, b: a } : { a, b })));
  return inTurns(cells, width, (cell) => attempt(cell, matrix, () => meet(cell.a, cell.b)));
}

const ours = (matrix, options) => alike(matrix, options, (a, b) => matrix.meet(a, b));
const dataChannels = (matrix, options) => alike(matrix, options, (a, b) => matrix.meetOthers(a, b));
const WITH = { ours, chromium: browser, firefox: browser, "node-datachannel": dataChannels };

// A browser behind each kind, one after the other, and ours behind each kind in its turn.
async function browser(matrix, { kinds, other }) {
  const cells = [];
  for (const b of kinds) {
    const tab = await matrix.startTab(b, other);
    try {
      for (const a of kinds) cells.push(await attempt({ a, b }, matrix, () => matrix.meetOther(a, b, tab)));
    } finally {
      await tab.end();
    }
  }
  return cells;
}

const mark = (kind) => `${kind.name}${kind.isReal ? "" : " *"}`;

function cellText(cell) {
  if (!cell.path.length) return "**none**";
  const text = isRelayed(cell.path) ? "relay" : "direct";
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
const matrix = await Matrix.build(options.kinds);
let cells;
try {
  await matrix.verify();
  console.log(`${2 * options.kinds.length} paths are what they are drawn as`);
  cells = await WITH[options.other](matrix, options);
} finally {
  await matrix.down();
}
const isSymmetric = [ours, dataChannels].includes(WITH[options.other]);
const bad = cells.filter((cell) => !cell.isAsExpected).length;
const direct = cells.filter((cell) => cell.isDirect).length;
const told = `${cells.length} meetings, ${direct} of which RFC 4787 lets be direct; as expected: ${cells.length - bad}.`;
if (options.docs) write(options.other, `${table(cells, options.kinds, isSymmetric)}\n\n${told}`);
console.log(`natmatrix: ${told}`);
console.log(`natmatrix: ${cells.length - bad} passed, ${bad} failed`);
process.exit(bad && options.other !== "node-datachannel" ? 1 : 0);
