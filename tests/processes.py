"""The processes that a test started."""

import psutil

_BROWSER = ("playwright", "chromium", "chrome_crashpad")


def children(recursive: bool = False) -> list[psutil.Process]:
    """Of this process, without the browser that all its tests share."""
    found = []
    for child in psutil.Process().children(recursive):
        try:
            command = " ".join(child.cmdline())
        except psutil.NoSuchProcess:
            continue
        if not any(word in command for word in _BROWSER):
            found.append(child)
    return found
