"""Sound in a notebook: small MP3s for listening (the saved WAV is the original), alone, in rows, and A against B."""

import base64
import subprocess
from collections.abc import Sequence
from functools import cache
from html import escape
from uuid import uuid4

import numpy as np

from aigc_kit.show.page import TIER_ZH, Html
from aigc_kit.speech import measures, wav
from aigc_kit.speech.engines.base import RATE
from aigc_kit.types import Take

BITRATE = "24k"
_CARD = "border:1px solid #8885;border-radius:8px;padding:.6em 1em;margin:.3em 0;max-width:30em;flex:1 1 22em"
_GREY = "color:#8a8f98;font-size:.88em"


def player(take: Take, title: str = "") -> Html:
    """One sound: title, player, length and loudness, who made it."""
    return players([take], [title])


def players(takes: Sequence[Take], titles: Sequence[str] = ()) -> Html:
    """Several sounds, each with its own player."""
    blocks, lines = [], []
    for index, take in enumerate(takes):
        title = titles[index] if index < len(titles) else ""
        html, text = _one(take, title)
        blocks.append(html)
        lines.append(text)
    return Html(f'<div style="display:flex;gap:1em;flex-wrap:wrap">{"".join(blocks)}</div>', "\n".join(lines))


def ab(a: Take, b: Take, titles: tuple[str, str] = ("A", "B")) -> Html:
    """Two sounds and a button that changes over between them at the same share of their length.

    The button needs a page that runs scripts (a trusted notebook); the two players work without.
    """
    name = f"ab{uuid4().hex[:8]}"
    blocks = "".join(
        _one(take, title, f'id="{name}{i}"')[0] for i, (take, title) in enumerate(zip((a, b), titles, strict=True))
    )
    swap = (
        f"var p=document.getElementById('{name}0'),q=document.getElementById('{name}1');"
        "if(p.paused&&!q.paused){var t=p;p=q;q=t}"
        "var s=p.duration?p.currentTime/p.duration:0;p.pause();if(s>=1)s=0;q.currentTime=s*q.duration;q.play()"
    )
    button = f'<button style="align-self:center;padding:.4em 1em" onclick="{escape(swap)}">A ⇄ B 切换</button>'
    words = "\n".join(_one(take, title)[1] for take, title in zip((a, b), titles, strict=True))
    return Html(f'<div style="display:flex;gap:1em;flex-wrap:wrap">{blocks}{button}</div>', words)


def compressed(wave: np.ndarray) -> tuple[str, bytes]:
    """(MIME type, bytes) of a sound for a page: MP3 of 24 kbit/s; WAV where ffmpeg cannot be run.

    Args:
        wave: float32 (N,) in [-1, 1] at 24000 Hz.
    """
    data = wav.to_bytes(wave)
    program = _ffmpeg()
    if program is None:
        return "audio/wav", data
    command = [program, "-v", "error", "-f", "wav", "-i", "-", "-b:a", BITRATE, "-map_metadata", "-1", "-f", "mp3", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    return ("audio/mpeg", done.stdout) if done.returncode == 0 and done.stdout else ("audio/wav", data)


@cache
def _ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError, OSError):
        return None


def _one(take: Take, title: str, attributes: str = "") -> tuple[str, str]:
    kind, data = compressed(take.data)
    source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    loud = measures.loudness(take.data)
    figures = f"{len(take.data) / RATE:.2f} 秒" + (f"，{loud:.1f} LUFS" if loud is not None else "") + "（实测）"
    labels = take.labels
    by = f"AI 生成 · {labels.get('voice') or labels.get('model')} · {TIER_ZH[take.plan.card.tier]}"
    html = (
        f'<div style="{_CARD}"><b>{escape(title)}</b>'
        f'<audio {attributes} controls preload="metadata" style="width:100%" src="{source}"></audio>'
        f'<div style="{_GREY}">{escape(figures)}<br>{escape(by)}</div></div>'
    )
    return html, f"♪ {title} [{figures}; {by}]"
