// The chat: keeps the list of exchanges in step with the server's events, and sends what the member does.

import { complete } from "./complete.js";
import * as messages from "./messages.js";
import { showRetraining, showSaid } from "./model.js";
import { ask, listen } from "./server.js";

const find = (id) => document.getElementById(id);
const [log, list, say, welcome] = ["log", "messages", "say", "welcome"].map(find);
const myName = document.querySelector(".you strong").textContent;
const NEAR = 120; // pixels from the bottom that still count as reading the newest

let me = 0;
let sending = 0; // while a message is on its way, its own events wait, lest it be shown twice
let held = [];
let atBottom = true;
let completion = null;

// ---- what the server says

function showHistory({ member, prompts, earlier, retraining }) {
  me = member;
  const shown = [...list.querySelectorAll("[data-prompt]")];
  const given = new Set(prompts.map(({ id }) => String(id)));
  const gap = shown.length > 0 && !shown.some((node) => given.has(node.dataset.prompt));
  const stale = shown.some((node) => node.dataset.final === "false" && !given.has(node.dataset.prompt));
  if (gap || stale) shown.forEach((node) => node.remove());
  if (gap || stale || shown.length === 0) find("earlier").hidden = !earlier;
  prompts.forEach((prompt) => show(prompt, { fresh: true }));
  if (retraining) showRetraining(list, retraining);
  welcome.hidden = list.children.length > 0;
  if (atBottom) toBottom();
}

function receive(prompt) {
  if (sending && prompt.member === me && !nodeOf(prompt.id)) held.push(prompt);
  else show(prompt, { aloud: true });
}

function receiveRetraining(news) {
  showRetraining(list, news);
  welcome.hidden = true;
  if (news.final) find("announcer").textContent = news.status;
}

function receiveVotes({ tune, member, ...votes }) {
  const card = list.querySelector(`[data-tune="${tune}"]`);
  if (!card) return;
  if (member !== me) votes.mine = messages.votesOf(card).mine;
  messages.showVotes(card, votes);
}

// ---- the list

function nodeOf(id) {
  return list.querySelector(`[data-prompt="${id}"]`);
}

/** Show a prompt, in its place by age. What is final stays so: events may be older than a history. */
function show(prompt, { fresh = false, aloud = false } = {}) {
  let node = nodeOf(prompt.id);
  if (node?.dataset.final === "true" && !(fresh && prompt.final)) return;
  if (!node) {
    const words = messages.commandWords(prompt.command, prompt.options);
    node = messages.exchange({ name: prompt.name, words, at: new Date(prompt.at) });
    node.dataset.prompt = prompt.id;
    const younger = [...list.querySelectorAll("[data-prompt]")].find((other) => other.dataset.prompt - prompt.id > 0);
    list.insertBefore(node, younger ?? null);
    if (!fresh && !atBottom) find("newest").hidden = false;
  }
  messages.showProgress(node, prompt, prompt.member === me);
  welcome.hidden = true;
  if (aloud) announce(prompt);
}

function announce({ tunes, status, member, final, name }) {
  const news = tunes.map(({ title, facts }) => `Tunesmith composed ${title}, ${facts.slice(0, 2).join(", ")}.`);
  if (final && news.length) find("announcer").textContent = news.join(" ");
  else if (member === me) find("announcer").textContent = status;
  else if (final) find("announcer").textContent = `${name}: ${status}`;
}

/** An exchange that only this page sees. */
function aside(text) {
  const node = messages.exchange({ name: myName, words: [text] });
  node.classList.add("aside");
  list.append(node);
  welcome.hidden = true;
  return node;
}

/** A line of the bot that answers nothing that was typed. */
function complain(text) {
  const node = aside("");
  node.classList.add("alone");
  fail(node, text);
}

function fail(node, text) {
  messages.showStatus(node, text, "failed");
  find("announcer").textContent = text;
  toBottom();
}

// ---- what the member does

async function send(text) {
  const node = aside(text);
  messages.showStatus(node, "sending…", "waiting");
  toBottom();
  sending += 1;
  try {
    const answer = await ask("/messages", { text });
    if (answer.help) {
      messages.showHelp(node, answer.help);
      messages.showStatus(node, "", "done");
    } else if (answer.said) {
      showSaid(node, answer.said);
      messages.showStatus(node, "", "done");
      find("announcer").textContent = answer.said.join(" ");
    } else if (answer.retraining) {
      node.remove();
      showRetraining(list, answer.retraining);
    } else {
      node.remove();
      show(answer, { aloud: true });
    }
  } catch (error) {
    fail(node, error.message);
    if (!say.value) say.value = text; // to be put right
  } finally {
    sending -= 1;
    if (sending === 0) held.splice(0).forEach((prompt) => show(prompt, { aloud: true }));
    toBottom();
  }
}

async function vote(button) {
  const card = button.closest(".tune");
  const before = messages.votesOf(card);
  const value = Number(button.value) === before.mine ? 0 : Number(button.value);
  const turn = (card.turn = (card.turn ?? 0) + 1);
  messages.showVotes(card, messages.changedVotes(before, value));
  try {
    const votes = await ask(`/tunes/${card.dataset.tune}/vote`, { value });
    if (turn === card.turn) messages.showVotes(card, votes);
  } catch (error) {
    if (turn === card.turn) messages.showVotes(card, before);
    complain(error.message);
  }
}

/** Ask for another tune made of the one that the button belongs to: "again" or "vary", with what that needs. */
async function another(button, way, body = {}) {
  button.disabled = true;
  try {
    show(await ask(`/tunes/${button.closest(".tune").dataset.tune}/${way}`, body), { aloud: true });
    toBottom();
  } catch (error) {
    complain(error.message);
  } finally {
    button.disabled = false;
  }
}

async function cancel(button) {
  if (button.closest(".exchange").dataset.retraining) return send("/model cancel");
  button.disabled = true;
  await ask(`/prompts/${button.closest(".exchange").dataset.prompt}/cancel`, {})
    .catch((error) => complain(error.message))
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
    complain(error.message);
  } finally {
    button.disabled = false;
  }
}

function toBottom() {
  atBottom = true;
  log.scrollTop = log.scrollHeight;
}

/** ABC pasted into the one line of the message box: a header's lines become fields in brackets, which mean the same. */
function pasteAbc(event) {
  const isField = (line) => /^[A-Za-z]:(?![|:])/.test(line);
  const lines = [];
  for (const pasted of event.clipboardData.getData("text/plain").split(/\r?\n/)) {
    const line = pasted.replace(/(^|[^\\])%.*$/, "$1").replace(/\\\s*$/, "").trim(); // no comment, no mark that it goes on
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

document.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.matches(".vote")) vote(button);
  else if (button?.matches(".again")) another(button, "again");
  else if (button?.matches(".vary")) another(button, "vary", { how: button.value });
  else if (button?.matches(".cancel")) cancel(button);
  else if (button?.id === "retrain") send("/model retrain");
  else if (button?.id === "earlier") showEarlier(button);
  else if (button?.id === "newest") toBottom();
  else if (button?.matches(".example")) {
    say.value = button.textContent;
    say.focus();
    completion?.close();
  }
});

document.addEventListener(
  "play", // does not bubble: one tune at a time
  ({ target }) => document.querySelectorAll("audio").forEach((player) => player !== target && player.pause()),
  true,
);

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
  say.focus(); // and the slash lands there
});

log.addEventListener("scroll", () => {
  atBottom = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  if (atBottom) find("newest").hidden = true;
});

const keepUp = new ResizeObserver(() => atBottom && toBottom()); // pictures arrive, phones open their keyboards
keepUp.observe(list);
keepUp.observe(log);

listen(
  { history: showHistory, progress: receive, votes: receiveVotes, retraining: receiveRetraining },
  (away) => (find("offline").hidden = !away),
);
completion = await ask("/completions")
  .then(({ commands }) => complete(say, find("suggest"), commands))
  .catch(() => null); // one can do without
