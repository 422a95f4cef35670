// What a person does on the page of `auger serve`.

const WAIT_MS = 60000; // 32 MiB in all on a busy machine

export async function waitFor(page, condition, what, ...args) {
  try {
    await page.waitForFunction(condition, { timeout: WAIT_MS, polling: 50 }, ...args);
  } catch (error) {
    const story = await page.$eval("#story", (node) => node.innerText).catch(() => "");
    throw new Error(`the page shows no ${what}: ${error.message}\n${story}\n${(page.errors ?? []).join("\n")}`);
  }
}

export function untilStatus(page, state) {
  return waitFor(page, (wanted) => document.getElementById("status")?.dataset.state === wanted, `status “${state}”`, state);
}

export function clickConnect(page) {
  return page.click("#connect-button");
}

// Says something and returns what the other side said next.
export async function say(page, text) {
  const before = await page.$$eval("#messages .theirs", (nodes) => nodes.length);
  await page.type("#text", text);
  await page.keyboard.press("Enter");
  await waitFor(page, (n) => document.querySelectorAll("#messages .theirs").length > n, "answer", before);
  return page.$$eval("#messages .theirs", (nodes) => nodes.at(-1).textContent);
}

// Gives a file and returns the verdict under it, {ok: "yes"|"no", text}.
export async function giveFile(page, path) {
  const input = await page.$("#file");
  await input.uploadFile(path);
  await waitFor(page, () => document.querySelector("#transfers li:first-child .verdict")?.dataset.ok, "verdict");
  return page.$eval("#transfers li:first-child .verdict", (node) => ({ ok: node.dataset.ok, text: node.textContent }));
}
