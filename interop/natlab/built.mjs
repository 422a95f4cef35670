// The programs of the laboratory that are built with the tests: they stand beside one another.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export function built(name, what) {
  const natbox = process.env.NATBOX ?? fileURLToPath(new URL("../../build/dev/natbox", import.meta.url));
  const path = name === "natbox" ? natbox : join(dirname(natbox), name);
  if (!existsSync(path)) throw new Error(`no ${what} at ${path}: build first, or say NATBOX=PATH`);
  return path;
}
