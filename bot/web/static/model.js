// The model in the chat: answers to /model, and the progress of retrainings.

import { commandWords, exchange, showStatus } from "./messages.js";

const CURVE_INTERVAL = 3000; // milliseconds between two requests for the picture of a growing curve

function stamp(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** Show lines in the bot's reply of an exchange. */
export function showLines(node, lines) {
  node.querySelector(".lines")?.remove();
  if (lines.length === 0) return;
  const list = stamp("lines-template");
  for (const line of lines) {
    const item = document.createElement("li");
    item.textContent = line;
    list.append(item);
  }
  node.querySelector(".answer").append(list);
}

/** Say on the button what a retraining still needs; `learning` is undefined where nothing has changed. */
export function showLearning(learning) {
  const button = document.getElementById("retrain");
  if (!button || !learning) return;
  button.querySelector(".needs").textContent = learning.short;
  button.title = learning.missing || "Learn from the votes";
  button.classList.toggle("lacking", Boolean(learning.missing));
}

/** Show the progress of a retraining in its exchange, which is created if missing. A final state never changes. */
export function showRetraining(list, retraining) {
  let node = list.querySelector(`[data-retraining="${retraining.id}"]`);
  if (node?.dataset.final === "true") return node;
  if (!node) {
    node = exchange({ name: retraining.name, words: commandWords("/model retrain", retraining.options), at: new Date(retraining.at) });
    node.dataset.retraining = retraining.id;
    node.querySelector(".answer").append(stamp("curve-template"));
    list.append(node);
  }
  node.dataset.final = retraining.final;
  const kinds = { promoted: "done", passed: "done", cancelled: "cancelled" };
  showStatus(node, retraining.status, retraining.final ? kinds[retraining.state] ?? "failed" : "waiting");
  node.querySelector(".cancel").hidden = retraining.final;
  showLines(node, retraining.tests);
  showCurve(node.querySelector(".curve"), retraining);
  return node;
}

function showCurve(picture, { id, points, final }) {
  const visible = Number(picture.dataset.points ?? 1);
  const recent = Date.now() - Number(picture.dataset.at ?? 0) < CURVE_INTERVAL;
  if (points <= visible || (recent && !final)) return;
  picture.dataset.points = points;
  picture.dataset.at = Date.now();
  picture.src = `/retrainings/${id}.png?points=${points}`;
  picture.hidden = false;
}
