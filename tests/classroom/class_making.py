"""Submissions of a class, made on the spot: honest ones by `pack`, broken ones by hand."""

import io
import itertools
import json
import struct
import zipfile
from pathlib import Path

import numpy as np

from aigc_kit import record
from aigc_kit.core.types import Cost, FrozenMap, Phase, Plan, Request, Take
from aigc_kit.teach.checks import answers
from aigc_kit.teach.classroom import pack
from aigc_kit.teach.labs.lab01 import checks

SECONDS = itertools.count(1.0, 0.25)  # no two runs last equally long
LOGITS = np.random.default_rng(5).normal(0, 2, 300).astype(np.float32)


def shares(z, heat):
    e = np.exp((np.asarray(z, float) - np.max(z)) / heat)
    return e / e.sum()


def bits(p):
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


RIGHT_B = [bits(shares(LOGITS, heat)) for heat in (0.2, 0.7, 1.2)]
RIGHT_E = float(shares(LOGITS, 0.2).max() ** 20)
RIGHT_D = """def my_min_p(probs, m):
    return np.flatnonzero(probs >= m * probs.max())
"""
FUNCTIONS = {
    "right": RIGHT_D,
    "wrong": "def my_min_p(probs, m):\n    return [0]\n",
    "endless": "def my_min_p(probs, m):\n    while True: pass\n",
    "greedy": "def my_min_p(probs, m):\n    return bytearray(10**11)\n",
    "leaving": "def my_min_p(probs, m):\n    raise SystemExit\n",
    "syntax": "def my_min_p(probs, m:\n",
    "writing": "def my_min_p(probs, m):\n    open('MARK', 'w').close()\n    return [0]\n",
}


def answer_of(source: str, passed: bool = True) -> dict:
    """The file of an answer that is a function."""
    function = {"name": "my_min_p", "source": source, "needs": {"np": {"module": "numpy"}}}
    return {"answers": [{"function": function}], "named": {}, "passed": passed, "date": "2026-01-31T08:00:00+00:00"}


def work(folder: Path, text: str = "春风又绿江南岸") -> Path:
    """A text with its record, as a lab leaves it."""
    from aigc_kit import cards
    from aigc_kit.core.types import Budget

    budget = Budget("cpu", "a laptop", 8 << 30, 16 << 30, 8 << 30, 100 << 30, origin="assumed")
    card = cards.get("poem")
    plan = Plan(Request("poem", "春"), card, budget, FrozenMap(), FrozenMap(), "sdpa", FrozenMap(), FrozenMap())
    take = Take("text", text, plan, Cost((Phase("token", next(SECONDS), None, "none"),)), FrozenMap(tier="tiny"))
    return record.save(take, folder, name="poem")


def honest(index: int, target: Path, home: Path, monkeypatch, *, right: bool, function: str = "right") -> Path:
    """One learner works on a machine of its own, and submits."""
    monkeypatch.setenv("AIGC_HOME", str(home))
    monkeypatch.setenv("AIGC_PROGRESS", "1")
    checks.b(LOGITS, RIGHT_B if right else [1.0, 2.0, 3.0])
    checks.c(LOGITS, 0.01, int(LOGITS.argmax()))
    checks.e(LOGITS, RIGHT_E if right else 0.5)
    place = answers.folder() / "01" / "d.json"
    place.write_text(json.dumps(answer_of(FUNCTIONS[function])), encoding="utf-8")
    work(home / "out")
    return pack(f"学生{index:02d}", target / f"{index:02d}.zip", [home / "out"]).path


def rewritten(good: Path, target: Path, change) -> Path:
    """A copy of an archive whose members `change` altered: {name: bytes} in and out."""
    with zipfile.ZipFile(good) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in change(members).items():
            archive.writestr(zipfile.ZipInfo(name) if "/" in name else name, data)
    return target


def with_member(good: Path, target: Path, info: zipfile.ZipInfo, data: bytes) -> Path:
    """A copy of an archive with one more member, as it is."""
    target.write_bytes(good.read_bytes())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(info, data)
    return target


def a_link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, 0o120777 << 16
    return info


def bomb(target: Path) -> Path:
    """A small archive of a gigabyte of zeros, in files that each claim to be small enough."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for index in range(60):
            archive.writestr(f"works/{index}.txt", b"\0" * 19_000_000)
    return target


def liar(target: Path) -> Path:
    """A member that unpacks to more than its headers claim."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("works/a.txt", b"x" * 500_000)
    data = bytearray(buffer.getvalue())
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 1000)  # size in the central directory
    struct.pack_into("<I", data, 22, 1000)  # and in the member's own header
    target.write_bytes(data)
    return target


def encrypted(good: Path, target: Path) -> Path:
    data = bytearray(good.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    target.write_bytes(data)
    return target


def named(target: Path, *names: str) -> Path:
    """An archive of members with any names, also such as zipfile would mend."""
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = name
            archive.writestr(info, b"x")
    return target
