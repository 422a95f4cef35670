// node:test, with a closing line of our own: `interop: N passed, N failed` counts the tests themselves,
// whatever the version of node makes of groups and files.

import { test as nodeTest } from "node:test";

const count = { passed: 0, failed: 0 };

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
