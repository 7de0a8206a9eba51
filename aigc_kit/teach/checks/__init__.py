"""Run the learners' auto-checks.

A check is a function that takes the learner's answer(s) and returns True, or a Chinese hint that helps without giving
the answer away. The folder of a lab, `aigc_kit/teach/labs/labNN/`, holds the checks of its notebook in `checks.py`:

    from aigc_kit.teach.checks import check

    @check("01", "a", title="概率之和为 1", expects="一维数组，长度是词表大小")
    def a(probs):
        total = float(np.sum(probs))
        return abs(total - 1) < 1e-5 or f"你的概率加起来是 {total:.3f}。softmax 的分母是什么？"

The decorated name is a `Check`. In the notebook it is called with the answer, and shows its `Result`; all checks of a
notebook can also be run together:

    from aigc_kit.teach import lab01
    from aigc_kit.teach.checks import run_checks

    lab01.checks.a(my_probs)                          # one exercise
    run_checks("01", {"a": my_probs, "b": (x, y)})    # several; a tuple is spread over the check's parameters

An answer left as `...` counts as not yet tried. A check must end with True or with a hint; any other value is a mistake
in the check and raises, so no check passes because somebody forgot a `return`. An exception inside a check (usually a
wrong type) becomes a hint, with its class, message and line in `Result.detail` and the exception itself in
`Result.error`, so that a mistake of ours is not swallowed.

Progress and the last answers are kept on this machine only, in `$AIGC_HOME/progress.json` and `$AIGC_HOME/answers/`,
until `aigc submit` packs them; AIGC_PROGRESS=0 turns that off (headless runs do).
"""

import json
import os
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import AigcError, BadInput, UnknownName
from aigc_kit.core.paths import home, write_atomically
from aigc_kit.teach.checks.answers import keep

State = Literal["passed", "failed", "todo"]
_FACE = {"passed": ("✓", "通过", "#2e9e5b"), "failed": ("✗", "再想想", "#d9822b"), "todo": ("○", "还没做", "#8a8f98")}
_REGISTRY: dict[str, dict[str, "Check"]] = {}


def progress_file() -> Path:
    """Name the file of progress, which may not exist."""
    return home() / "progress.json"


def progress() -> dict[str, dict[str, dict[str, Any]]]:
    """Read what was passed: lab -> check -> entry.

    An entry: {"passed": bool, "tries": int, "first_passed": UTC time or None}.
    """
    return _read()[0]


def reset_progress() -> None:
    """Forget all progress."""
    progress_file().unlink(missing_ok=True)


def add(lab: str, name: str, passed: bool) -> str:
    """Count one try.

    Returns "" or a note in Chinese for the learner: a check never fails because of this file.
    """
    try:
        labs, note = _read()
        entry = labs.setdefault(lab, {}).setdefault(name, {"passed": False, "tries": 0, "first_passed": None})
        entry["tries"] += 1
        if passed and not entry["passed"]:
            entry.update(passed=True, first_passed=datetime.now(UTC).isoformat(timespec="seconds"))
        write_atomically(progress_file(), json.dumps(labs, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        return f"进度没有保存（{type(error).__name__}），不影响检查结果。"
    return note


def _read() -> tuple[dict[str, dict[str, dict[str, Any]]], str]:
    path = progress_file()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if _sound(content):
            return content, ""
    except FileNotFoundError:
        return {}, ""
    except ValueError:  # not JSON, not UTF-8
        pass
    copy = path.with_name("progress.damaged.json")
    with suppress(OSError):  # a folder that cannot be written
        path.replace(copy)
    return {}, f"原来的进度文件读不懂，已改名为 {copy.name}，从头记录。"


def _sound(labs: Any) -> bool:
    if not isinstance(labs, dict) or not all(isinstance(lab, dict) for lab in labs.values()):
        return False
    entries = (entry for lab in labs.values() for entry in lab.values())
    return all(isinstance(e, dict) and isinstance(e.get("tries"), int) and "passed" in e for e in entries)


@dataclass(frozen=True)
class Result:
    """Hold what a check says of one answer.

    `state` is "passed", "failed" or "todo" (not tried yet); `hint`, in Chinese, is empty when passed. An exception
    inside the check is `error`, its class, message and line are `detail`. `note` tells of a progress file that could
    not be read or written.
    """

    lab: str
    name: str
    title: str
    state: State
    hint: str = ""
    detail: str = ""
    error: BaseException | None = None
    note: str = ""

    @property
    def passed(self) -> bool:
        """Tell whether the answer is right."""
        return self.state == "passed"

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        mark, word, _ = _FACE[self.state]
        head = f"{mark} 练习 {self.name} {word}：{self.title}"
        extra = (f"提示：{self.hint}" if self.hint else "", f"细节：{self.detail}" if self.detail else "", self.note)
        return "\n".join([head, *(f"  {line}" for line in extra if line)])

    def _repr_html_(self) -> str:
        mark, word, colour = _FACE[self.state]
        lines = [f'<b style="color:{colour}">{mark} 练习 {escape(self.name)} {word}</b>：{escape(self.title)}']
        if self.hint:
            lines.append(f"提示：{escape(self.hint)}")
        if self.detail:
            lines.append(f"<details><summary>细节</summary><code>{escape(self.detail)}</code></details>")
        if self.note:
            lines.append(f"<small>{escape(self.note)}</small>")
        box = f"border-left:4px solid {colour};padding:.4em .8em;margin:.3em 0;line-height:1.7"
        return f'<div style="{box}">' + "".join(f"<div>{line}</div>" for line in lines) + "</div>"


@dataclass(frozen=True)
class Report:
    """Hold results of a lab's checks, in order."""

    lab: str
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Tell whether every answer is right."""
        return all(self.results)

    @property
    def headline(self) -> str:
        """Say how many of how many, in Chinese."""
        return f"第 {self.lab} 课练习：通过 {sum(map(bool, self.results))} / {len(self.results)}"

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return "\n".join([self.headline, *map(repr, self.results)])

    def _repr_html_(self) -> str:
        return f"<div><b>{escape(self.headline)}</b>" + "".join(r._repr_html_() for r in self.results) + "</div>"


class Check:
    """Call this with the answer(s) to get a `Result`."""

    def __init__(self, function: Callable[..., bool | str], lab: str, name: str, title: str, expects: str) -> None:
        self.function, self.lab, self.name, self.title, self.expects = function, lab, name, title, expects
        self.__doc__ = function.__doc__

    def __repr__(self) -> str:
        return f"练习 {self.name}：{self.title}" + (f"（需要：{self.expects}）" if self.expects else "")

    def __call__(self, *answers: Any, **named: Any) -> Result:
        """Judge the answer(s) and note the progress.

        Raises:
            TypeError: the check itself is wrong: it returned neither True nor a hint.
        """
        result = self.judge(*answers, **named)
        if result.state == "todo" or os.environ.get("AIGC_PROGRESS") == "0":
            return result
        note = add(self.lab, self.name, result.passed)
        with suppress(OSError):  # a folder that cannot be written: the note says so
            keep(self.lab, self.name, answers, named, result.passed)
        return Result(**{**vars(result), "note": note}) if note else result

    def judge(self, *answers: Any, **named: Any) -> Result:
        """Judge as a call does, and write nothing down."""
        values = (*answers, *named.values())
        if not values or any(value is Ellipsis for value in values):
            need = f"答案应为：{self.expects}。" if self.expects else ""
            return Result(self.lab, self.name, self.title, "todo", hint=f"把 ... 换成你的答案，再运行一次。{need}")
        try:
            outcome = self.function(*answers, **named)
        except Exception as error:
            return self._stopped(error, values)
        if type(outcome).__name__ in {"bool", "bool_"} and outcome:  # numpy's True is not True
            return Result(self.lab, self.name, self.title, "passed")
        if isinstance(outcome, str) and outcome.strip():
            return Result(self.lab, self.name, self.title, "failed", hint=outcome)
        raise TypeError(f"check {self.lab}/{self.name} returned {outcome!r}; it must return True or a hint")

    def _stopped(self, error: Exception, values: tuple[Any, ...]) -> Result:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = "；".join(error.in_chinese()) if isinstance(error, AigcError) else error
        file, words = Path(where.filename).name, f"{type(error).__name__}: {said}"
        need = f"这一题需要{self.expects}。" if self.expects else "先看看答案的类型和形状对不对。"
        hint = f"收到的是 {'、'.join(map(_describe, values))}，检查进行不下去。{need}"
        if any(map(callable, values)) and file != "checks.py":
            hint = f"你的函数运行时出错：{words}。先单独调用它试一试。{need}"
        detail = f"{words} ({file}:{where.lineno})"
        return Result(self.lab, self.name, self.title, "failed", hint=hint, detail=detail, error=error)


def check(lab: str, name: str, *, title: str, expects: str = "") -> Callable[[Callable[..., bool | str]], Check]:
    """Register a function as the check `name` of a lab.

    Args:
        lab, name: "01" .. "14"; short, as it stands in the notebook's heading: "a", "b", ...
        title: in Chinese, what is checked.
        expects: in Chinese, the answer's type and shape; said when there is no answer or one of a wrong type.

    Raises:
        BadInput: another function is registered under that name.
    """

    def register(function: Callable[..., bool | str]) -> Check:
        checks = _REGISTRY.setdefault(lab, {})
        old = checks[name].function if name in checks else function
        if (old.__module__, old.__qualname__) != (function.__module__, function.__qualname__):
            task = Words(
                f"a check {lab}/{name} for {function.__qualname__}", f"为 {function.__qualname__} 登记检查 {lab}/{name}"
            )
            fault = Words(
                f"{old.__qualname__} of {old.__module__} has that name",
                f"{old.__module__} 的 {old.__qualname__} 已经用了这个名字",
            )
            raise BadInput(asked=task, found=fault, todo=Words("choose another name", "换一个名字"))
        checks[name] = Check(function, lab, name, title, expects)
        return checks[name]

    return register


def checks_of(lab: str) -> tuple[Check, ...]:
    """List a lab's checks in order, importing them if needed.

    Raises:
        UnknownName: the lab has none.
    """
    if lab not in _REGISTRY:
        folder = f"aigc_kit.teach.labs.lab{lab}"
        try:
            import_module(f"{folder}.checks")
        except ModuleNotFoundError as error:
            if error.name not in (folder, f"{folder}.checks"):
                raise
    if not _REGISTRY.get(lab):
        raise UnknownName(
            asked=Words(f"checks of lab {lab!r}", f"实验 {lab!r} 的检查"),
            found=Words("none", "没有"),
            todo=Words("give a number such as '01'", "写实验的编号，例如 '01'"),
        )
    return tuple(_REGISTRY[lab].values())


def run_checks(lab: str, answers: Mapping[str, Any]) -> Report:
    """Judge several answers, and list untried exercises.

    Args:
        lab: "01" .. "14".
        answers: check name -> answer, a tuple being spread over the check's parameters.

    Raises:
        UnknownName: an answer to a check that does not exist.
    """
    checks = {check.name: check for check in checks_of(lab)}
    strangers = sorted(set(answers) - set(checks))
    if strangers:
        task, fault = (
            Words(f"checks {', '.join(strangers)} of lab {lab}", f"实验 {lab} 的检查 {'、'.join(strangers)}"),
            Words(f"its checks are {', '.join(checks)}", f"它的检查有 {'、'.join(checks)}"),
        )
        raise UnknownName(asked=task, found=fault, todo=Words("use those names", "用这些名字"))
    values = ((check, answers.get(name, ...)) for name, check in checks.items())
    return Report(lab, tuple(check(*(value if isinstance(value, tuple) else (value,))) for check, value in values))


def _describe(value: Any) -> str:
    shape, kind = getattr(value, "shape", None), type(value).__name__
    if isinstance(shape, tuple):
        return f"{kind}，形状 {tuple(shape)}"
    return f"{kind}，长度 {len(value)}" if hasattr(value, "__len__") else kind
