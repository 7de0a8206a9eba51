"""Hold lines that a person must look at."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, not_written
from aigc_kit.promptlab.logs.labeller import tags
from aigc_kit.promptlab.logs.sorting import Reading


class ReviewQueue:
    """Let a person decide, and keep the rows.

    Args:
        accepted: of `Log2Align.sort`: rows already.
        doubtful: of the same; each waits for `correct` or `drop`.
    """

    def __init__(self, accepted: Sequence[Reading], doubtful: Sequence[Reading]) -> None:
        self._rows = [(each.text, dict(each.labels)) for each in accepted]
        self.waiting = list(doubtful)

    def correct(self, place: int, fields: Mapping[str, str] | None = None) -> None:
        """Settle one line.

        Args:
            place: in `waiting`.
            fields: what a person reads; None: the labeller is right.

        Raises:
            BadInput: no such line, or a field that does not stand in it; the line stays in the queue.
        """
        reading = self._at(place)
        chosen = dict(reading.labels if fields is None else fields)
        tags(reading.text, chosen)  # refuses what is no part of the line
        self._rows.append((reading.text, chosen))
        del self.waiting[place]

    def drop(self, place: int) -> None:
        """Throw one line away: it is no log line."""
        self._at(place)
        del self.waiting[place]

    def rows(self) -> list[tuple[str, dict[str, str]]]:
        """List all lines with their fields, for `Labeller.fit`."""
        return list(self._rows)

    def save(self, path: Path) -> Path:
        """Write the rows as JSON lines: {"text", "fields"}.

        Raises:
            CannotWrite: the file cannot be written; what was there stays.
        """
        path = Path(path)
        lines = [json.dumps({"text": text, "fields": fields}, ensure_ascii=False) for text, fields in self._rows]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            return part.replace(path)
        except OSError as error:
            raise not_written(Words(f"the rows in {path.name}", f"数据集 {path.name}"), error) from error

    def _at(self, place: int) -> Reading:
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(self.waiting):
            raise BadInput(
                asked=Words(f"line {place!r} of the queue", f"队列里的第 {place!r} 行"),
                found=Words(f"{len(self.waiting)} lines wait", f"队列里有 {len(self.waiting)} 行"),
                todo=Words("count from 0", "从 0 数起；队列空了就不用再改"),
            )
        return self.waiting[place]
