// Texts of strangers, for a page that shows them: always as textContent, and never too much of them.

// What would break a line or turn its direction shows as U+FFFD.
const TURNS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function shorten(value, max) {
  const text = String(value);
  return text.length <= max ? text : `${text.slice(0, max)}…`;
}

// On one line, for a name or a word.
export function asLine(value, max) {
  return shorten(value, max).replace(TURNS, "\ufffd");
}
