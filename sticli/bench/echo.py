"""A byte to another process and back: what waking a daemon costs on this machine at least."""

import subprocess
import time


def times(count: int, apart: float) -> list[float]:
    """Seconds of each of `count` round trips, one due every `apart` seconds."""
    with subprocess.Popen(
        ["cat"], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin
        assert other.stdout
        found = list[float]()
        begin = time.perf_counter()
        for number in range(count):
            time.sleep(max(0.0, begin + number * apart - time.perf_counter()))
            sent = time.perf_counter()
            other.stdin.write(b"x")
            other.stdout.read(1)
            found.append(time.perf_counter() - sent)
        other.stdin.close()
        return found
