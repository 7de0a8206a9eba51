"""Judge programs by running them, and by nothing else.

An exercise asks for one Python function. It has a few calls with their results, as a unit test has, and a program of
a person that is taken for right. `judge` runs a program in a limited process and answers two questions: do the tests
pass, and does it agree with that program on further arguments that are drawn at random? The second is the measure for
the first: a test set that a wrong program passes is too weak. Agreement on 40 draws is no proof either.
"""

import ast
import random
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import unknown_name
from aigc_kit.core.limited import Limits, Program

SYSTEM = "You write one short Python function. Output only code, no comments."
RECORDED = "code-qwen2.5-coder-0.5b"  # what a model answered to every exercise, for promptlab.ask.recorded
DRAWS = 40  # further calls, each with arguments of its own


@dataclass(frozen=True)
class Exercise:
    """Ask for one function.

    Args:
        name, head: of the function; with its parameters.
        task: in Chinese, what it does.
        cases: (call, its right result), the unit tests.
        ways: programs that people wrote and that do it; the first is the reference.
        kinds: of the arguments of further calls.
    """

    name: str
    head: str
    task: str
    cases: tuple[tuple[str, Any], ...]
    ways: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def prompt(self) -> str:
        """Ask a model for it, after `SYSTEM`."""
        return f"def {self.head}: {self.task}。"

    @property
    def reference(self) -> str:
        """Give the program that others are compared with."""
        return self.ways[0]

    def calls(self, count: int = DRAWS, seed: int = 0) -> list[str]:
        """Draw further calls, the same at every time."""
        rng = random.Random(f"{self.name} {seed}")
        drawn = ([KINDS[kind](rng) for kind in self.kinds] for _ in range(count))
        return [f"{self.name}({', '.join(map(repr, arguments))})" for arguments in drawn]


@dataclass(frozen=True)
class Verdict:
    """Say what running a program showed.

    Args:
        passed: every unit test gave its result.
        right: besides, it agrees with the reference on every further call.
        why: the first difference or error; "" where there is none.
    """

    passed: bool
    right: bool
    why: str = ""


def _numbers(rng: random.Random) -> list[int]:
    return [rng.randint(-9, 9) for _ in range(rng.randrange(8))]


def _nested(rng: random.Random, depth: int = 0) -> list[Any]:
    return [
        _nested(rng, depth + 1) if depth < 3 and rng.random() < 0.4 else rng.randint(0, 9)
        for _ in range(rng.randrange(4))
    ]


def _mirrored(rng: random.Random) -> str:
    half = "".join(rng.choice("aAbB1 ,") for _ in range(rng.randrange(5)))
    return half + rng.choice(["", "c", "C!"]) + (half[::-1].swapcase() if rng.random() < 0.6 else half)


def _sentence(rng: random.Random) -> str:
    return rng.choice([" ", "  "]).join(
        rng.choice(["the", "The", "cat", "IS", "up", "a"]) for _ in range(rng.randrange(7))
    )


def _matrix(rng: random.Random) -> list[list[int]]:
    columns = rng.randint(1, 4)
    return [[rng.randint(0, 9) for _ in range(columns)] for _ in range(rng.randrange(4))]


KINDS: Mapping[str, Callable[[random.Random], Any]] = {
    "numbers": _numbers,
    "rising": lambda rng: sorted(_numbers(rng)),
    "nested": _nested,
    "matrix": _matrix,
    "mirrored": _mirrored,
    "sentence": _sentence,
    "stutter": lambda rng: "".join(rng.choice("ab") * rng.randint(1, 4) for _ in range(rng.randrange(5))),
    "natural": lambda rng: rng.randrange(200),
    "whole": lambda rng: rng.randint(-5000, 5000),
    "small": lambda rng: rng.randrange(30),
    "few": lambda rng: rng.randint(1, 4),
    "shift": lambda rng: rng.randint(-9, 9),
    "year": lambda rng: rng.choice([rng.randint(1, 3999), 100 * rng.randint(1, 39)]),
}
"""Kind of an argument -> how one is drawn."""


@cache
def every() -> tuple[Exercise, ...]:
    """Read the shipped exercises."""
    content = tomllib.loads((paths.assets() / "data" / "exercises.toml").read_text(encoding="utf-8"))
    return tuple(
        Exercise(
            each["name"],
            each["head"],
            each["task"],
            tuple((call, ast.literal_eval(value)) for call, value in each["cases"]),
            tuple(each["ways"]),
            tuple(each["draw"]),
        )
        for each in content["exercise"]
    )


def named(name: str) -> Exercise:
    """Find an exercise, or raise UnknownName."""
    for exercise in every():
        if exercise.name == name:
            return exercise
    names = [exercise.name for exercise in every()]
    raise unknown_name(Words(f"the exercise {name!r}", f"习题 {name!r}"), name, names, Words("exercise", "习题"))


def code_in(answer: str) -> str:
    """Take the program out of an answer.

    What stands between the first pair of fences (```), else the whole.

    >>> code_in("Sure:\\n```python\\nx = 1\\n```\\nDone.")
    'x = 1\\n'
    """
    fenced = re.search(r"```(?:[Pp]ython|py)?[ \t]*\n(.*?)(?:```|\Z)", answer, re.DOTALL)
    return fenced[1] if fenced else answer


def judge(exercise: Exercise, source: str, limits: Limits | None = None, draws: int = DRAWS) -> Verdict:
    """Run a program, which never leaves a limited process.

    It is called and answers; what is expected stays here, so that it can only be right by computing it.
    """
    with Program(source, limits) as program:
        for call, expected in exercise.cases:
            if why := _difference(program, call, expected):
                return Verdict(False, False, why)
        calls = tuple(exercise.calls(draws))
        for call, expected in zip(calls, _truth(exercise.reference, calls), strict=True):
            if why := _difference(program, call, expected):
                return Verdict(True, False, why)
    return Verdict(True, True)


def judged(programs: Iterable[tuple[Exercise, str]], limits: Limits | None = None) -> list[Verdict]:
    """Judge several programs, two at a time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda pair: judge(pair[0], pair[1], limits), list(programs)))


@cache
def _truth(reference: str, calls: tuple[str, ...]) -> list[Any]:
    """Let the reference answer further calls."""
    with Program(reference) as program:
        return [program.call(call) for call in calls]


def _difference(program: Program, call: str, expected: Any) -> str:
    """Say how an answer differs, "" where it does not."""
    try:
        answer = program.call(call)
    except RuntimeError as error:
        return f"{call}: {error}"
    if answer == expected and type(answer) is type(expected):
        return ""
    return f"{call} = {_short(answer)}, not {_short(expected)}"


def _short(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def confusion(accepted: Sequence[bool], right: Sequence[bool]) -> dict[tuple[bool, bool], int]:
    """Count programs by (accepted, right), all four of them.

    >>> confusion([True, True, False], [True, False, False])[True, False]
    1
    """
    pairs = list(zip(accepted, right, strict=True))
    return {(a, r): pairs.count((a, r)) for a in (True, False) for r in (True, False)}
