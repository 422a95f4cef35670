// node:test, with a closing line of our own: `interop: N passed, N failed` counts the tests themselves,
// whatever the version of node makes of groups and files.

import { after, test as nodeTest } from "node:test";
import { closeSharedBrowsers } from "./browser.mjs";

const count = { passed: 0, failed: 0 };
const LEFT_AFTER_MS = 15000;

// A child that nobody ended would keep the run from ending.
after(async () => {
  await closeSharedBrowsers();
  const leave = () => {
    console.log("# something that a test began is still running: it ends here");
    process.exit(1);
  };
  setTimeout(leave, LEFT_AFTER_MS).unref();
});

export function test(name, work) {
  return nodeTest(name, async () => {
    try {
      await work();
      count.passed++;
    } catch (error) {
      count.failed++;
      throw error;
    }
  });
}

process.on("exit", () => {
  if (count.passed + count.failed > 0) console.log(`interop: ${count.passed} passed, ${count.failed} failed`);
});
