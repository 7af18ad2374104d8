"""What a program measures in itself: seconds, processor time and most memory of the part between two calls."""

import json
import os
import resource
import time


class Clock:
    def __init__(self) -> None:
        self._seconds, self._cpu = time.perf_counter(), time.process_time()

    def tell(self) -> None:
        """Print what it took since, for `processes.inside`."""
        seconds, cpu = time.perf_counter() - self._seconds, time.process_time() - self._cpu
        print(json.dumps([seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def stay_on(core: str) -> None:
    """Run on this core alone; "" for any."""
    if core:
        os.sched_setaffinity(0, {int(core)})
