// How often ours, which predicts ports, and a browser, which does not, meet without a relay, cell by cell;
// with --docs it writes the table into docs/prediction.md.
//
//   interop/run prediction [--with chromium|firefox] [--sessions N] [--strides 1,2,100] [--docs]
//
// Each cell has N sessions (20), of which either side offers every second one, and two that are to fail:
// the same without prediction. Traces of what was not as expected are kept.

import { readFileSync, writeFileSync } from "node:fs";
import { PLACES, Prediction, STRIDES } from "./prediction.mjs";

const DOCUMENT = new URL("../../docs/prediction.md", import.meta.url);
const MUST = { a: 0.99, b: 0.95 };
const IN_VAIN = 2;

function readOptions(args) {
  const options = { browsers: ["chromium", "firefox"], sessions: 20, strides: STRIDES };
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--docs") options.docs = true;
    else if (args[i] === "--with" && options.browsers.includes(args[i + 1])) options.browsers = [args[++i]];
    else if (args[i] === "--sessions" && args[i + 1] > 0) options.sessions = Number(args[++i]);
    else if (args[i] === "--strides" && args[i + 1]) options.strides = args[++i].split(",").map(Number);
    else throw new Error(`no such option: ${args[i]}`);
  }
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

async function run(there, tab, { place, stride, browser }, count) {
  const found = await sessions(there, tab, { place, stride, options: ["--predict"] }, count, ({ isDirect }) => isDirect);
  const without = await sessions(there, tab, { place, stride, options: [] }, IN_VAIN, ({ isDirect }) => !isDirect);
  const direct = found.filter(({ isDirect }) => isDirect);
  const cell = { place, stride, browser, count, direct: direct.length, ms: middle(direct.map(({ ms }) => ms)) ?? 0, without: without.filter(({ isDirect }) => isDirect).length };
  cell.isGood = cell.direct >= MUST[place] * count && cell.without === 0;
  console.log(`${cell.isGood ? "ok " : "BAD"} ${browser}, ${PLACES[place]} behind +${stride}: ${cell.direct} of ${count} direct, median ${cell.ms} ms; without prediction ${cell.without} of ${IN_VAIN}`);
  return cell;
}

async function measure(there, { browsers, strides, sessions: count }) {
  const cells = [];
  for (const browser of browsers)
    for (const place of Object.keys(PLACES)) {
      let tab; // in place a it stands behind one router for all
      try {
        for (const stride of strides) {
          if (place === "b") await tab?.end();
          if (place === "b" || !tab) tab = await there.startTab(place, stride, browser);
          cells.push(await run(there, tab, { place, stride, browser }, count));
        }
      } finally {
        await tab?.end();
      }
    }
  return cells;
}

const HEAD = ["| | behind the router that counts | | direct | must | median ms | without prediction |", "|---|---|---|---|---|---|---|"];
const rowOf = ({ place, stride, browser, count, direct, ms, without }) =>
  `| ${browser} | (${place}) ${PLACES[place]} | +${stride} | ${direct} of ${count} | ${MUST[place] * 100} % | ${ms} | ${without} of ${IN_VAIN} |`;

// Rows of a browser that was not measured stay.
function write(cells, browsers) {
  const document = readFileSync(DOCUMENT, "utf8");
  const pattern = /(<!-- browsers -->\n)([^]*?)(<!-- \/browsers -->)/;
  if (!pattern.test(document)) throw new Error("docs/prediction.md has no place for the table");
  writeFileSync(DOCUMENT, document.replace(pattern, (_, start, before, end) => {
    const kept = before.split("\n").slice(HEAD.length).filter((row) => row && !browsers.some((each) => row.startsWith(`| ${each} |`)));
    return `${start}${[...HEAD, ...[...kept, ...cells.map(rowOf)].sort((a, b) => (a.split(" ")[1] < b.split(" ")[1] ? -1 : 1))].join("\n")}\n${end}`;
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
if (options.docs) write(cells, options.browsers);
const good = cells.filter(({ isGood }) => isGood).length;
console.log(`prediction: ${good} passed, ${cells.length - good} failed`);
process.exit(good < cells.length ? 1 : 0);
