"""Run foreign code in a process that can reach nothing.

    with Program("def double(x):\n    return 2 * x\n") as program:
        program.call("double(21)")            # 42, as a plain value; the program never sees what is expected of it

What a limited process has: processor seconds, addresses, bytes of a file, seconds for an answer and bytes of answers,
each a number of `Limits`; an empty folder, which is removed; no variable of this process's environment. It starts no
process, sends no signal, opens no socket and, as a `Program`, no file, not even to read. `guards()` says who holds that
on this machine. Nothing bounds: time on the clock below `seconds`, other computation, and faults of the kernel or the
interpreter. Where the kernel holds nothing (macOS, Windows, old Linux), run no code of somebody who means harm.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from aigc_kit.core.units import MIB

_INSIDE = Path(__file__).with_name("inside.py")
_DEEPEST = 60


@dataclass(frozen=True)
class Limits:
    """Say how much a limited process may have.

    Args:
        seconds: on the clock, until one answer; the first one also starts the process.
        cpu_seconds: whole processor seconds, of all answers together.
        memory: bytes of addresses, which is more than memory in use.
        file_bytes: of a file, where it may write any.
        answer_bytes: of one answer.
    """

    seconds: float = 20.0
    cpu_seconds: int = 1
    memory: int = 512 * MIB
    file_bytes: int = 0
    answer_bytes: int = 1 * MIB


class LimitedProcess(AbstractContextManager["LimitedProcess", None]):
    """Hold one child that answers JSON lines, until closed.

    Args:
        command: what to start; it must confine itself (`inside.confine`) before it runs foreign code.
        limits: `seconds` and `answer_bytes` are held here, the others by the child.
        variables: its whole environment beside HOME, PATH and LANG.
    """

    def __init__(self, command: Sequence[str], limits: Limits, variables: Mapping[str, str] | None = None) -> None:
        self.limits = limits
        self.home = tempfile.mkdtemp(prefix="aigc-limited-")
        environment = {"HOME": self.home, "PATH": os.defpath, "LANG": "C.UTF-8", **(variables or {})}
        if sys.platform == "win32":  # without it sockets and random numbers do not start there
            environment["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(
            list(command), cwd=self.home, env=environment, start_new_session=True, close_fds=True, **pipes
        )
        self._rest = b""
        self._blocks: Queue[bytes] = Queue(maxsize=4)  # a flood waits in the pipe, not in this process
        self._reader = threading.Thread(target=self._pump, name="limited-process", daemon=True)
        self._reader.start()

    def ask(self, what: Mapping[str, Any]) -> Any:
        """Send one line, and give the "result" of the answer.

        Raises:
            RuntimeError: the answer is an error (its text), too late, too long or none, for the process has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            raise RuntimeError(self._ending()) from None
        try:
            answer = json.loads(self._line())
        except (ValueError, RecursionError):
            self.close()
            raise RuntimeError("an answer that cannot be read") from None
        if not isinstance(answer, dict) or "error" in answer or "result" not in answer:
            words = answer.get("error", "no result") if isinstance(answer, dict) else "no result"
            raise RuntimeError(str(words)[:300])
        return answer["result"]

    def close(self) -> None:
        """End the process with its children, remove its folder."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (AttributeError, ProcessLookupError, PermissionError):
                self._process.kill()
        self._process.wait()
        while self._reader.is_alive():  # it may wait for room
            with suppress(Empty):
                self._blocks.get(timeout=0.01)
        for stream in filter(None, (self._process.stdin, self._process.stdout)):
            with suppress(OSError):  # the reader is gone, and with it what was to be written
                stream.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pump(self) -> None:
        """Read what comes, in a thread of its own.

        Windows cannot wait for a pipe.
        """
        assert self._process.stdout is not None
        while True:
            block = os.read(self._process.stdout.fileno(), MIB)
            self._blocks.put(block)
            if not block:
                return

    def _line(self) -> bytes:
        """Read one line of its answer, within the time."""
        deadline = time.monotonic() + self.limits.seconds
        while b"\n" not in self._rest:
            try:
                block = self._blocks.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                self.close()
                raise RuntimeError(f"no answer within {self.limits.seconds:g} s") from None
            self._rest += block
            if not block or len(self._rest) > self.limits.answer_bytes:
                words = "an answer that is too long" if block else self._ending()
                self.close()
                raise RuntimeError(words)
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _ending(self) -> str:
        """Say how the process ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.returncode
        if code is not None and code < 0:
            names = {-int(number): number.name for number in signal.Signals}
            late = "more than its processor seconds: " if names.get(code) in ("SIGXCPU", "SIGKILL") else ""
            return f"the process ended: {late}{names.get(code, code)}"
        return "the process ended: too much memory, time or output"


class Program:
    """Run a program from its text, and call it.

    Args:
        source: of anybody. It may import the modules of `inside.MODULES`; no others are there.
        limits: see `Limits`.

    Attributes:
        guards: what is limited -> "kernel", "python" or "nobody"; see `inside.confine`.
        fault: "" or why the text itself did not run through, such as "SyntaxError: ...".
    """

    def __init__(self, source: str, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self._process = LimitedProcess([sys.executable, "-I", "-S", "-X", "utf8", str(_INSIDE)], limits)
        self.guards: Mapping[str, str] = {}
        self.fault = ""
        try:
            self.guards = dict(self._process.ask({"source": source, "limits": asdict(limits)}))
            self._process.ask({"call": None})
        except RuntimeError as error:
            self.fault = str(error)
        except BaseException:
            self.close()
            raise

    def call(self, expression: str) -> Any:
        """Evaluate an expression there, such as "gcd(12, 18)".

        Returns:
            A plain value: number, truth value, None, text, list, tuple, set or dict of such.

        Raises:
            RuntimeError: it raised (class and text), took too long, gave no plain value, or the process has ended.
        """
        if self.fault:
            raise RuntimeError(self.fault)
        return _read(self._process.ask({"call": expression}))

    def close(self) -> None:
        """End it, whatever it does."""
        self._process.close()

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@cache
def guards() -> Mapping[str, str]:
    """Ask who holds the limits on this machine."""
    with Program("") as program:
        return program.guards


def _read(data: Any, depth: int = 0) -> Any:
    """Read what `inside.plain` wrote, or anything else, without harm."""
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    try:
        kind, items = data
        if depth < _DEEPEST and kind in ("list", "tuple", "set", "frozenset"):
            return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind](
                [_read(item, depth + 1) for item in items]
            )
        if depth < _DEEPEST and kind == "dict":
            return {_read(key, depth + 1): _read(item, depth + 1) for key, item in items}
    except (TypeError, ValueError):
        pass
    raise RuntimeError("an answer that is no plain value")
