"""What is known of a worker."""

import pytest

from bot.workers.health import Health


@pytest.mark.parametrize(
    ("device", "on_gpu"), [("NVIDIA H100, bfloat16", True), ("CPU, 2 threads, int8", False), ("", False)]
)
def test_a_worker_is_on_a_gpu_where_its_device_is_known_and_no_cpu(device: str, on_gpu: bool) -> None:
    assert Health("gpu", device=device).on_gpu == on_gpu


def test_two_looks_at_one_worker_are_equal() -> None:
    assert Health("gpu", seen=1.0) == Health("gpu", seen=2.0)
