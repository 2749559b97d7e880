// The history of a text: steps of editing that can be undone and done again.

const MOST = 200;

/** A history that begins with `text`. Steps within `pause` milliseconds are one. */
export function edits(text, pause = 600, clock = Date.now) {
  let past = [];
  let present = text;
  let future = [];
  let last = -Infinity;

  return {
    get text() {
      return present;
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },
    /** Take a new text; `whole` is a step of its own. */
    change(next, whole = false) {
      if (next === present) return;
      const now = clock();
      if (whole || now - last >= pause || past.length === 0) past = [...past, present].slice(-MOST);
      last = whole ? -Infinity : now;
      present = next;
      future = [];
    },
    undo() {
      if (!past.length) return present;
      future = [present, ...future];
      present = past.at(-1);
      past = past.slice(0, -1);
      last = -Infinity;
      return present;
    },
    redo() {
      if (!future.length) return present;
      past = [...past, present];
      [present, ...future] = future;
      last = -Infinity;
      return present;
    },
  };
}

/** [from, to] of the place in `text` that an error names as `line 5, column 3`; null where it names none. */
export function placeOf(message, text) {
  const named = /line (\d+)(?:, column (\d+))?/i.exec(message);
  if (!named) return null;
  const lines = text.split("\n");
  const line = Math.min(Number(named[1]), lines.length) - 1;
  const begin = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0);
  const end = begin + lines[line].length;
  if (!named[2]) return [begin, end];
  const at = Math.min(begin + Number(named[2]) - 1, end);
  return [at, Math.min(at + 1, end)];
}
