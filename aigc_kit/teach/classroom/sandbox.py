"""Run functions among the answers in a limited process.

The process gets the text of one function and, call by call, arguments as plain JSON; results come back the same way.
It cannot reach the check. Its limits: processor seconds, memory, size of files, an empty folder as home, no keys in the
environment, and no network where the system allows that to be switched off (`unshare`). That holds up accidents and
endless loops. It is no prison: code that means harm runs with the rights of the user who asked for it.
"""

import builtins
import importlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from aigc_kit.core.units import GIB, MIB
from aigc_kit.teach.checks.answers import decode, encode

CALL_SECONDS = 10.0  # wall clock, of one call; the first one also starts the process
CPU_SECONDS = 30
MEMORY = 4 * GIB  # of addresses, not of memory in use
FILE_BYTES = 1 * MIB


class Sandbox(AbstractContextManager["Sandbox", None]):
    """Run one function in one process, as a context.

    `spec` is {"name", "source", "needs"}, as `checks.answers.encode` writes a function.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._home = tempfile.mkdtemp(prefix="aigc-sandbox-")
        command = [*_without_network(), sys.executable, "-I", "-m", "aigc_kit.teach.classroom.sandbox"]
        environment = {"HOME": self._home, "PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, cwd=self._home, env=environment, start_new_session=True, **pipes)
        self._rest = b""
        try:
            self._ask(spec)
        except BaseException:
            self.close()
            raise

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function there.

        Raises:
            RuntimeError: it raised (the text says what), took too long, or its process ended.
        """
        keywords = {name: encode(value) for name, value in named.items()}
        return self._ask({"arguments": [encode(value) for value in arguments], "named": keywords})

    def close(self) -> None:
        """End the process with its children, remove its folder."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                self._process.kill()
        for stream in filter(None, (self._process.stdin, self._process.stdout)):
            with suppress(OSError):  # the reader is gone, and with it what was to be written
                stream.close()
        self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, what: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise RuntimeError("the process has ended") from None
        answer = json.loads(self._line())
        if "error" in answer:
            raise RuntimeError(str(answer["error"])[:300])
        return decode(answer["result"])

    def _line(self) -> bytes:
        """Read one line of its answer, within the time."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + CALL_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                seconds = deadline - time.monotonic()
                if seconds <= 0 or not selector.select(seconds):
                    self.close()
                    raise RuntimeError(f"no answer within {CALL_SECONDS:g} s")
                block = os.read(self._process.stdout.fileno(), MIB)
                self._rest += block
                if not block or len(self._rest) > 16 * MIB:
                    self.close()
                    why = "too long" if block else "the process ended: too much memory, time or output"
                    raise RuntimeError(why)
        line, _, self._rest = self._rest.partition(b"\n")
        return line


def network_is_off() -> bool:
    """Ask whether this system can keep a process offline."""
    return bool(_without_network())


@cache
def _without_network() -> tuple[str, ...]:
    tool = shutil.which("unshare")
    candidates: Sequence[tuple[str, ...]] = ((tool, "--net", "--"), (tool, "--user", "--net", "--")) if tool else ()
    for command in candidates:
        if subprocess.run([*command, sys.executable, "-I", "-c", ""], capture_output=True, check=False).returncode == 0:
            return command
    return ()


def _limit() -> None:
    """Limit, inside, what this process may have."""
    try:
        import resource
    except ImportError:  # Windows: the time limit of the caller is all there is
        return
    for name, most in (("CPU", CPU_SECONDS), ("AS", MEMORY), ("FSIZE", FILE_BYTES), ("CORE", 0)):
        what = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most, most) if hard == resource.RLIM_INFINITY else (min(most, hard), hard))


def _build(spec: Mapping[str, Any], depth: int = 0) -> Callable[..., Any]:
    """Build, inside, the function of a text."""
    if depth > 8:
        raise ValueError("functions that need each other too deeply")
    world: dict[str, Any] = {"__builtins__": builtins, "__name__": "answer"}
    for name, need in spec.get("needs", {}).items():
        if "module" in need:
            world[name] = importlib.import_module(need["module"])
        elif "import" in need:
            world[name] = getattr(importlib.import_module(need["import"][0]), need["import"][1])
        elif "opaque" not in need:  # a name that cannot be brought along is an error only when it is used
            world[name] = decode(need, function=lambda inner: _build(inner, depth + 1))
    before = set(world)
    exec(compile(spec["source"], "<answer>", "exec"), world)
    functions = [value for name, value in world.items() if name not in before and callable(value)]
    function = world.get(spec["name"])
    if not callable(function) and not functions:
        raise ValueError("the text defines no function")
    return function if callable(function) else functions[-1]


def _serve(source: TextIO, target: TextIO) -> None:
    """Answer, inside, line by line."""
    function = None
    for line in source:
        try:
            call = json.loads(line)
            if function is None:
                function = _build(call)
                answer: dict[str, Any] = {"result": {"value": True}}
            else:
                keywords = {key: decode(value) for key, value in call["named"].items()}
                answer = {"result": encode(function(*map(decode, call["arguments"]), **keywords))}
        except BaseException as error:  # whatever submitted code raises, SystemExit among it
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        target.write(json.dumps(answer) + "\n")
        target.flush()


if __name__ == "__main__":
    _limit()
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers_to:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - what the function prints goes nowhere
        _serve(sys.stdin, answers_to)
