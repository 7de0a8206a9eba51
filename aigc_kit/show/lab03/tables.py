"""What the front end changed, what each control does here, what was measured."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aigc_kit.show.page import Html, Shown, table
from aigc_kit.speech import measures as measured
from aigc_kit.speech.settings import LEVELS, RATIOS
from aigc_kit.types import Step, Take

if TYPE_CHECKING:
    from aigc_kit.speech.engines.base import Engine
    from aigc_kit.speech.frontend import Normalised, Syllable

NAMES_ZH: Mapping[str, str] = {
    "oral": "口语化 oral",
    "laugh": "笑声 laugh",
    "breaks": "停顿 break",
    "speed": "语速 speed",
    "pitch": "音高 pitch",
    "energy": "能量 energy",
    "intonation": "起伏 intonation",
}
WHOSE_ZH = {"model": "模型自带", "kit": "本工具的换算", "none": "没有"}


def changes(made: "Normalised") -> Html:
    """Before and after: every place that is said otherwise than it is written, and what nobody will hear."""
    rows = [(c.before, c.after or "（停顿）", c.why) for c in made.changes]
    rows += [(u.text, "（不读）", u.why) for u in made.unspoken]
    return table(rows, ("写的是", "读成", "为什么"), f"读出来的全文：{made.spoken}")


def controls(engine: "Engine") -> Html:
    """Each control with its range, and what it does on this engine, or why it does nothing."""
    rows = []
    for name, control in engine.has.items():
        low, high = {**LEVELS, **RATIOS}[name]
        rows.append((NAMES_ZH[name], f"{low:g}～{high:g}", WHOSE_ZH[control.whose], control.why_zh))
    return table(rows, ("控制", "取值", "谁的", "说明"), f"声音：{engine.card.name}")


def measures(takes: Mapping[str, Take]) -> Html:
    """Several sounds in numbers, all measured on the waves."""
    rows = []
    for name, take in takes.items():
        found = measured.report(take.data)
        rows.append(
            (
                name,
                f"{found.seconds:.2f}",
                f"{measured.real_time_factor(take):.2f}",
                f"{found.silence:.0%}",
                _or_dash(found.pitch, "{:.0f}"),
                _or_dash(found.pitch_range, "{:.1f}"),
                _or_dash(found.loudness, "{:.1f}"),
                f"{found.clipped:.1%}",
            )
        )
    head = ("", "时长（秒）", "实时率 RTF", "静音占比", "基频中位数（Hz）", "起伏（半音）", "响度（LUFS）", "削波")
    return table(rows, head, "全部实测；RTF = 合成用时 ÷ 声音时长，小于 1 就比说话快")


def readings(said: "list[Syllable]", dictionary: "list[Syllable]") -> Html:
    """Syllables as a dictionary has them, and as they are said."""
    rows = [
        (a.character, b.text, a.text, "变调" if a.text != b.text else "") for a, b in zip(said, dictionary, strict=True)
    ]
    return table(rows, ("字", "字典", "读", ""))


class Progress:
    """A bar that grows with the segments of a run; what stays is how many there were and how long they took.

    Give it to `speech.run` as `on_step`; `seconds` are the moments at which the segments were there.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._start = time.perf_counter()
        self._shown: Shown | None = None

    def __call__(self, step: Step) -> None:
        """A segment is there."""
        self.seconds.append(time.perf_counter() - self._start)
        done, total = step.index + 1, step.total
        words = f"第 {done}/{total} 段，{self.seconds[-1]:.1f} 秒"
        bar = f'<progress value="{done}" max="{total}" style="width:20em"></progress> {words}'
        if self._shown is None:
            self._shown = Shown(Html(bar, words))
        else:
            self._shown.replace(Html(bar, words))


def _or_dash(value: float | None, form: str) -> Any:
    return "—" if value is None else form.format(value)
