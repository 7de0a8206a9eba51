"""Show players, tables and sliders of the speech lab."""

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
from aigc_kit.teach.show.embed import beside, uri
from aigc_kit.teach.show.markup import GREY, Html, Place, table
from aigc_kit.teach.show.page import TIER_ZH, progress, titled
from aigc_kit.teach.show.plots import follow

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
    """Show each control: its range, its effect on an engine.

    Rows: {"name", "low", "high", "control"}.
    """
    lines, rows, ranges = [], [], {**LEVELS, **RATIOS}
    for name, control in engine.has.items():
        low, high = ranges[name]
        lines.append((NAMES_ZH[name], f"{low:g}～{high:g}", WHOSE_ZH[control.whose], control.why_zh))
        rows.append({"name": name, "low": low, "high": high, "control": control})
    return table(lines, ("控制", "取值", "谁的", "说明"), f"声音：{engine.card.name}", rows)


def measures(takes: Mapping[str, Take]) -> Html:
    """Show several sounds in numbers. Rows: `make.speech.measures.Sound`."""
    rows = measured.reports(takes)
    forms = {"seconds": ".2f", "real_time_factor": ".2f", "silence": ".0%", "pitch": ".0f"}
    forms |= {"pitch_range": ".1f", "loudness": ".1f", "clipped": ".1%"}
    lines = [(row.name, *(_or_dash(getattr(row, name), form) for name, form in forms.items())) for row in rows]
    head = ("", "时长（秒）", "实时率 RTF", "静音占比", "基频中位数（Hz）", "起伏（半音）", "响度（LUFS）", "削波")
    return table(lines, head, "全部实测；RTF = 合成用时 ÷ 声音时长，小于 1 就比说话快", rows)


def readings(said: "list[Syllable]", dictionary: "list[Syllable]") -> Html:
    """Show syllables as in a dictionary, and as said.

    Rows: {"character", "dictionary", "said"}.
    """
    pairs = zip(said, dictionary, strict=True)
    rows = [{"character": voice.character, "dictionary": entry.text, "said": voice.text} for voice, entry in pairs]
    lines = [(*row.values(), "变调" if row["said"] != row["dictionary"] else "") for row in rows]
    return table(lines, ("字", "字典", "读", ""), rows=rows)


class Progress:
    """Show a bar that grows with a run's segments.

    What stays is how many there were and how long they took. Give it to `speech.run` as `on_step`; `seconds` are the
    moments at which the segments were there.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._start = time.perf_counter()
        self._place = Place()

    def __call__(self, step: Step) -> None:
        """Note the time of a segment, and show it."""
        self.seconds.append(time.perf_counter() - self._start)
        self._place.put(progress(step, f"第 {step.index + 1}/{step.total} 段，{self.seconds[-1]:.1f} 秒"))


def _or_dash(value: float | None, form: str) -> str:
    return "—" if value is None else format(value, form)


def player(take: Take, title: str = "") -> Html:
    """Play one sound, as `players` does."""
    return players([take], [title])


def players(takes: Sequence[Take], titles: Sequence[str] = ()) -> Html:
    """Play several sounds, each with title, length, loudness and maker.

    Rows: {"title", "seconds", "loudness" (LUFS or None)}.
    """
    return beside([_player(take, title) for take, title in titled(takes, titles)])


def ab(a: Take, b: Take, titles: tuple[str, str] = ("A", "B")) -> Html:
    """Play two sounds, with a button that changes over.

    It does so at the same share of their length. Rows: as in `players`. The button needs a page that runs scripts (a
    trusted notebook); the two players work without.
    """
    name = f"ab{uuid4().hex[:8]}"
    players = [_player(take, title, f'id="{name}{i}"') for i, (take, title) in enumerate(titled((a, b), titles))]
    swap = (
        f"var p=document.getElementById('{name}0'),q=document.getElementById('{name}1');"
        "if(p.paused&&!q.paused){var t=p;p=q;q=t}"
        "var s=p.duration?p.currentTime/p.duration:0;p.pause();if(s>=1)s=0;q.currentTime=s*q.duration;q.play()"
    )
    button = f'<button style="align-self:center;padding:.4em 1em" onclick="{escape(swap)}">A ⇄ B 切换</button>'
    return beside(players, more=button)


def compressed(wave: np.ndarray) -> tuple[str, bytes]:
    """Encode a sound for a page as (MIME type, bytes).

    MP3 of 24 kbit/s; WAV where ffmpeg cannot be run. `wave`: float32 (N,) in [-1, 1] at 24000 Hz.
    """
    data = wav.to_bytes(wave)
    words = ["-v", "error", "-f", "wav", "-i", "-", "-b:a", BITRATE, "-map_metadata", "-1", "-f", "mp3", "-"]
    try:
        process = ffmpeg.run(words, data)
    except (MissingExtra, OSError):
        return "audio/wav", data
    return ("audio/mpeg", process.stdout) if process.returncode == 0 and process.stdout else ("audio/wav", data)


def _player(take: Take, title: str, attributes: str = "") -> Html:
    loud = measured.loudness(take.data)
    seconds = len(take.data) / RATE
    figures = f"{seconds:.2f} 秒" + (f"，{loud:.1f} LUFS" if loud is not None else "") + "（实测）"
    labels = take.labels
    by = f"AI 生成 · {labels.get('voice') or labels.get('model')} · {TIER_ZH[take.plan.card.tier]}"
    source = uri(*compressed(take.data))
    html = (
        f'<div style="{_CARD}"><b>{escape(title)}</b>'
        f'<audio {attributes} controls preload="metadata" style="width:100%" src="{source}"></audio>'
        f'<div style="{GREY}">{escape(figures)}<br>{escape(by)}</div></div>'
    )
    return Html(html, f"♪ {title} [{figures}; {by}]", [{"title": title, "seconds": seconds, "loudness": loud}])


def play(engine: "Engine", text: str) -> None:
    """Show sliders for the controls, their sound and its picture.

    A control that the voice does not have is disabled, and says why.
    """
    import ipywidgets as widgets

    from aigc_kit.make import speech

    ranges = {**LEVELS, **RATIOS, **dict(engine.card.facts.ranges)}
    sliders = {name: _slider(name, ranges[name], engine) for name in SHOWN}
    voices = widgets.Dropdown(options=engine.voices or ("default",), description="声音", layout={"width": "30em"})
    style = "color:#8a8f98;font-size:.9em"
    why = {name: widgets.HTML(f'<span style="{style}">{engine.has[name].why_zh}</span>') for name in SHOWN}
    rows = [widgets.HBox([slider, why[name]]) for name, slider in sliders.items()]
    takes: list[Take] = []

    def say() -> Html:
        values: dict[str, Any] = {name: s.value for name, s in sliders.items() if not s.disabled}
        plan = speech.plan_for(text, card=engine.card.name, voice=voices.value if engine.voices else None, **values)
        takes[:] = [speech.run(plan, using=engine)]
        return player(takes[0], text)

    box = widgets.VBox([voices, *rows] if engine.voices else rows)
    follow((voices, *sliders.values()), say, lambda: sound(takes[0]), box=box)


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
