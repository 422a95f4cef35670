// What a person does on the page of `auger serve`.

const WAIT_MS = 60000; // 32 MiB in all on a busy machine
const POLL_MS = 40;

// Until the condition gives something true that is a value, no node. By asking again and again: what waits
// inside of the page may not, under its content security policy.
export async function waitFor(page, condition, what, ...args) {
  for (const started = Date.now(); Date.now() - started < WAIT_MS; await new Promise((resolve) => setTimeout(resolve, POLL_MS)))
    if (await page.evaluate(condition, ...args)) return;
  const story = await page.$eval("#story", (node) => node.innerText);
  throw new Error(`the page shows no ${what}\n${story}\n${(page.errors ?? []).join("\n")}`);
}

export function textOf(page, selector) {
  return page.$eval(selector, (node) => node.textContent);
}

export function untilStatus(page, state) {
  return waitFor(page, (wanted) => document.getElementById("status")?.dataset.state === wanted, `status “${state}”`, state);
}

export function clickConnect(page) {
  return page.click("#connect-button");
}

// Until both pictures show the same path. Their selected pair is ours seen from the other end: the same
// port of the native side. The controlling side may choose a better pair after the first, and each
// picture follows.
export function untilSamePath(page) {
  return waitFor(page, () => {
    const selected = (side) => document.querySelector(`#picture-${side} path[data-selected=yes]`)?.dataset.pair.split(" ");
    const here = selected("here"), there = selected("there");
    return here && there && here[1] === there[0];
  }, "same path in both pictures");
}

export async function type(page, text) {
  await page.type("#text", text);
  await page.keyboard.press("Enter");
}

// Says something and returns what the other side said next.
export async function say(page, text) {
  const before = await page.$$eval("#messages .theirs", (nodes) => nodes.length);
  await type(page, text);
  await waitFor(page, (n) => document.querySelectorAll("#messages .theirs").length > n, "answer", before);
  return page.$$eval("#messages .theirs", (nodes) => nodes.at(-1).textContent);
}

// Until what the other side said has that in it, in one message or in several.
export function heard(page, text) {
  return waitFor(page, (wanted) =>
    [...document.querySelectorAll("#messages .theirs")].map((node) => node.textContent).join("").includes(wanted),
  `message “${text}”`, text);
}

export function untilTold(page, text) {
  return waitFor(page, (wanted) => document.getElementById("story").textContent.includes(wanted), `line “${text}”`, text);
}

// Gives a file and returns the verdict under it, {ok: "yes"|"no", text}.
export async function giveFile(page, path) {
  const input = await page.$("#file");
  await page.$$eval("#transfers li", (rows) => rows.forEach((row) => (row.dataset.old = "yes")));
  await input.uploadFile(path);
  await waitFor(page, () => document.querySelector("#transfers li:first-child:not([data-old]) .verdict")?.dataset.ok, "verdict");
  return page.$eval("#transfers li:first-child .verdict", (node) => ({ ok: node.dataset.ok, text: node.textContent }));
}
