"""Read, check and print ChatTTS's control tokens by layer.

    refine prompt   [oral_0-9] [laugh_0-2] [break_0-7]   how the model rewrites the text before it speaks
    code prompt     [speed_0-9]                          how the sound is made
    text            [uv_break] [laugh] [lbreak]          what happens at this place

ChatTTS validates none of them: a token in the wrong place is read as part of the text, and an unclosed bracket drops
the rest of it. Here every such case is an error that names the place.
Source: README and `core.py` of ChatTTS 0.2.5.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, NoReturn

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Words
from aigc_kit.core.types.atoms import check_text
from aigc_kit.make.speech.settings import LEVELS as RANGES

Layer = Literal["refine", "code", "text"]

_SETTING = {"oral": "oral", "laugh": "laugh", "break": "breaks", "speed": "speed"}  # `break` is a word of Python
LEVELS: Mapping[str, tuple[int, Layer]] = MappingProxyType(
    {token: (RANGES[name][1], "code" if token == "speed" else "refine") for token, name in _SETTING.items()}
)
"""name of a token -> its highest level (the lowest is 0), and its layer."""

INLINE = ("[uv_break]", "[laugh]", "[lbreak]")
"""The tokens that may stand in a text: a short pause, a laugh, a long pause."""

_TOKEN = re.compile(r"\[([A-Za-z]+)(?:_(-?[0-9]+))?\]")
_WHERE = {
    "refine": Words("it belongs in the prompt of the refining step", "它属于改写那一步的控制串"),
    "code": Words("it belongs in the prompt of the speaking step", "它属于朗读那一步的控制串"),
    "text": Words("it belongs in the text itself", "它属于正文"),
}


class Piece(NamedTuple):
    """Hold a token, `[name_level]` or `[name]`, or words between."""

    text: str
    start: int
    is_token: bool = True


def parse(prompt: str, layer: Literal["refine", "code"] | None = None) -> dict[str, int]:
    """Read the levels of a prompt that consists of tokens.

    Args:
        prompt: tokens such as "[oral_2][laugh_0][break_6]"; spaces may stand between them. Empty: no levels.
        layer: "refine" or "code" takes the tokens of that layer alone; None takes both.

    Returns:
        Name -> level, in the order of the prompt: "oral", "laugh", "breaks" (ChatTTS's `break`), "speed".

    Raises:
        BadInput: an unknown token, a level out of range, a token twice, at the wrong layer or unclosed, or words
            between tokens; the error names the place.

    >>> parse("[oral_2][laugh_0][break_6][speed_5]")
    {'oral': 2, 'laugh': 0, 'breaks': 6, 'speed': 5}
    """
    levels: dict[str, int] = {}
    for part in _parts(prompt):
        if part.is_token:
            name, level = _level(prompt, part, layer)
            if name in levels:
                _refuse(
                    prompt,
                    part.start,
                    part.text,
                    Words(f"{name!r} is set twice", f"{name!r} 设了两次"),
                    Words("keep one of the two", "只留一个"),
                )
            levels[name] = level
        elif part.text.strip():
            at = part.start + len(part.text) - len(part.text.lstrip())
            _refuse(
                prompt,
                at,
                part.text.strip()[:20],
                Words("words between control tokens", "控制词之间夹着别的文字"),
                Words("put words into the text", "文字要写到正文里"),
            )
    return levels


def show(levels: Mapping[str, int | None], layer: Literal["refine", "code"] | None = None) -> str:
    """Write the prompt of these levels, for `parse`.

    Args:
        levels: in the names of `Settings`: "oral", "laugh", "breaks", "speed"; None leaves one out.
        layer: print the tokens of one layer alone.

    Raises:
        BadInput: an unknown name, or a level out of range.

    >>> show({"speed": 5, "oral": 2, "breaks": 6}), show({"speed": 5, "oral": 2}, "code")
    ('[oral_2][break_6][speed_5]', '[speed_5]')
    """
    unknown = set(levels) - set(_SETTING.values())
    if unknown:
        request = ", ".join(sorted(map(repr, unknown)))
        todo = Words(f"choose from {', '.join(_SETTING.values())}", f"从 {'、'.join(_SETTING.values())} 里选")
        raise BadInput(
            asked=Words(f"a control prompt with {request}", f"带有 {request} 的控制串"),
            found=Words("no control of that name", "没有这个名字的控制项"),
            todo=todo,
        )
    tokens = []
    for name, (highest, of_layer) in LEVELS.items():
        level = levels.get(_SETTING[name])
        if level is None:
            continue
        if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= highest:
            why = Words(f"not a whole number from 0 to {highest}", f"不是 0 到 {highest} 的整数")
            todo = Words(f"choose a level from 0 to {highest}", f"从 0 到 {highest} 里选一级")
            own = Words(", or None for the model's own", "；None 表示由模型自己定")
            raise BadInput(asked=f"{_SETTING[name]}={level!r:.80}", found=why, todo=todo + own)
        if layer in (None, of_layer):
            tokens.append(f"[{name}_{level}]")
    return "".join(tokens)


def check_inline(text: str) -> None:
    """Refuse a text whose brackets are anything but inline tokens.

    Raises:
        BadInput: a token of another layer, an unknown or unclosed one; the error names the place.
    """
    pieces(text)


def pieces(text: str) -> list[tuple[str, bool]]:
    """Cut a text at its inline tokens.

    Returns:
        (piece, whether it is a token), in order; joined they are the text.

    Raises:
        BadInput: as `check_inline`.

    >>> pieces("好[laugh]，走吧")
    [('好', False), ('[laugh]', True), ('，走吧', False)]
    """
    cut: list[tuple[str, bool]] = []
    for part in _parts(text):
        if part.is_token and part.text not in INLINE:
            _refuse_in_text(text, part)
        cut.append((part.text, part.is_token))
    return cut


def without_tokens(text: str) -> str:
    """Take the inline tokens out of a text."""
    return "".join(piece for piece, is_token in pieces(text) if not is_token)


def _refuse_in_text(text: str, token: Piece) -> NoReturn:
    match = _TOKEN.fullmatch(token.text)
    if match and match[1] in LEVELS and match[2] is not None:
        setting, level = _level(text, token, None)  # out of range comes first
        meaning = _WHERE[LEVELS[match[1]][1]] + Words(", not in the text", "，不写在正文里")
        here = {
            "laugh": Words("; a laugh at this place is [laugh]", "；要在这里笑就写 [laugh]"),
            "breaks": Words("; a pause at this place is [uv_break]", "；要在这里停顿就写 [uv_break]"),
        }
        _refuse(
            text,
            token.start,
            token.text,
            meaning,
            Words(f"take it out and set {setting}={level}", f"把它去掉，改写设置 {setting}={level}")
            + here.get(setting, ""),
        )
    _refuse_unknown(text, token, INLINE)


def _level(prompt: str, token: Piece, layer: str | None) -> tuple[str, int]:
    if token.text in INLINE:
        _refuse(
            prompt,
            token.start,
            token.text,
            _WHERE["text"],
            Words("move it to the place in the text where it happens", "把它移到正文里发生的地方"),
        )
    match = _TOKEN.fullmatch(token.text)
    if not match or match[1] not in LEVELS:
        _refuse_unknown(prompt, token, tuple(f"[{n}_{k}]" for n, (top, _) in LEVELS.items() for k in range(top + 1)))
    name, digits = match[1], match[2]
    highest, of_layer = LEVELS[name]
    if digits not in map(str, range(highest + 1)):
        meaning = (
            Words("no level", "没有写级别")
            if digits is None
            else Words(f"levels of {name!r} go from 0 to {highest}", f"{name!r} 的级别是 0 到 {highest}")
        )
        _refuse(
            prompt,
            token.start,
            token.text,
            meaning,
            Words(f"write [{name}_0] to [{name}_{highest}]", f"写成 [{name}_0] 到 [{name}_{highest}]"),
        )
    if layer not in (None, of_layer):
        _refuse(
            prompt,
            token.start,
            token.text,
            _WHERE[of_layer],
            Words(f"move it there, or set {_SETTING[name]}={digits}", f"移到那里，或写设置 {_SETTING[name]}={digits}"),
        )
    return _SETTING[name], int(digits)


def _refuse_unknown(text: str, token: Piece, known: tuple[str, ...]) -> NoReturn:
    name = token.text.lower().replace(" ", "_").replace("-", "_")
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    names = ", ".join(known if len(known) < 5 else (f"[{n}_0-{top}]" for n, (top, _) in LEVELS.items()))
    why = Words(f"no token of that name (there are {names})", f"没有这个名字的控制词（有的是 {names}）") + (
        Words(f"; close: {close[0]}", f"；相近的有 {close[0]}") if close else ""
    )
    todo = (
        Words(f"write {close[0]}", f"写成 {close[0]}")
        if close
        else Words("take it out; for words in brackets use （ ） or 【 】", "去掉它；要写括号里的话，用（ ）或【 】")
    )
    _refuse(text, token.start, token.text, why, todo)


def _parts(text: str) -> Iterator[Piece]:
    if not isinstance(text, str):
        raise BadInput(
            asked=Words(f"controls in a {type(text).__name__}", f"{type(text).__name__} 里的控制词"),
            found=Words("not a text", "这不是文字"),
            todo=Words("pass a str", "给一段文字（str）"),
        )
    at = 0
    while at < len(text):
        opening, stray = text.find("[", at), text.find("]", at)
        if stray >= 0 and (opening < 0 or stray < opening):
            _refuse(
                text,
                stray,
                "]",
                Words("a closing bracket without an opening one", "有一个右方括号没有对应的左括号"),
                Words("take it out, or write ］ or ）", "去掉它，或写成 ］ 或 ）"),
            )
        if opening < 0:
            yield Piece(text[at:], at, is_token=False)
            return
        if opening > at:
            yield Piece(text[at:opening], at, is_token=False)
        closing, again = text.find("]", opening), text.find("[", opening + 1)
        if closing < 0 or 0 <= again < closing:
            why = Words(
                "a bracket that is not closed: ChatTTS would drop what follows",
                "方括号没有闭合：ChatTTS 会丢掉后面的话",
            )
            _refuse(
                text,
                opening,
                text[opening : opening + 12],
                why,
                Words("close it with ], or write （ ）", "用 ] 闭合，或改用（ ）"),
            )
        yield Piece(text[opening : closing + 1], opening)
        at = closing + 1


def _refuse(text: str, at: int, what: str, why: Words, todo: Words) -> NoReturn:
    before, after = text[max(0, at - 8) : at], text[at : at + 16]
    excerpt = ("…" if at > 8 else "") + before + "▸" + after + ("…" if at + 16 < len(text) else "")
    raise BadInput(
        asked=Words(
            f"the control {what[:40]!r} at character {at}, in {excerpt!r}",
            f"第 {at} 个字处的控制词 {what[:40]!r}，在 {excerpt!r} 里",
        ),
        found=why,
        todo=todo,
    )


def values(prompt: str, values: dict[str, Any], card: Card) -> dict[str, Any]:
    """Read control tokens and the voice, and check inline tokens."""
    check_inline(prompt)
    settings = {name: value for name, value in values.items() if name not in ("controls", "voice")}
    if values.get("controls") is not None:
        settings = {**parse(values["controls"]), **settings}
    if values.get("voice") is not None:
        check_text("voice", values["voice"])
        settings = {**_values_of(values["voice"], card), **settings}
    return settings


def _values_of(voice: str, card: Card) -> dict[str, object]:
    """Resolve a voice: a name, or a kept speaker's settings."""
    from aigc_kit.make.speech import speaker_store

    voices = card.facts.voices
    if card.parts["engine"] == "chattts" or any(part.split(":")[0] in voices for part in voice.split("+")):
        return {"voice": voice}  # ChatTTS looks its speakers up itself
    try:
        speaker = speaker_store.get(voice)
    except BadInput:
        return {"voice": voice}  # the plan names the voices that there are
    if speaker.engine != card.parts["engine"]:
        raise BadInput(
            asked=Words(f"the speaker {voice!r} on {card.name}", f"在 {card.name} 上用说话人 {voice!r}"),
            found=Words(f"it is one of {speaker.engine}", f"它属于 {speaker.engine}"),
            todo=Words(
                f"choose one of {', '.join(voices)}, or a card of that engine",
                f"从 {'、'.join(voices)} 里选，或换用那个引擎的模型卡",
            ),
        )
    return speaker.values()
