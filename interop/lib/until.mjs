// Asking again and again, by the clock: how many tries fit into it is the machine's business.

const WAIT_MS = 30000; // a busy machine
const POLL_MS = 50;

// What `ask` gives at last that is true, or undefined when it gave nothing in that time.
export async function until(ask, within = WAIT_MS) {
  for (const started = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
    const answer = await ask();
    if (answer || Date.now() - started > within) return answer || undefined;
  }
}
