"""How late an event loop wakes those who wait."""

import asyncio
import time

TICK = 0.01  # seconds between two measurements


class LagMeter:
    """(time.monotonic(), lag in seconds) of each wake-up, for as long as `run` runs."""

    def __init__(self) -> None:
        self.lags: list[tuple[float, float]] = []

    async def run(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK)
            self.lags.append((began, time.monotonic() - began - TICK))
