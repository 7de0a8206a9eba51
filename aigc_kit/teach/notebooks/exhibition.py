"""Choose what the gallery shows, each thing once.

What a lab's record names comes first, works that join modalities before all; without exhibits every work and every
record with a label is shown. The rest stays in a drawer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aigc_kit.core.errors import AigcError
from aigc_kit.core.types import Figure, Record
from aigc_kit.keep import record
from aigc_kit.media.pages import paragraphs, visible
from aigc_kit.teach import labs
from aigc_kit.teach.labs import Exhibit, Lab
from aigc_kit.teach.notebooks import pieces
from aigc_kit.teach.notebooks.pieces import Piece
from aigc_kit.works import Work
from aigc_kit.works.work import FILE as WORK_FILE

KIND_ZH = {"text": "文字", "image": "图片", "speech": "声音", "music": "音乐", "video": "短片"}
TIER_ZH = {"tiny": "tiny 小模型", "full": "full 完整模型", "none": "来源不明"}
NOT_SAID = "没有写明"
BY_AI = "AI 生成"
_COST_ZH = {"seconds": "用时", "peak": "内存峰值"}
_PARAMETERS = ("temperature", "top_k", "top_p", "repetition_penalty", "max_new_tokens", "beams", "engine")
_NEUTRAL = {"top_p": 1.0, "repetition_penalty": 1.0}  # what does nothing is not worth a place
_ORDER = ("film", "picture", "sound", "text")  # of a work's parts


@dataclass(frozen=True)
class Note:
    """Hold what a record says of one thing.

    Args:
        title: what it is about; "" where the card's title says it.
        model, settings, device, licence: as recorded.
        costs: rows of `costs`.
        intact: the files are those of the record.
        sidecar: address of the record, relative to the page.
        redacted: something like a key was blotted out.
    """

    title: str
    model: str
    settings: str
    device: str
    licence: str
    costs: list[dict[str, str]]
    intact: bool
    sidecar: str
    redacted: bool


@dataclass(frozen=True)
class Card:
    """Hold one work as the page shows it.

    Args:
        title: in words, never a file's name.
        lab: its lab's folder; `number` and `course` the lab's number and title, "" where it is no lab of the course.
        pieces: what is seen and heard.
        badges: (text, class).
        prompt: what was asked; `continues`: prompt and text read as one.
        chosen: how it was chosen.
        links: (text, address).
        words: sentences of a work's text.
        notes: for the fold.
    """

    title: str
    lab: str
    number: str = ""
    course: str = ""
    pieces: tuple[Piece, ...] = ()
    badges: tuple[tuple[str, str], ...] = ()
    prompt: str = ""
    continues: bool = False
    chosen: str = ""
    links: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    wide: bool = False


@dataclass
class Exhibition:
    """Hold cards on show, cards in the drawer, loose pictures.

    Args:
        shown, drawer: cards.
        pictures: lab's folder -> pictures that the notebook saved.
        broken: (path, what is wrong) of records that cannot be read.
        records: how many records there are.
    """

    shown: list[Card] = field(default_factory=list)
    drawer: list[Card] = field(default_factory=list)
    pictures: dict[str, list[Piece]] = field(default_factory=dict)
    broken: list[tuple[Path, str]] = field(default_factory=list)
    records: int = 0


def exhibition(out: Path, records: Sequence[tuple[Path, Record]], broken: Sequence[tuple[Path, str]]) -> Exhibition:
    """Lay out what lies below the output folder.

    `records` and `broken`: of `gallery.records_below`.
    """
    hall = Exhibition(broken=list(broken), records=len(records))
    works = {path: work for path in sorted(out.glob(f"*/**/{WORK_FILE}")) if (work := _work(path, hall))}
    own = {path.parent for path in works}
    singles = {path: sidecar for path, sidecar in records if path.parent not in own}
    outputs = {path.parent / name for path, sidecar in records for name in sidecar.outputs}
    loose = [path for path in sorted(out.glob("*/**/*.png")) if path not in outputs and path.parent not in own]
    lessons = {Path(lab.notebook).stem: lab for lab in labs.every()}
    seen: set[str] = set()
    for path, exhibit in _named(out, lessons, works, singles):
        card = _card(out, path, works, singles, exhibit)
        hall.shown += _once([_of_lab(card, lessons)], seen)
    left = [path for path in singles if not any(path == chosen for chosen, _ in _named(out, lessons, works, singles))]
    hall.drawer = _once([_of_lab(of_record(out, path, singles[path]), lessons) for path in left], seen)
    for path in loose:
        piece = _loose(path)
        if piece is not None and piece.digest not in seen:
            seen.add(piece.digest)
            hall.pictures.setdefault(path.relative_to(out).parts[0], []).append(piece)
    return hall


def _named(
    out: Path, lessons: Mapping[str, Lab], works: Mapping[Path, Work], singles: Mapping[Path, Record]
) -> list[tuple[Path, Exhibit | None]]:
    """List what is shown and why, works first."""
    rows: list[tuple[Path, Exhibit | None]] = []
    for folder in sorted(path.name for path in out.glob("*") if path.is_dir()):
        exhibits = lessons[folder].exhibits if folder in lessons else ()
        if exhibits:
            rows += [(path, exhibit) for exhibit in exhibits if (path := out / folder / exhibit.file).is_file()]
            continue
        rows += [(path, None) for path in works if path.relative_to(out).parts[0] == folder]
        rows += [(path, None) for path, one in singles.items() if _folder(out, path) == folder and one.label]
    known = [(path, exhibit) for path, exhibit in rows if path in works or path in singles or path.suffix == ".png"]
    return sorted(known, key=lambda row: row[0] not in works)


def _card(
    out: Path,
    path: Path,
    works: Mapping[Path, Work],
    singles: Mapping[Path, Record],
    exhibit: Exhibit | None,
) -> Card:
    if path in works:
        card = of_work(out, path, works[path])
    elif path in singles:
        card = of_record(out, path, singles[path])
    else:
        piece = _loose(path)
        card = Card("", _folder(out, path), pieces=(piece,) if piece else (), badges=(("实验里量出来的图", "own"),))
    if exhibit is None:
        return card
    return replace(card, title=exhibit.title, chosen=card.chosen or exhibit.chosen)


def _once(cards: Iterable[Card], seen: set[str]) -> list[Card]:
    """Drop pieces that were shown before, and empty cards."""
    fresh = []
    for card in cards:
        new = tuple(piece for piece in card.pieces if piece.digest not in seen)
        seen |= {piece.digest for piece in new}
        if new or not card.pieces:
            fresh.append(replace(card, pieces=new))
    return fresh


def of_record(out: Path, path: Path, sidecar: Record) -> Card:
    """Show a record: its files, prompt and costs."""
    states = record.verify(path)
    words = visible(str(sidecar.request.get("prompt", "")))
    files = [path.parent / name for name in sidecar.outputs if states[name] != "missing"]
    shown = tuple(piece for file in files if (piece := pieces.of_file(file, words)))
    kind = KIND_ZH.get(sidecar.kind, "结果")
    chat = sidecar.request.get("extra", {}).get("chat")
    return Card(
        title=visible(sidecar.label) or f"{kind}：{words[:24]}{'……' if len(words) > 24 else ''}",
        lab=_folder(out, path),
        pieces=shown,
        badges=_badges(sidecar),
        prompt=words,
        continues=any(piece.kind == "text" for piece in shown) and not chat,
        chosen=visible(str(sidecar.labels.get("chosen", ""))),
        notes=(_note(out, path, sidecar, set(states.values()) <= {"same"}),),
    )


def of_work(out: Path, path: Path, work: Work) -> Card:
    """Show a work: films, pictures, sounds, the text's beginning."""
    views = []
    for part in sorted(work.parts, key=lambda part: _ORDER.index(pieces.ENDINGS[Path(part.name).suffix])):
        words = part.title or part.alt
        piece = None if part.kind == "text" else pieces.of_bytes(part.name, part.data, words)
        if piece is not None:
            views.append(replace(piece, caption=visible(f"{part.title} · {part.label}" if part.title else part.label)))
    pages = sorted(page for page in path.parent.glob("*.html") if page.is_file())
    notes = [_note(out, path, part.record, True, part.title or KIND_ZH["image"]) for part in work.parts if part.record]
    ai = any(part.by_ai for part in work.parts)
    return Card(
        title=visible(work.title),
        lab=_folder(out, path),
        pieces=tuple(views),
        badges=(("含 AI 生成" if ai else "不含 AI 生成", "tiny" if ai else "own"),),
        prompt=visible(work.topic) if work.topic != work.title else "",
        links=tuple(("打开整个网页", page.relative_to(out).as_posix()) for page in pages),
        words=tuple(paragraphs(work.text)[:2]),
        notes=tuple(notes),
        wide=True,
    )


def _note(out: Path, path: Path, sidecar: Record, intact: bool, title: str = "") -> Note:
    request = sidecar.request
    extra = request.get("extra", {})
    settings = [f"{name} = {extra[name]}" for name in _PARAMETERS if extra.get(name) not in (None, _NEUTRAL.get(name))]
    return Note(
        title=visible(title),
        model=str(request.get("card", "")),
        settings="，".join([*settings, f"seed = {request.get('seed')}"]),
        device=sidecar.device,
        licence=sidecar.licence,
        costs=costs(sidecar),
        intact=intact,
        sidecar=path.relative_to(out).as_posix(),
        redacted=bool(sidecar.labels.get("redacted")),
    )


def costs(sidecar: Record) -> list[dict[str, str]]:
    """Lay predicted costs beside measured ones, with the ratio."""
    rows = []
    for name, title in _COST_ZH.items():
        if name not in sidecar.measured and name not in sidecar.predicted:
            continue
        row = {"name": title, "measured": "没有跟踪", "predicted": "没有预测", "ratio": "", "verdict": ""}
        cost = Figure(**sidecar.measured[name]) if name in sidecar.measured else None
        estimate = Figure(**sidecar.predicted[name]) if name in sidecar.predicted else None
        row |= {"measured": cost.text} if cost else {}
        row |= {"predicted": estimate.text} if estimate else {}
        if cost and estimate and estimate.value:
            ratio = cost.value / estimate.value
            inside = estimate.error is not None and abs(ratio - 1) <= estimate.error
            row |= {"ratio": f"{ratio:.2f}", "verdict": "误差带内" if inside else "误差带外"}
        rows.append(row)
    return rows


def _badges(sidecar: Record) -> tuple[tuple[str, str], ...]:
    origin = str(sidecar.labels.get("origin", ""))
    if origin not in ("", BY_AI):
        return ((visible(origin), "own"),)
    tier = str(sidecar.labels.get("tier") or sidecar.plan.get("card", {}).get("tier", "none"))
    return ((f"{BY_AI} · {TIER_ZH.get(tier, tier)}", tier),)


def _of_lab(card: Card, lessons: Mapping[str, Lab]) -> Card:
    lab = lessons.get(card.lab)
    return replace(card, number=lab.number, course=lab.title) if lab else card


def _work(path: Path, hall: Exhibition) -> Work | None:
    try:
        return Work.load(path.parent)
    except AigcError as problem:
        hall.broken += [(path, problem.told.found.zh)] if path not in dict(hall.broken) else []
        return None


def _loose(path: Path) -> Piece | None:
    """Read a picture that a notebook saved, with its words."""
    try:
        words = pieces.described(path.read_bytes())
    except OSError:
        words = ""
    return pieces.of_file(path, words)


def _folder(out: Path, path: Path) -> str:
    return path.relative_to(out).parts[0]
