"""What lab 01 says about its measurements follows from them."""

from aigc_kit.core import statistics
from aigc_kit.teach import lab01


def runs(low, high):
    return [{"temperature": heat, "m": value} for heat, values in ((0.2, low), (1.2, high)) for value in values]


def answer(low, high):
    return lab01.answers(statistics.means(runs(low, high), "temperature", {"m": ("量", "m")}))["m"]


def test_apart_intervals_rise_or_fall_and_overlapping_ones_claim_nothing():
    assert answer([1.0, 1.1, 0.9, 1.0], [3.0, 3.1, 2.9, 3.0])[0] == "升"
    assert answer([3.0, 3.1, 2.9, 3.0], [1.0, 1.1, 0.9, 1.0])[0] == "降"
    word, told = answer([1.0, 2.0, 0.5, 1.5], [1.2, 2.1, 0.7, 1.4])
    assert word == "看不出" and "重叠" in told and "4 个种子" in told


POEM = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"


def test_poems_are_judged_one_by_one():
    rows = lab01.judged([(0.2, POEM), (0.2, POEM), (1.0, POEM), (1.0, "白日，")], "五言绝句")
    assert rows[0] == {"temperature": 0.2, "form": True, "rhyme": True, "tones": True, "fresh": False}
    assert rows[2]["fresh"] and not any(rows[3][name] for name in ("form", "rhyme", "tones"))


def test_what_falls_most_is_named():
    held = {"form": (4, 3), "rhyme": (4, 0)}
    trials = [
        {"temperature": heat, **{name: at < counts[place] for name, counts in held.items()}}
        for place, heat in enumerate((0.2, 1.6))
        for at in range(4)
    ]
    names = {"form": ("字数", "form"), "rhyme": ("押韵", "rhyme")}
    assert lab01.falls(statistics.shares(trials, "temperature", names), names) == "押韵"


def test_repeated_characters_are_counted_without_punctuation():
    take = type("Written", (), {"data": "<韵尤>月月山山，水水月山。"})()
    assert lab01.repeats({"甲": take}) == {"甲": 100 * (1 - 3 / 8)}
