"""Lab 15's checks: right answers pass, each typical mistake gets its own hint."""

from itertools import combinations

import numpy as np
import pytest

from aigc_kit.teach.labs.lab15 import checks


def share(read, facts):
    return sum(read.get(name) == value for name, value in facts.items()) / len(facts) if facts else None


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda r, f: share(r, f) if f else 0.0, "None"),
        (lambda r, f: None if not f else 1.0, "读到一半"),
        (lambda r, f: sum(n in r for n in f) / len(f) if f else None, "读到的值不对"),
        (lambda r, f: sum(f.get(n) == v for n, v in r.items()) / max(len(r), len(f)) if f else None, "分母"),
        (lambda r, f: None if not f else 2 * share(r, f), "应当是 1"),
    ],
)
def test_a(wrong, hint):
    assert checks.a(share)
    assert hint in checks.a(wrong).hint


def alike(readings):
    pairs = [one[name] == other[name] for one, other in combinations(readings, 2) for name in one if name in other]
    return sum(pairs) / len(pairs) if pairs else None


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda r: alike(r) or 0.0, "返回 None"),
        (lambda r: None if len(r) < 2 else 1.0, "是 0"),
        (
            lambda r: (
                None
                if len(r) < 2
                else sum(r[0].get(n) == r[1].get(n) for n in {**r[0], **r[1]}) / len({**r[0], **r[1]})
            ),
            "不成对",
        ),
        (lambda r: None if len(r) < 2 else alike(r[:2]), "三对"),
    ],
)
def test_b(wrong, hint):
    assert checks.b(alike)
    assert hint in checks.b(wrong).hint


def safe(path, pieces):
    part = path.with_suffix(".part")
    try:
        part.write_bytes(b"".join(pieces))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def at_once(path, pieces):
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
            file.flush()


def littering(path, pieces):
    path.with_suffix(".new").write_bytes(b"")
    safe(path, pieces)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(at_once, "旧文件已经没了"), (lambda p, s: safe(p, list(s)[:1]), "全部的字节"), (littering, "多出了文件")],
)
def test_c(wrong, hint):
    assert checks.c(safe)
    assert hint in checks.c(wrong).hint


def sdr(wave, reference):
    target = (wave @ reference) / (reference @ reference) * reference
    return 10 * np.log10((target @ target) / ((wave - target) @ (wave - target)))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda w, r: sdr(w, r) / 2, "振幅"),
        (lambda w, r: 10 * np.log10((r @ r) / ((w - r) @ (w - r))), "缩放"),
    ],
)
def test_d(wrong, hint):
    assert checks.d(sdr)
    assert hint in checks.d(wrong).hint


@pytest.mark.parametrize(
    ("wrong", "hint"), [(lambda n, w, r: n * 2 * w * r, "少了一半"), (lambda n, w, r: n * 4 * w * w, "宽 × r")]
)
def test_e(wrong, hint):
    assert checks.e(lambda layers, width, rank: 4 * layers * width * rank)
    assert hint in checks.e(wrong).hint


RIGHT = {"E14": "arithmetic", "E37": "source", "E51": "run", "E60": "arithmetic", "E65": "run", "E73": "source"}


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [({"E14": "run"}, "还差"), ({**RIGHT, "E14": "算"}, "E14 写"), ({**RIGHT, "E14": "run"}, "一共错 1 个")],
)
def test_f(wrong, hint):
    assert checks.f(RIGHT)
    assert hint in checks.f(wrong).hint
