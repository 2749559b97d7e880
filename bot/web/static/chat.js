// The chat: shows the server's events in the list of exchanges, and sends commands, votes and cancellations.

import { printNearest, watchPlayers } from "./cards.js";
import { complete } from "./complete.js";
import { askByForm } from "./form.js";
import * as messages from "./messages.js";
import { showLearning, showLines, showRetraining } from "./model.js";
import { followOnce } from "./score.js";
import { recall } from "./recall.js";
import { ask, listen } from "./server.js";
import { castVote } from "./votes.js";

const find = (id) => document.getElementById(id);
const [log, list, say, welcome] = ["log", "messages", "say", "welcome"].map(find);
const myName = document.querySelector(".you strong").textContent;
const NEAR_BOTTOM = 120; // pixels; a member this close to the bottom reads the newest messages

let me = 0;
let sending = 0; // requests under way; meanwhile own new prompts are held back, so that none is shown twice
let heldBack = [];
let atBottom = true;
const asked = new Map(); // what was typed for prompts that are not done, by id
let completion = null;
let remember = () => {};

// ---- events from the server

function showHistory({ member, prompts, earlier, retraining, learning }) {
  showLearning(learning);
  me = member;
  const nodes = [...list.querySelectorAll("[data-prompt]")];
  const sent = new Set(prompts.map(({ id }) => String(id)));
  const gap = nodes.length > 0 && !nodes.some((node) => sent.has(node.dataset.prompt));
  const stale = nodes.some((node) => node.dataset.final === "false" && !sent.has(node.dataset.prompt));
  if (gap || stale) nodes.forEach((node) => node.remove());
  if (gap || stale || nodes.length === 0) find("earlier").hidden = !earlier;
  prompts.forEach((prompt) => show(prompt, { fresh: true }));
  if (retraining) showRetraining(list, retraining);
  welcome.hidden = list.children.length > 0;
  if (atBottom) toBottom();
}

function receive(prompt) {
  if (sending && prompt.member === me && !nodeOf(prompt.id)) heldBack.push(prompt);
  else show(prompt, { aloud: true });
}

function receiveRetraining(retraining) {
  showRetraining(list, retraining);
  welcome.hidden = true;
  if (retraining.final) find("announcer").textContent = retraining.status;
}

function receiveVotes({ tune, member, ...votes }) {
  const card = list.querySelector(`[data-tune="${tune}"]`);
  if (!card) return;
  if (member !== me) votes.mine = messages.votesOf(card).mine;
  messages.showVotes(card, votes);
}

/** A tune that an admin removed, or gave another title, as `now` has it. */
function receiveModerated({ tune, now }) {
  const card = list.querySelector(`[data-tune="${tune}"]`);
  if (now) card?.replaceWith(messages.tuneCard(now));
  else card?.remove();
}

// ---- the list

function nodeOf(id) {
  return list.querySelector(`[data-prompt="${id}"]`);
}

/** Show a prompt, ordered by age. A final state never changes: an event may be older than the history. */
function show(prompt, { fresh = false, aloud = false } = {}) {
  let node = nodeOf(prompt.id);
  if (node?.dataset.final === "true" && !(fresh && prompt.final)) return;
  if (!node) {
    const words = messages.commandWords(prompt.command, prompt.options);
    node = messages.exchange({ name: prompt.name, words, at: new Date(prompt.at) });
    node.dataset.prompt = prompt.id;
    const next = [...list.querySelectorAll("[data-prompt]")].find((other) => other.dataset.prompt - prompt.id > 0);
    list.insertBefore(node, next ?? null);
    if (!fresh && !atBottom) find("newest").hidden = false;
  }
  messages.showProgress(node, prompt, prompt.member === me);
  if (prompt.state === "failed" && asked.has(prompt.id)) giveBack(asked.get(prompt.id));
  if (prompt.final) asked.delete(prompt.id);
  welcome.hidden = true;
  if (aloud) announce(prompt);
}

function announce({ tunes, status, member, final, name }) {
  const titles = tunes.map(({ title, facts }) => `Tunesmith composed ${title}, ${facts.slice(0, 2).join(", ")}.`);
  if (final && titles.length) find("announcer").textContent = titles.join(" ");
  else if (member === me) find("announcer").textContent = status;
  else if (final) find("announcer").textContent = `${name}: ${status}`;
}

/** Put a text that led to an error back into the message box, to be corrected. */
function giveBack(text) {
  if (!say.value) say.value = text;
}

/** An exchange that only this page shows. */
function aside(text) {
  const node = messages.exchange({ name: myName, words: [text] });
  node.classList.add("aside");
  list.append(node);
  welcome.hidden = true;
  return node;
}

/** Show an error that is no answer to a typed command. */
function showError(text) {
  const node = aside("");
  node.classList.add("alone");
  fail(node, text);
}

function fail(node, text) {
  messages.showStatus(node, text, "failed");
  find("announcer").textContent = text;
  toBottom();
}

// ---- actions of the member

async function send(text) {
  remember(text);
  const node = aside(text);
  messages.showStatus(node, "sending…", "waiting");
  toBottom();
  sending += 1;
  try {
    const answer = await ask("/messages", { text });
    if (answer.help) {
      messages.showHelp(node, answer.help);
      messages.showStatus(node, "", "done");
    } else if (answer.card || answer.line) {
      messages.showFound(node, answer);
      messages.showStatus(node, "", "done");
      find("announcer").textContent = answer.line ?? answer.card.title;
    } else if (answer.lines) {
      showLines(node, answer.lines);
      messages.showStatus(node, "", "done");
      find("announcer").textContent = answer.lines.join(" ");
      if (answer.file) location.assign(answer.file); // a download: the page stays
    } else if (answer.retraining) {
      node.remove();
      showRetraining(list, answer.retraining);
    } else {
      node.remove();
      asked.set(answer.id, text);
      show(answer, { aloud: true });
    }
  } catch (error) {
    fail(node, error.message);
    if (error.command) messages.offer(node, error.command);
    giveBack(text);
  } finally {
    sending -= 1;
    if (sending === 0) heldBack.splice(0).forEach((prompt) => show(prompt, { aloud: true }));
    toBottom();
  }
}

/** Ask for a tune based on the one with this button; `action` is "again" or "vary". */
async function composeFrom(button, action, body = {}) {
  button.disabled = true;
  try {
    show(await ask(`/tunes/${button.closest(".tune").dataset.tune}/${action}`, body), { aloud: true });
    toBottom();
  } catch (error) {
    showError(error.message);
  } finally {
    button.disabled = false;
  }
}

/** Begin the command that reports the tune with this button: what is wrong is the member's to say. */
function beginReport(button) {
  say.value = `/report id:${button.closest(".tune").dataset.tune} subject:`;
  say.focus();
  say.dispatchEvent(new Event("input"));
}

async function cancel(button) {
  if (button.closest(".exchange").dataset.retraining) return send("/model cancel");
  button.disabled = true;
  await ask(`/prompts/${button.closest(".exchange").dataset.prompt}/cancel`, {})
    .catch((error) => showError(error.message))
    .finally(() => (button.disabled = false));
}

async function showEarlier(button) {
  button.disabled = true;
  try {
    const oldest = list.querySelector("[data-prompt]").dataset.prompt;
    const { prompts, earlier } = await ask(`/history?before=${oldest}`);
    const below = log.scrollHeight - log.scrollTop;
    prompts.forEach((prompt) => show(prompt, { fresh: true }));
    button.hidden = !earlier;
    log.scrollTop = log.scrollHeight - below;
  } catch (error) {
    showError(error.message);
  } finally {
    button.disabled = false;
  }
}

function toBottom() {
  atBottom = true;
  log.scrollTop = log.scrollHeight;
}

function toggleForm(open) {
  find("asker").hidden = !open;
  find("ask").setAttribute("aria-expanded", String(open));
  if (open) find("asker").elements.key.focus();
}

/** ABC pasted into the one-line message box: the lines of its header become inline fields in brackets. */
function pasteAbc(event) {
  const isField = (line) => /^[A-Za-z]:(?![|:])/.test(line);
  const lines = [];
  for (const pasted of event.clipboardData.getData("text/plain").split(/\r?\n/)) {
    const line = pasted.replace(/(^|[^\\])%.*$/, "$1").replace(/\\\s*$/, "").trim(); // without comments and continuation marks
    if (line) lines.push(line);
    else if (!pasted.trim() && lines.some((one) => !isField(one))) break; // a blank line ends a tune
  }
  if (!lines.some((line) => /^K:/.test(line))) return;
  event.preventDefault();
  const music = lines.map((line) => (isField(line) ? `[${line.replaceAll("]", ")")}]` : line)).join(" ");
  say.setRangeText(music, say.selectionStart, say.selectionEnd, "end");
  say.dispatchEvent(new Event("input"));
}

// ---- listeners

say.addEventListener("paste", pasteAbc);

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = say.value.trim();
  if (!text) return;
  say.value = "";
  completion?.close();
  send(text);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".listen form")) return;
  event.preventDefault();
  messages.playAnew(event.target.closest(".tune")).catch(() => showError("That recording cannot be played. Try again."));
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.matches(".vote")) castVote(button.closest(".tune"), Number(button.value), showError, ({ learning }) => showLearning(learning));
  else if (button?.matches(".again")) composeFrom(button, "again");
  else if (button?.matches(".vary")) composeFrom(button, "vary", { how: button.value });
  else if (button?.matches(".report")) beginReport(button);
  else if (button?.matches(".cancel")) cancel(button);
  else if (button?.id === "retrain") send("/model retrain");
  else if (button?.id === "earlier") showEarlier(button);
  else if (button?.id === "newest") toBottom();
  else if (button?.id === "ask") toggleForm(find("asker").hidden);
  else if (button?.matches(".example")) {
    send(button.textContent);
  }
});

document.addEventListener(
  "play", // does not bubble: one tune at a time
  ({ target }) => {
    document.querySelectorAll("audio").forEach((player) => player !== target && player.pause());
    followOnce(target);
  },
  true,
);

find("asker").addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  toggleForm(false);
  find("ask").focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
  say.focus(); // which then receives the slash
});

let lastTop = 0;
log.addEventListener("scroll", () => {
  // only a move upward leaves the newest message: by the time of this event more may have grown below it
  if (log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_BOTTOM) atBottom = true;
  else if (log.scrollTop < lastTop) atBottom = false;
  lastTop = log.scrollTop;
  if (atBottom) find("newest").hidden = true;
});

watchPlayers(list);
printNearest(log, list);
const resized = new ResizeObserver(() => atBottom && toBottom()); // pictures load, phones open their keyboards
resized.observe(list);
resized.observe(log);

listen(
  { history: showHistory, progress: receive, votes: receiveVotes, retraining: receiveRetraining, moderated: receiveModerated },
  (offline) => (find("offline").hidden = !offline),
);
completion = await ask("/completions")
  .then(({ commands }) => {
    askByForm(find("asker"), commands.find(({ name }) => name === "compose"), say, (text) => {
      toggleForm(false);
      send(text);
    });
    find("ask").hidden = false;
    return complete(say, find("suggest"), commands);
  })
  .catch(() => null); // the page works without completion
remember = recall(say); // after completion, whose list has the arrows first
