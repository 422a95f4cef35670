// Reads a drawing of a network: a line for each host, from it outwards to the internet. What a router or a
// host is stands in parentheses; a name that comes again is the same router, and the line may end there.
//
//   alice -- home (port-restricted) -- carrier (symmetric) -- internet
//   anna -- home
//   bob -- flat (full-cone, timeout=3) -- internet
//   server (addresses=2) -- internet

const NAME = /^[a-z][a-z0-9-]{0,12}$/; // becomes that of an interface

// "port-restricted, timeout=3" to { kind: "port-restricted", timeout: "3" }.
function readWords(text = "") {
  const words = {};
  for (const word of text.split(",").map((each) => each.trim()).filter(Boolean)) {
    const [key, value] = word.split("=");
    if (value !== undefined) words[key] = value;
    else if (words.kind === undefined) words.kind = word;
    else words[word] = true;
  }
  return words;
}

function readPart(text) {
  const [, name, words] = text.trim().match(/^(\S+?)(?:\s*\((.*)\))?$/) ?? [];
  if (!NAME.test(name ?? "")) throw new Error(`not the name of a host or router: ${text.trim()}`);
  return { name, words: readWords(words), isDescribed: words !== undefined };
}

// { hosts, routers }, each { name, words, behind }, where `behind` is a router's name or "internet"; a router
// stands after the one that it is behind.
export function readDrawing(text) {
  const hosts = [], routers = [];
  const isDrawn = (name) => [...hosts, ...routers].some((each) => each.name === name);
  for (const line of text.split("\n").filter((each) => each.trim())) {
    const [host, ...path] = line.split(" -- ").map(readPart);
    if (!path.length) throw new Error(`it leads nowhere: ${line.trim()}`);
    const known = path.findIndex(({ name }) => name === "internet" || routers.some((each) => each.name === name));
    if (known < 0) throw new Error(`it does not reach the internet: ${line.trim()}`);
    if (known < path.length - 1 || path[known].isDescribed) throw new Error(`drawn twice: ${path[known].name}`);
    let behind = path[known].name;
    for (const { name, words } of path.slice(0, known).reverse()) {
      if (isDrawn(name)) throw new Error(`drawn twice: ${name}`);
      if (!words.kind) throw new Error(`what kind of router is ${name}?`);
      routers.push({ name, words, behind });
      behind = name;
    }
    if (isDrawn(host.name)) throw new Error(`drawn twice: ${host.name}`);
    hosts.push({ name: host.name, words: host.words, behind });
  }
  return { hosts, routers };
}
