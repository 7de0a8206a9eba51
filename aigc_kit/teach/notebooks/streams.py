"""What a cell printed, as a notebook keeps it: one output per stream, and nothing longer than a reader would read.

nbclient can merge streams itself, but its regular expression takes time quadratic in the length of a line.
"""

from itertools import pairwise
from typing import Any

from aigc_kit.teach.notebooks.cells import Notebook, outputs

LONGEST_LINE = 10_000  # characters
LONGEST_TEXT = 200_000  # characters of one output
_TEXTS = ("text/plain", "text/markdown", "text/latex")


def tidy(notebook: Notebook) -> None:
    """Merge the streams of every cell, apply carriage returns, cut what is too long and say so there; in place."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = merged(outputs(cell))
        for output in cell.outputs:
            _shorten(output)


def merged(items: list[Any]) -> list[Any]:
    """One output per stream, at the place of its first part; where the two meet, stdout comes before stderr.

    Args:
        items: outputs of one cell; those that are no streams keep their order.
    """
    parts: dict[str, list[str]] = {}
    kept = []
    for output in items:
        if output.output_type != "stream":
            kept.append(output)
            continue
        if output.name not in parts:
            kept.append(output)
        parts.setdefault(output.name, []).append(output.text)
    for output in kept:
        if output.output_type == "stream":
            output.text = overwritten("".join(parts[output.name]))
    names = [output.get("name") for output in kept]
    for index, pair in enumerate(pairwise(names)):
        if pair == ("stderr", "stdout"):  # they arrive in any order; a file should not depend on it
            kept[index], kept[index + 1] = kept[index + 1], kept[index]
    return kept


def overwritten(text: str) -> str:
    """What a terminal shows after carriage returns: in every line, the part behind the last one.

    >>> overwritten("10 %\\r50 %\\r100 %\\ndone\\r\\n")
    '100 %\\ndone\\r\\n'
    """
    if "\r" not in text:
        return text
    return "\n".join(line[line.rfind("\r", 0, max(len(line) - 1, 0)) + 1 :] for line in text.split("\n"))


def shortened(text: str) -> str:
    """The text with its over-long lines cut, and its middle left out when it is still too long; each cut is marked."""
    if len(text) > LONGEST_LINE:
        text = "\n".join(
            f"{line[:LONGEST_LINE]} ……（这一行还有 {len(line) - LONGEST_LINE:,} 个字符，没有保存）"
            if len(line) > LONGEST_LINE
            else line
            for line in text.split("\n")
        )
    if len(text) <= LONGEST_TEXT:
        return text
    head, tail = LONGEST_TEXT * 3 // 4, LONGEST_TEXT // 4
    left_out = len(text) - head - tail
    return f"{text[:head]}\n……（中间 {left_out:,} 个字符没有保存）……\n{text[-tail:]}"


def _shorten(output: Any) -> None:
    if output.output_type == "stream":
        output.text = shortened(output.text)
    elif output.output_type == "error":
        output.evalue = shortened(output.evalue)
        output.traceback = [shortened(part) for part in output.traceback]
    else:
        for kind in _TEXTS:
            if isinstance(output.data.get(kind), str):
                output.data[kind] = shortened(output.data[kind])
