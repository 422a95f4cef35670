// How often ours, which predicts ports, and a browser, which does not, meet without a relay, cell by cell.
//
//   interop/run prediction [--with chromium|firefox] [--sessions N] [--strides 1,2,100] [--docs] [MEETING]...
//
// MEETING is one of
//   a               ours stands behind the router that counts
//   a, told once    and tells its candidates with the description
//   b               the browser does
// Without one all three are measured.
//
// --with BROWSER   with that one alone
// --sessions N     of each cell; default 20. Either side offers every second one. Two more are to fail: the
//                  same without prediction
// --strides LIST   by what the router counts; default 1,2,100
// --docs           write the table into docs/prediction.md; rows that were not measured stay
//
// Prints one line a cell, and keeps the traces of what was not as expected. Exits with 1 if a cell has fewer
// direct paths than it must.

import { readFileSync, writeFileSync } from "node:fs";
import { MEETINGS, Prediction, STRIDES } from "./prediction.mjs";

const DOCUMENT = new URL("../../docs/prediction.md", import.meta.url);
const IN_VAIN = 2;

function refuse(why) {
  console.error(`interop/run prediction: ${why}`);
  process.exit(2);
}

function readOptions(args) {
  const options = { browsers: ["chromium", "firefox"], sessions: 20, strides: STRIDES, meetings: [] };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--docs") options.docs = true;
    else if (args[i] === "--with" && options.browsers.includes(args[i + 1])) options.browsers = [args[++i]];
    else if (args[i] === "--sessions" && /^[1-9]\d*$/.test(args[i + 1])) options.sessions = Number(args[++i]);
    else if (args[i] === "--strides" && /^\d+(,\d+)*$/.test(args[i + 1])) options.strides = args[++i].split(",").map(Number);
    else if (Object.hasOwn(MEETINGS, args[i])) options.meetings.push(args[i]);
    else refuse(`“${args.slice(i, i + 2).join(" ")}” is not understood; --help says what is`);
  }
  if (!options.meetings.length) options.meetings = Object.keys(MEETINGS);
  return options;
}

const middle = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function sessions(there, tab, cell, count, isExpected) {
  const results = [];
  for (let i = 0; i < count; i++) {
    const result = await there.meet({ ...cell, oursOffers: i % 2 === 0, name: `${cell.options.length ? "" : "without "}${i}`, isKept: (each) => !isExpected(each) }, tab);
    if (result.trace) console.log(`  ${result.isDirect ? "direct" : "no path"}: ${result.trace}`);
    results.push(result);
  }
  return results;
}

async function run(there, tab, { name, stride, browser }, count) {
  const { place, who, options, must } = MEETINGS[name];
  const found = await sessions(there, tab, { place, stride, options }, count, ({ isDirect }) => isDirect);
  const without = await sessions(there, tab, { place, stride, options: [] }, IN_VAIN, ({ isDirect }) => !isDirect);
  const direct = found.filter(({ isDirect }) => isDirect);
  const cell = { name, stride, browser, count, direct: direct.length, ms: middle(direct.map(({ ms }) => ms)) ?? 0, without: without.filter(({ isDirect }) => isDirect).length };
  cell.isGood = 1000 * cell.direct >= must * count && cell.without === 0;
  console.log(`${cell.isGood ? "ok " : "BAD"} ${browser}, (${name}) ${who} behind +${stride}: ${cell.direct} of ${count} direct, median ${cell.ms} ms; without prediction ${cell.without} of ${IN_VAIN}`);
  return cell;
}

async function measure(there, { browsers, strides, meetings, sessions: count }) {
  const cells = [];
  for (const browser of browsers)
    for (const name of meetings) {
      const { place } = MEETINGS[name];
      let tab; // in place a it stands behind one router for all
      try {
        for (const stride of strides) {
          if (place === "b") await tab?.end();
          if (place === "b" || !tab) tab = await there.startTab(place, stride, browser);
          cells.push(await run(there, tab, { name, stride, browser }, count));
        }
      } finally {
        await tab?.end();
      }
    }
  return cells;
}

const HEAD = ["| | behind the router that counts | | direct | must | median ms | without prediction |", "|---|---|---|---|---|---|---|"];
const startOf = ({ name, stride, browser }) => `| ${browser} | (${name}) ${MEETINGS[name].who} | +${stride} |`;
const rowOf = (cell) => `${startOf(cell)} ${cell.direct} of ${cell.count} | ${MEETINGS[cell.name].must / 10} % | ${cell.ms} | ${cell.without} of ${IN_VAIN} |`;

// Rows that were not measured stay.
function write(cells) {
  const document = readFileSync(DOCUMENT, "utf8");
  const pattern = /(<!-- browsers -->\n)([^]*?)(<!-- \/browsers -->)/;
  if (!pattern.test(document)) throw new Error("docs/prediction.md has no place for the table");
  writeFileSync(DOCUMENT, document.replace(pattern, (_, start, before, end) => {
    const kept = before.split("\n").slice(HEAD.length).filter((row) => row && !cells.some((cell) => row.startsWith(startOf(cell))));
    const rows = [...kept, ...cells.map(rowOf)];
    const place = (row) => row.split(" | ").slice(0, 2).join();
    rows.sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
    return `${start}${[...HEAD, ...rows].join("\n")}\n${end}`;
  }));
}

const options = readOptions(process.argv.slice(2));
const there = await Prediction.build(options.strides);
let cells;
try {
  cells = await measure(there, options);
} finally {
  await there.down();
}
if (options.docs) write(cells);
const good = cells.filter(({ isGood }) => isGood).length;
console.log(`prediction: ${good} passed, ${cells.length - good} failed`);
process.exit(good < cells.length ? 1 : 0);
