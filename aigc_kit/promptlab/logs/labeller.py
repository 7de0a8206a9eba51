"""Label lines by a conditional random field."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.logs.lines import FIELDS

_PIECE = re.compile(r"[A-Za-z]+|\d+|[\u4e00-\u9fff]+|\s+|.", re.DOTALL)
_SHAPES = ((r"\d+", "9"), (r"[a-z]+", "a"), (r"[A-Z]+", "A"), (r"[\u4e00-\u9fff]+", "中"))
_NEAR = (-3, -2, -1, 1, 2, 3)

Fields = Mapping[str, str]


class Labeller:
    """Learn from lines which pieces are which field.

    Args:
        steps: of the training.

    Source: Lafferty et al. 2001, "Conditional Random Fields"; the library is sklearn-crfsuite.
    """

    def __init__(self, steps: int = 60) -> None:
        import sklearn_crfsuite

        self._crf = sklearn_crfsuite.CRF(algorithm="lbfgs", c1=0.1, c2=0.05, max_iterations=steps)
        self._ready = False

    def fit(self, rows: Sequence[tuple[str, Fields]]) -> "Labeller":
        """Learn from lines whose fields are known.

        Args:
            rows: (line, field -> its text), as `ReviewQueue.rows` gives them.

        Raises:
            BadInput: no row, or a field that does not stand in its line.
        """
        if not rows:
            raise BadInput(
                asked=Words("to learn from logs", "从日志里学"),
                found=Words("no line", "一行也没有"),
                todo=Words("give one line with its fields at least", "至少给一行，写出它的字段"),
            )
        self._crf.fit([features(pieces(line)) for line, _ in rows], [tags(line, fields) for line, fields in rows])
        self._ready = True
        return self

    def read(self, lines: Sequence[str]) -> list[tuple[dict[str, str], dict[str, float]]]:
        """Read lines: fields, and a confidence for each.

        A field is one run of pieces, the surest if there are several; its confidence is the smallest marginal of its
        pieces, so one doubtful piece makes it doubtful.

        Raises:
            BadInput: it has learned nothing yet.
        """
        if not self._ready:
            raise BadInput(
                asked=Words("to read logs", "读日志"),
                found=Words("a labeller that has learned nothing", "标注器还没学过"),
                todo=Words("call fit(rows) first", "先调用 fit(rows)"),
            )
        cut = [pieces(line) for line in lines]
        return [_fields(some, self._marginals(some)) for some in cut]

    def _marginals(self, some: list[str]) -> list[dict[str, float]]:
        return self._crf.predict_marginals_single(features(some)) if some else []


def pieces(line: str) -> list[str]:
    """Cut a line into words, numbers, blanks and signs.

    >>> pieces("a-b 12 好")
    ['a', '-', 'b', ' ', '12', ' ', '好']
    """
    return _PIECE.findall(line)


def tags(line: str, fields: Fields) -> list[str]:
    """Tag each piece: B-ts, I-ts, ..., O.

    Raises:
        BadInput: a field does not stand in the line, or ends within a piece.
    """
    some, at, marks = pieces(line), 0, []
    places = {name: _place(line, name, text, fields) for name, text in fields.items()}
    edges = {edge for place in places.values() for edge in place}
    for piece in some:
        name = next((name for name, (start, end) in places.items() if start <= at < end), "")
        if any(at < edge < at + len(piece) for edge in edges):
            raise _no_field(line, name or next(iter(fields)), fields)
        marks.append(f"{'B' if name and places[name][0] == at else 'I'}-{name}" if name else "O")
        at += len(piece)
    return marks


def _place(line: str, name: str, text: str, fields: Fields) -> tuple[int, int]:
    """Find a field, the message from the end."""
    start = line.rfind(text) if name == "msg" else line.find(text)
    if name == "level" and "msg" in fields:  # a message may begin with a level's name
        start = line[: line.rfind(fields["msg"])].rfind(text) if line.find(text) >= line.rfind(fields["msg"]) else start
    if name not in FIELDS or not text or start < 0:
        raise _no_field(line, name, fields)
    return start, start + len(text)


def _no_field(line: str, name: str, fields: Fields) -> BadInput:
    return BadInput(
        asked=Words(f"the field {name!r} of {line[:60]!r}", f"{line[:60]!r} 的字段 {name!r}"),
        found=Words(f"{fields.get(name)!r} is no part of the line", f"{fields.get(name)!r} 不是这一行里的一段"),
        todo=Words(f"copy {', '.join(FIELDS)} from the line", f"从这一行里原样抄 {'、'.join(FIELDS)}"),
    )


def features(some: Sequence[str]) -> list[dict[str, str]]:
    """Describe each piece by its shape and those around it."""
    shapes = [_shape(piece) for piece in some]
    rows = []
    for at, piece in enumerate(some):
        row = {
            "shape": shapes[at],
            "text": piece.lower() if not piece.isdigit() else f"len{len(piece)}",
            "at": str(min(at, 25)),
        }
        for step in _NEAR:
            other = at + step
            inside = 0 <= other < len(some)
            row[f"{step}"] = shapes[other] if inside else "^$"
            if inside and abs(step) == 1:
                row[f"{step}text"] = some[other].lower() if not some[other].isdigit() else "9"
        rows.append(row)
    return rows


def _shape(piece: str) -> str:
    for pattern, sign in _SHAPES:
        piece = re.sub(pattern, sign, piece)
    return piece if piece.strip() else "_"


def _fields(some: Sequence[str], marginals: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, float]]:
    """Join pieces to fields, the surest run of each."""
    runs: list[tuple[str, str, float]] = []
    before = "O"
    for piece, row in zip(some, marginals, strict=True):
        tag = max(row, key=row.__getitem__)
        name = tag[2:]
        if name and before[2:] == name and tag[0] == "I":
            runs[-1] = (name, runs[-1][1] + piece, min(runs[-1][2], float(row[tag])))
        elif name:
            runs.append((name, piece, float(row[tag])))
        before = tag
    fields: dict[str, str] = {}
    sure: dict[str, float] = {}
    for name, text, confidence in runs:
        if confidence > sure.get(name, 0):
            fields[name], sure[name] = text, confidence
    return fields, sure
