"""Run functions among the answers in a limited process.

The process gets the text of one function and, call by call, arguments as plain JSON; results come back the same way.
It cannot reach the check. Its limits are those of `core.limited`: seconds, memory, size of files, an empty folder as
home, no keys in the environment, no network, no other process; of the files it reads those that Python, its packages
and the kit consist of, and writes into its own folder only. `core.limited.guards` says who holds that on this machine.
"""

import builtins
import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from aigc_kit.core import paths
from aigc_kit.core.limited import LimitedProcess, Limits
from aigc_kit.core.limited.inside import confine, readable
from aigc_kit.core.units import GIB, MIB
from aigc_kit.teach.checks.answers import decode, encode

CALL_SECONDS = 10.0  # on the clock, of one call; the first one also starts the process
CPU_SECONDS = 30
MEMORY = 4 * GIB  # of addresses, not of memory in use
DEEPEST = 8  # functions that need each other


class Sandbox(AbstractContextManager["Sandbox", None]):
    """Run one function in one process, as a context.

    `spec` is {"name", "source", "needs"}, as `checks.answers.encode` writes a function.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        limits = Limits(CALL_SECONDS, CPU_SECONDS, MEMORY, file_bytes=1 * MIB, answer_bytes=16 * MIB)
        command = [sys.executable, "-I", "-m", "aigc_kit.teach.classroom.sandbox"]
        self._process = LimitedProcess(command, limits, {"OMP_NUM_THREADS": "1", "AIGC_ASSETS": str(paths.assets())})
        try:
            self._process.ask({"spec": spec, "limits": asdict(limits)})
        except BaseException:
            self.close()
            raise

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function there.

        Raises:
            RuntimeError: it raised (the text says what), took too long, or its process ended.
        """
        keywords = {name: encode(value) for name, value in named.items()}
        return decode(self._process.ask({"arguments": [encode(value) for value in arguments], "named": keywords}))

    def close(self) -> None:
        """End the process with its children, remove its folder."""
        self._process.close()

    def __exit__(self, *_: object) -> None:
        self.close()


def _build(spec: Mapping[str, Any], depth: int = 0) -> Callable[..., Any]:
    """Build, inside, the function of a text."""
    if depth > DEEPEST:
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


def _confine(spec: Mapping[str, Any], limits: Mapping[str, Any]) -> None:
    """Load what answers need, then shut the door."""
    for name in ("numpy", "subprocess", "multiprocessing", *_modules(spec)):  # two that packages name and never call
        with suppress(Exception):  # it fails again where it is used, which the answer says
            importlib.import_module(name)
    package, home = Path(__file__).parents[2], str(Path.cwd())
    confine({**limits, "read": [*readable(), str(package), str(paths.assets())], "write": [home]})


def _modules(spec: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Name the modules that a function needs."""
    yield from {"scipy", "torch"} & set(re.findall(r"\w+", str(spec.get("source"))))
    for need in spec.get("needs", {}).values() if depth <= DEEPEST else ():
        if "module" in need:
            yield str(need["module"])
        elif "import" in need:
            yield str(need["import"][0])
        elif "function" in need:
            yield from _modules(need["function"], depth + 1)


def _serve(source: TextIO, target: TextIO) -> None:
    """Answer, inside, line by line."""
    function = None
    for line in source:
        try:
            call = json.loads(line)
            if function is None:
                _confine(call["spec"], call["limits"])
                function = _build(call["spec"])
                answer: dict[str, Any] = {"result": {"value": True}}
            else:
                keywords = {key: decode(value) for key, value in call["named"].items()}
                answer = {"result": encode(function(*map(decode, call["arguments"]), **keywords))}
        except BaseException as error:  # whatever submitted code raises, SystemExit among it
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        target.write(json.dumps(answer) + "\n")
        target.flush()


if __name__ == "__main__":
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers_to:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - what the function prints goes nowhere
        _serve(sys.stdin, answers_to)
