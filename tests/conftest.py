"""What all tests share: a cache, one thread each, no progress bars, and a watch for notebook kernels that die."""

import os
import time
from pathlib import Path
from queue import Empty

import pytest
from nbval.kernel import RunningKernel

ROOT = Path(__file__).resolve().parent.parent

# Before anything imports NumPy or torch, and inherited by every kernel. A cache of the tests' own, made once and kept;
# one thread each, because two test processes share two cores; and no progress bars, whose text depends on the time
# (.ci/notebooks.py stores notebooks without them, too).
os.environ.setdefault("COURSE_CACHE", str(ROOT / "build" / "cache"))
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ["TQDM_DISABLE"] = "1"


def await_reply(self, msg_id, timeout=None):
    """Wait for a kernel's reply as nbval does, but look every second whether the kernel still lives.

    When a kernel has died (out of memory, `os._exit`), nbval 0.11 waits for the whole time-out and reports a time-out.
    """
    end = time.monotonic() + (timeout if timeout is not None else float("inf"))
    while True:
        try:
            message = self.get_message(stream="shell", timeout=min(1.0, max(0.0, end - time.monotonic())))
        except Empty:
            if not self.is_alive():
                raise RuntimeError("The kernel died while it ran this cell (out of memory?).") from None
            if time.monotonic() >= end:
                raise
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            if message["content"]["status"] == "aborted":
                raise RuntimeError("The kernel aborted the execution of this cell.")
            return


RunningKernel.await_reply = await_reply


@pytest.fixture
def root() -> Path:
    """The folder of the project."""
    return ROOT
