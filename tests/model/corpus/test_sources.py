import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from model.corpus import sources
from model.corpus.build import build
from model.corpus.sources import COBB_SHA256, MUSIC21, fetch_cobb, music21_source, path_source
from model.errors import InputError
from tests.model.random_corpora import jigs

IRISH = Path(__file__).parents[4] / "shared" / "data" / "irish.abc"
Serve = Callable[[bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves bytes from loopback; gives their address."""
    servers: list[HTTPServer] = []

    def start(data: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if data else 404)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.01}).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/irish.abc"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.skipif(not IRISH.is_file(), reason="the article's collection is not beside the repository")
def test_the_articles_collection_is_fetched_whole(serve: Serve, tmp_path: Path) -> None:
    path = fetch_cobb(serve(IRISH.read_bytes()), tmp_path / "cache" / "irish.abc")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == COBB_SHA256
    assert [file.name for file in path.parent.iterdir()] == ["irish.abc"]
    assert sum(1 for _ in path_source(path).texts()) >= 804


@pytest.mark.parametrize(("data", "message"), [(b"X:1\nK:D\nA|", "SHA-256 differs"), (b"", "cannot download")])
def test_another_file_is_refused_and_nothing_is_kept(serve: Serve, tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fetch_cobb(serve(data), tmp_path / "irish.abc")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_download_leaves_the_file_of_before(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "irish.abc").write_text("before")
    with pytest.raises(InputError):
        fetch_cobb(serve(b"after"), tmp_path / "irish.abc")
    assert (tmp_path / "irish.abc").read_text() == "before"


def test_a_server_that_is_gone_is_one_line(serve: Serve, tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as gone:
        url = f"http://127.0.0.1:{gone.server_port}/irish.abc"
    with pytest.raises(InputError, match=r"cannot download .*refused"):
        fetch_cobb(url, tmp_path / "irish.abc")


def test_a_mark_of_byte_order_costs_no_tune(tmp_path: Path) -> None:
    (tmp_path / "windows.abc").write_text(jigs(2), encoding="utf-8-sig")
    assert [text[:4] for text in path_source(tmp_path / "windows.abc").texts()] == ["X:1\n", "X:2\n"]


def test_a_folder_is_read_in_order_and_to_its_depths(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "one.abc").write_text("X:2\nK:D\nB|")
    (tmp_path / "a.abc").write_text("X:1\nK:D\nA|\n")
    (tmp_path / "notes.txt").write_text("X:3\nK:D\nC|")
    (tmp_path / "folder.abc").mkdir()
    (tmp_path / "gone.abc").symlink_to(tmp_path / "nowhere")
    assert [text[2] for text in path_source(tmp_path).texts()] == ["1", "2"]


def test_a_folder_without_abc_and_a_path_to_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no \.abc file"):
        path_source(tmp_path)
    with pytest.raises(InputError, match="no ABC file or folder"):
        path_source(tmp_path / "nothing")


def test_a_file_that_goes_away_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text("X:1\nK:D\nA|\n")
    source = path_source(tmp_path)
    (tmp_path / "a.abc").unlink()
    with pytest.raises(InputError, match="cannot read"):
        list(source.texts())


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 4000,
        b"X:1\nK:D\n" + bytes(range(256)) * 100,
        b"X:1\nK:D\n" + b"A" * 10_000_000,
        b"\xff\xfe" + "X:1\nK:D\nA|".encode("utf-16-le"),
        b"\n" * 1_000_000,
        b"X:1\n" * 20_000,
    ],
    ids=["binary", "binary tune", "endless line", "utf-16", "blank lines", "only numbers"],
)
def test_what_is_no_tune_book_is_skipped_quickly(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "strange.abc").write_bytes(data)
    started = time.monotonic()
    assert build([path_source(tmp_path)]).tunes == ()
    assert time.monotonic() - started < 10


def test_a_file_too_large_for_a_tune_book_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_FILE", 5)
    (tmp_path / "large.abc").write_text("X:1\nK:D\nA|")
    with pytest.raises(InputError, match="not a tune book"):
        list(path_source(tmp_path).texts())


def test_music21_ships_four_collections() -> None:
    counts = {name: sum(1 for _ in music21_source(name).texts()) for name in MUSIC21}
    assert counts == {"oneills1850": 2009, "ryansMammoth": 1059, "airdsAirs": 1180, "miscFolk": 185}
    with pytest.raises(InputError, match="reinstall music21"):
        music21_source("nothing")


def test_mail_leftovers_are_undone(tmp_path: Path) -> None:
    (tmp_path / "mail.abc").write_text("X:1\nT:So=20\nT:and=\n so=3D\nK:D\nA|\n")
    assert next(path_source(tmp_path).texts()) == "X:1\nT:So \nT:and so=\nK:D\nA|"
