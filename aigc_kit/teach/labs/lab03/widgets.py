"""A slider for every control of the course; one that this voice does not have is disabled, and says why."""

import base64
import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from aigc_kit.core.errors import MissingExtra
from aigc_kit.core.types import Step, Take
from aigc_kit.make.speech import measures as measured
from aigc_kit.make.speech.settings import LEVELS, NORMAL_SPEED, RATIOS
from aigc_kit.media import wav
from aigc_kit.media.encode import ffmpeg
from aigc_kit.media.wav import RATE
from aigc_kit.teach.labs.lab03.figures import sound
from aigc_kit.teach.show.page import TIER_ZH, Html, Shown, table
from aigc_kit.teach.show.plots import Live, Picture

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
BITRATE = "24k"
_CARD = "border:1px solid #8885;border-radius:8px;padding:.6em 1em;margin:.3em 0;max-width:30em;flex:1 1 22em"
_GREY = "color:#8a8f98;font-size:.88em"
SHOWN = ("oral", "laugh", "breaks", "speed", "pitch", "intonation")


if TYPE_CHECKING:
    from aigc_kit.make.speech.engines.base import Engine
    from aigc_kit.make.speech.frontend import Normalised, Syllable


def changes(made: "Normalised") -> Html:
    """Show what is said otherwise than it is written.

    And what nobody will hear. Rows: the changes, then what is unspoken.
    """
    lines = [(c.before, c.after or "（停顿）", c.why) for c in made.changes]
    lines += [(u.text, "（不读）", u.why) for u in made.unspoken]
    rows = (*made.changes, *made.unspoken)
    return table(lines, ("写的是", "读成", "为什么"), f"读出来的全文：{made.spoken}", rows)


def controls(engine: "Engine") -> Html:
    """Show each control with its range and its effect on an engine.

    Rows: {"name", "low", "high", "control"}.
    """
    lines, rows = [], []
    for name, control in engine.has.items():
        low, high = {**LEVELS, **RATIOS}[name]
        lines.append((NAMES_ZH[name], f"{low:g}～{high:g}", WHOSE_ZH[control.whose], control.why_zh))
        rows.append({"name": name, "low": low, "high": high, "control": control})
    return table(lines, ("控制", "取值", "谁的", "说明"), f"声音：{engine.card.name}", rows)


def measures(takes: Mapping[str, Take]) -> Html:
    """Show several sounds in numbers. Rows: `make.speech.measures.Sound`."""
    rows = measured.reports(takes)
    lines = [
        (
            row.name,
            f"{row.seconds:.2f}",
            f"{row.real_time_factor:.2f}",
            f"{row.silence:.0%}",
            _or_dash(row.pitch, "{:.0f}"),
            _or_dash(row.pitch_range, "{:.1f}"),
            _or_dash(row.loudness, "{:.1f}"),
            f"{row.clipped:.1%}",
        )
        for row in rows
    ]
    head = ("", "时长（秒）", "实时率 RTF", "静音占比", "基频中位数（Hz）", "起伏（半音）", "响度（LUFS）", "削波")
    return table(lines, head, "全部实测；RTF = 合成用时 ÷ 声音时长，小于 1 就比说话快", rows)


def readings(said: "list[Syllable]", dictionary: "list[Syllable]") -> Html:
    """Show syllables as a dictionary has them, and as they are said.

    Rows: {"character", "dictionary", "said"}.
    """
    rows = [
        {"character": spoken.character, "dictionary": listed.text, "said": spoken.text}
        for spoken, listed in zip(said, dictionary, strict=True)
    ]
    lines = [(*row.values(), "变调" if row["said"] != row["dictionary"] else "") for row in rows]
    return table(lines, ("字", "字典", "读", ""), rows=rows)


class Progress:
    """Show a bar that grows with the segments of a run.

    What stays is how many there were and how long they took. Give it to `speech.run` as `on_step`; `seconds` are the
    moments at which the segments were there.
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


def player(take: Take, title: str = "") -> Html:
    """Play one sound; arguments and rows as in `players`."""
    return players([take], [title])


def players(takes: Sequence[Take], titles: Sequence[str] = ()) -> Html:
    """Play several sounds, each with title, length, loudness and maker.

    Rows: {"title", "seconds", "loudness" (LUFS or None)}.
    """
    named = [(take, titles[index] if index < len(titles) else "") for index, take in enumerate(takes)]
    shown = [_one(take, title) for take, title in named]
    blocks = "".join(one.html for one in shown)
    rows = [row for one in shown for row in one.rows]
    text = "\n".join(one.text for one in shown)
    return Html(f'<div style="display:flex;gap:1em;flex-wrap:wrap">{blocks}</div>', text, rows)


def ab(a: Take, b: Take, titles: tuple[str, str] = ("A", "B")) -> Html:
    """Play two sounds, with a button that changes over between them.

    It does so at the same share of their length. Rows: as in `players`. The button needs a page that runs scripts (a
    trusted notebook); the two players work without.
    """
    name = f"ab{uuid4().hex[:8]}"
    shown = [_one(take, title, f'id="{name}{i}"') for i, (take, title) in enumerate(zip((a, b), titles, strict=True))]
    blocks = "".join(one.html for one in shown)
    swap = (
        f"var p=document.getElementById('{name}0'),q=document.getElementById('{name}1');"
        "if(p.paused&&!q.paused){var t=p;p=q;q=t}"
        "var s=p.duration?p.currentTime/p.duration:0;p.pause();if(s>=1)s=0;q.currentTime=s*q.duration;q.play()"
    )
    button = f'<button style="align-self:center;padding:.4em 1em" onclick="{escape(swap)}">A ⇄ B 切换</button>'
    words, rows = "\n".join(one.text for one in shown), [row for one in shown for row in one.rows]
    return Html(f'<div style="display:flex;gap:1em;flex-wrap:wrap">{blocks}{button}</div>', words, rows)


def compressed(wave: np.ndarray) -> tuple[str, bytes]:
    """(MIME type, bytes) of a sound for a page: MP3 of 24 kbit/s; WAV where ffmpeg cannot be run.

    Args:
        wave: float32 (N,) in [-1, 1] at 24000 Hz.
    """
    data = wav.to_bytes(wave)
    words = ["-v", "error", "-f", "wav", "-i", "-", "-b:a", BITRATE, "-map_metadata", "-1", "-f", "mp3", "-"]
    try:
        process = ffmpeg.run(words, data)
    except (MissingExtra, OSError):
        return "audio/wav", data
    return ("audio/mpeg", process.stdout) if process.returncode == 0 and process.stdout else ("audio/wav", data)


def _one(take: Take, title: str, attributes: str = "") -> Html:
    kind, data = compressed(take.data)
    source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    loud = measured.loudness(take.data)
    seconds = len(take.data) / RATE
    figures = f"{seconds:.2f} 秒" + (f"，{loud:.1f} LUFS" if loud is not None else "") + "（实测）"
    labels = take.labels
    by = f"AI 生成 · {labels.get('voice') or labels.get('model')} · {TIER_ZH[take.plan.card.tier]}"
    html = (
        f'<div style="{_CARD}"><b>{escape(title)}</b>'
        f'<audio {attributes} controls preload="metadata" style="width:100%" src="{source}"></audio>'
        f'<div style="{_GREY}">{escape(figures)}<br>{escape(by)}</div></div>'
    )
    row = {"title": title, "seconds": seconds, "loudness": loud}
    return Html(html, f"♪ {title} [{figures}; {by}]", [row])


def play(engine: "Engine", text: str) -> None:
    """Show sliders for the controls, their sound and its picture.

    Args:
        engine: a loaded voice.
        text: what is said.
    """
    import ipywidgets as widgets
    from IPython.display import display

    from aigc_kit.make import speech

    ranges = {**LEVELS, **RATIOS, **dict(engine.card.facts.ranges)}
    sliders = {name: _slider(name, ranges[name], engine) for name in SHOWN}
    voices = widgets.Dropdown(options=engine.voices or ("default",), description="声音", layout={"width": "30em"})
    rows = [widgets.HBox([slider, _reason(engine, name)]) for name, slider in sliders.items()]
    display(widgets.VBox([voices, *rows] if engine.voices else rows))

    def say() -> "Take":
        values: dict[str, Any] = {name: s.value for name, s in sliders.items() if not s.disabled}
        plan = speech.plan_for(text, card=engine.card.name, voice=voices.value if engine.voices else None, **values)
        return speech.run(plan, using=engine)

    take = say()
    heard = Shown(player(take, text))

    def draw() -> Picture:
        return sound(take)

    live = Live(draw)

    def again(change: Any) -> None:
        nonlocal take
        take = say()
        heard.replace(player(take, text))
        live.redraw()

    for control in (voices, *sliders.values()):
        control.observe(again, names="value")


def _slider(name: str, limits: tuple[float, float], engine: "Engine") -> Any:
    import ipywidgets as widgets

    common = {
        "description": NAMES_ZH[name],
        "continuous_update": False,
        "disabled": engine.has[name].whose == "none",
        "style": {"description_width": "8em"},
        "layout": {"width": "24em"},
    }
    low, high = limits
    if name in LEVELS:
        return widgets.IntSlider(NORMAL_SPEED if name == "speed" else 0, min=low, max=high, **common)
    return widgets.FloatSlider(1.0, min=low, max=high, step=0.05, **common)


def _reason(engine: "Engine", name: str) -> Any:
    import ipywidgets as widgets

    return widgets.HTML(f'<span style="color:#8a8f98;font-size:.9em">{engine.has[name].why_zh}</span>')
