// The model in the chat: what /model answers, and retrainings as they get on.

import { commandWords, exchange, showStatus } from "./messages.js";

const EVERY = 3000; // milliseconds between two pictures of a curve that grows

function stamp(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** Put lines into the bot's reply of an exchange. */
export function showSaid(node, lines) {
  node.querySelector(".said")?.remove();
  if (lines.length === 0) return;
  const list = stamp("said-template");
  for (const line of lines) {
    const item = document.createElement("li");
    item.textContent = line;
    list.append(item);
  }
  node.querySelector(".answer").append(list);
}

/** Show where a retraining is, in its exchange, which is made where there is none. What is final stays so. */
export function showRetraining(list, news) {
  let node = list.querySelector(`[data-retraining="${news.id}"]`);
  if (node?.dataset.final === "true") return node;
  if (!node) {
    node = exchange({ name: news.name, words: commandWords("/model retrain", news.options), at: new Date(news.at) });
    node.dataset.retraining = news.id;
    node.querySelector(".answer").append(stamp("curve-template"));
    list.append(node);
  }
  node.dataset.final = news.final;
  const kinds = { promoted: "done", passed: "done", cancelled: "cancelled" };
  showStatus(node, news.status, news.final ? kinds[news.state] ?? "failed" : "waiting");
  node.querySelector(".cancel").hidden = news.final;
  showSaid(node, news.tests);
  showCurve(node.querySelector(".curve"), news);
  return node;
}

function showCurve(picture, { id, points, final }) {
  const shown = Number(picture.dataset.points ?? 1);
  const young = Date.now() - Number(picture.dataset.at ?? 0) < EVERY;
  if (points <= shown || (young && !final)) return;
  picture.dataset.points = points;
  picture.dataset.at = Date.now();
  picture.src = `/retrainings/${id}.png?points=${points}`;
  picture.hidden = false;
}
