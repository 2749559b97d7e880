"""Files that travel through Redis."""

import hashlib
from pathlib import Path

from bot.workers.cluster.files import PART, read_whole
from bot.workers.cluster.jobs import Broker
from tests.engines.redis_server import RedisServer

DATA = bytes(range(256)) * (PART // 100)
SHA256 = hashlib.sha256(DATA).hexdigest()


async def test_a_file_of_several_parts_comes_whole_and_fulfils_the_request(redis: RedisServer) -> None:
    files = Broker(redis.url()).files
    await files.request(SHA256)
    assert await files.requested() == {SHA256}
    assert await files.download(SHA256) is None
    await files.upload(SHA256, DATA)
    assert await files.download(SHA256) == DATA
    assert await files.requested() == set()
    await files._redis.aclose()


async def test_a_file_is_uploaded_once_unless_it_was_damaged(redis: RedisServer) -> None:
    files = Broker(redis.url()).files
    await files.upload(SHA256, b"damaged")
    await files.upload(SHA256, DATA)
    assert await files.download(SHA256) == b"damaged", "another bot is uploading it"
    await files.discard(SHA256)
    assert await files.download(SHA256) is None
    await files.upload(SHA256, DATA)
    assert await files.download(SHA256) == DATA
    await files.remove(SHA256)
    assert await files._redis.keys("*") == []
    await files._redis.aclose()


def test_a_file_on_the_disk_is_read_where_it_has_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert read_whole(path, SHA256) is None
    path.write_bytes(DATA)
    assert read_whole(path, SHA256) == DATA
    assert read_whole(path, "0" * 64) is None
