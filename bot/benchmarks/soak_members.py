"""Members of a soak: each has the page open, asks, votes, deletes, and records what the bot has confirmed."""

import json
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from random import Random
from threading import Event, Lock
from typing import Any

from bot.benchmarks.prompts import options_of

VOTE, LISTEN, DELETE = 3, 5, 25  # every how many prompts a member votes, fetches a file, has a tune removed
_TIMEOUT = 60.0  # seconds for one answer
_PAUSE = 0.1  # seconds before a refused or unanswered member tries again


@dataclass
class Ledger:
    """What was asked of a bot, and what it has confirmed. Of what is `unsure` no answer came.

    Prompts are known by their seed, which no two share; votes by tune and member.
    """

    prompts: int
    asked: dict[int, int] = field(default_factory=dict)  # seed -> the id that the bot gave
    votes: dict[tuple[int, str], int] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    unsure: Counter[str] = field(default_factory=Counter)
    unsure_votes: set[tuple[int, str]] = field(default_factory=set)
    unsure_seeds: set[int] = field(default_factory=set)
    refused: int = 0  # because the queue was full
    wrong: Counter[str] = field(default_factory=Counter)  # answers that there should not be
    begun: int = 0
    lock: Lock = field(default_factory=Lock)

    def next_seed(self) -> int | None:
        """The seed of the next prompt; None where there were enough."""
        with self.lock:
            if self.begun >= self.prompts:
                return None
            self.begun += 1
            return self.begun


class Unanswered(Exception):
    """No answer came, or one that the database cannot be used: the bot may have done it, or not."""


class Refused(Exception):
    """An answer with an error, and its status."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status


class Member:
    """One member's browser, without pictures."""

    def __init__(self, address: str, number: int, ledger: Ledger, over: Event) -> None:
        self._address, self._ledger, self._over = address, ledger, over
        self._random = Random(number)
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))

    def run(self) -> None:
        """Ask until there were enough prompts."""
        while (seed := self._ledger.next_seed()) is not None and not self._over.is_set():
            self._ask(seed)
            for every, act in ((VOTE, self._vote), (LISTEN, self._listen), (DELETE, self._delete)):
                if seed % every == 0:
                    self._try(act)

    def _ask(self, seed: int) -> None:
        """Ask once, and again for as long as the queue is full or nobody listens."""
        options = " ".join(f"{name}:{value}" for name, value in (options_of(seed) | {"seed": seed}).items())
        while not self._over.is_set():
            try:
                self._open_page()
                answer = self._post("/messages", {"text": f"/compose {options}"})
                self._ledger.asked[seed] = int(answer["id"])
                return
            except ConnectionRefusedError:
                self._over.wait(_PAUSE)
            except Unanswered:
                self._ledger.unsure_seeds.add(seed)
                return
            except Refused as error:
                if error.status != 429:
                    self._ledger.wrong[f"{error.status} {error}"] += 1
                    return
                self._ledger.refused += 1
                self._over.wait(_PAUSE)

    def _try(self, act: Any) -> None:
        try:
            act()
        except Unanswered:
            self._ledger.unsure["requests"] += 1
        except ConnectionRefusedError:
            pass  # the bot is not there just now
        except Refused as error:
            if error.status != 404:  # another member may have had the tune removed meanwhile
                self._ledger.wrong[f"{error.status} {error}"] += 1

    def _vote(self) -> None:
        tune = self._some_tune()
        if tune is None:
            return
        value = self._random.choice((1, 1, -1))
        key = (tune, self._name)
        self._ledger.unsure_votes.add(key)
        self._post(f"/tunes/{tune}/vote", {"value": value})
        self._ledger.votes[key] = value
        self._ledger.unsure_votes.discard(key)

    def _listen(self) -> None:
        tune = self._some_tune()
        if tune is not None:
            self._request(f"/tunes/{tune}.{self._random.choice(('png', 'mp3', 'mid', 'abc'))}")

    def _delete(self) -> None:
        tune = self._some_tune()
        if tune is not None:
            self._post("/messages", {"text": f"/moderate id:{tune} action:remove"})
            self._ledger.deleted.add(tune)

    def _some_tune(self) -> int | None:
        history = json.loads(self._request(f"/history?before={2**31 - 1}"))
        found = [tune["id"] for prompt in history["prompts"] for tune in prompt["tunes"]]
        return int(self._random.choice(found)) if found else None

    @property
    def _name(self) -> str:
        """The secret of this member, by which the database knows it once it is hashed."""
        return next((cookie.value or "" for cookie in self._cookies), "")

    def _open_page(self) -> None:
        if not self._name:
            self._request("/")

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return json.loads(self._request(path, json.dumps(body).encode()))

    def _request(self, path: str, body: bytes | None = None) -> bytes:
        """What the page answers. ConnectionRefusedError, Unanswered or Refused."""
        request = urllib.request.Request(self._address + path, body, {"Content-Type": "application/json"})
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            line = error.read().decode(errors="replace")
            if error.code == 503:
                raise Unanswered(line) from error
            raise Refused(error.code, json.loads(line).get("error", line)) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise error.reason from error
            raise Unanswered(str(error)) from error
        except (OSError, ValueError) as error:
            raise Unanswered(str(error)) from error
        except Exception as error:
            raise Unanswered(repr(error)) from error  # http.client's, of a connection that broke off
