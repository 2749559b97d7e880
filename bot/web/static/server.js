// Requests to the server, and its event stream.

/** The JSON response to a GET, or to a POST of `body`. Throws an Error whose message can be shown. */
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
  if (!response.ok) throw Object.assign(new Error(answer.error), { command: answer.command });
  return answer;
}

/**
 * While the page is visible, calls `handlers[name]` with the data of each event, and `setOffline` with whether the
 * server cannot be reached. Every connection begins with a `history` event.
 */
export function listen(handlers, setOffline) {
  let events = null;

  function connect() {
    events?.close();
    events = new EventSource("/events");
    events.onopen = () => setOffline(false);
    events.onerror = () => {
      setOffline(true);
      if (events.readyState === EventSource.CLOSED) setTimeout(connect, 3000); // the browser gave up
    };
    for (const [name, handle] of Object.entries(handlers)) {
      events.addEventListener(name, ({ data }) => handle(JSON.parse(data)));
    }
  }

  // browsers limit the connections to one host, so hidden pages close theirs
  document.addEventListener("visibilitychange", () => (document.hidden ? events.close() : connect()));
  connect();
}
