// The way to the server: questions, and the stream of events.

/** The JSON answer to a GET, or to a POST of `body`. Throws an Error whose message can be shown. */
export async function ask(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, options).catch(() => {
    throw new Error("Tunesmith cannot be reached. Is it still running?");
  });
  const answer = await response.json().catch(() => ({ error: "Tunesmith gave an answer that makes no sense." }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/**
 * Calls `handlers[event]` with each event's data for as long as the page is seen, and `away` with whether the server
 * is out of reach. Every connection begins with a `history` event.
 */
export function listen(handlers, away) {
  let events = null;

  function connect() {
    events?.close();
    events = new EventSource("/events");
    events.onopen = () => away(false);
    events.onerror = () => {
      away(true);
      if (events.readyState === EventSource.CLOSED) setTimeout(connect, 3000); // the browser gave up
    };
    for (const [name, handle] of Object.entries(handlers)) {
      events.addEventListener(name, ({ data }) => handle(JSON.parse(data)));
    }
  }

  // a browser opens few connections to one host: pages that nobody sees give theirs back
  document.addEventListener("visibilitychange", () => (document.hidden ? events.close() : connect()));
  connect();
}
