"""The pictures of the README and of the labs' first cells, made by the kit itself: `make readme-media`."""

import sys
from pathlib import Path
from typing import Any

from aigc_kit import load, speech, text
from aigc_kit.show.fonts import glyphs, label
from aigc_kit.show.lab01 import SHOWN
from aigc_kit.show.lab03 import sounds
from aigc_kit.show.plots import TEMPERATURE_COLOURS, Picture, canvas

PROMPT = "The future of artificial intelligence will"
HEATS = (0.2, 0.7, 1.2)
SEED = 5


def temperature() -> Picture:
    """One prompt, three temperatures: the real candidates of the next token, and what the model then wrote."""
    plan = text.plan_for(PROMPT, card="smollm2-135m", engine="transformers")
    engine = load.engine(plan)
    candidates = engine.open(engine.encode(PROMPT)).candidates()
    figure, axes = canvas(1, len(HEATS), width=10.5, height=4.6)
    order = (-candidates.scores).argsort(kind="stable")[:SHOWN]
    names = [glyphs(engine.token_text(int(candidates.ids[i]))) for i in order]
    for axis, heat, colour in zip(axes, HEATS, TEMPERATURE_COLOURS, strict=False):
        shares = text.softmax(candidates.scores, heat)[order]
        axis.barh(range(SHOWN)[::-1], shares, color=colour)
        axis.set_yticks(range(SHOWN)[::-1], names, fontsize=9)
        axis.set_xlim(0, 1.05)
        axis.xaxis.set_major_formatter("{x:.0%}")
        axis.set_title(f"T = {heat:g}", fontsize=15, color=colour, fontweight="bold")
        axis.set_xlabel("\n" + _wrapped(_written(heat)), fontsize=8.5, loc="left")
    by = "smollm2-135m（tiny，英文小模型），同一句开头“{}”，同一个种子；由本工具包实际生成"
    figure.supxlabel(
        label(by.format(PROMPT), f"smollm2-135m (tiny), same prompt, same seed: {PROMPT}"), fontsize=9, color="#555b66"
    )
    return Picture(figure, "同一句开头在三个温度下的下一个词元概率，以及模型写出的文字")


def _written(heat: float) -> str:
    plan = text.plan_for(
        PROMPT, card="smollm2-135m", engine="transformers", temperature=heat, seed=SEED, max_new_tokens=44
    )
    return PROMPT + text.run(plan.request, plan).data


def _wrapped(words: str, width: int = 42, lines: int = 7) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(" ".join(words.split()), width, max_lines=lines, placeholder=" …"))


def speech_controls() -> Picture:
    """One sentence of the speech lab as it is, with pauses, and faster: the embedded voice, as it was made."""
    takes = []
    settings: tuple[dict[str, Any], ...] = ({}, {"breaks": 7}, {"speed": 8})
    for values in settings:
        plan = speech.plan_for("今天的天气真不错", card="baker", **values)
        takes.append(speech.run(plan.request, plan))
    return sounds(takes, ["原样", "[break_7]", "[speed_8]"])


def main(folder: Path) -> None:
    """Write all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (("temperature", temperature()), ("speech", speech_controls())):
        partial = folder / f".{name}.partial"
        partial.write_bytes(picture.png(dpi=100))
        partial.replace(folder / f"{name}.png")
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "assets/readme"))
