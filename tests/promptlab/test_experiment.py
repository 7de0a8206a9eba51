"""Experiments: assignment is the same everywhere, the statistics are statsmodels', bounds are those of the tables."""

import hashlib
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, CannotLoad, UnknownName
from aigc_kit.promptlab import experiment
from aigc_kit.promptlab.experiment import (
    Enrolment,
    alarms,
    arm,
    bounds,
    contrast,
    crossing,
    looked,
    needed,
    place,
    serve,
)
from aigc_kit.promptlab.experiment.verdict import MISMATCH

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)
USERS = [f"user{number}" for number in range(1000)]


def test_a_thousand_users_are_assigned_as_ever():
    arms = "".join(arm(user, "回复二版", 0.1) for user in USERS)
    assert (
        hashlib.sha256(arms.encode()).hexdigest()[:32] == "1453a40c9768451c157d14ab3893ec83" and arms.count("B") == 83
    )
    assert "".join(arm(user, "prompt-v2", 0.5) for user in USERS[:40]) == "BAAABAAAABBBAAABBBAABBBBAAAAABBABAABABBA"
    digest = hashlib.blake2b(b"9:prompt-v2:user0", digest_size=8).hexdigest()
    assert digest == "360ef9dab4ebf86c" and place("user0", "prompt-v2") == (int(digest, 16) >> 11) / 2**53


def test_another_process_with_another_hash_seed_assigns_the_same():
    code = "from aigc_kit.promptlab.experiment import place\nprint(place('顾客 17', '回复二版'))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) == place("顾客 17", "回复二版")


@given(names, names, st.floats(0, 1), st.floats(0, 1))
def test_raising_the_share_moves_nobody_out(user, name, one, two):
    low, high = sorted((one, two))
    assert 0 <= place(user, name) < 1
    assert arm(user, name, low) == "A" or arm(user, name, high) == "B"
    assert arm(user, name, 0) == "A" and arm(user, name, 1) == "B"


def test_places_are_even_and_experiments_independent():
    one = np.array([place(user, "一") for user in USERS])
    two = np.array([place(user, "二") for user in USERS])
    assert np.histogram(one, 10, (0, 1))[0].max() < 140  # 100 expected, 4 standard deviations of 9.5
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.13  # 4 / sqrt(1000)
    assert place("b:c", "a") != place("c", "a:b")


@pytest.mark.parametrize(
    ("old", "new", "chance", "ratio", "truth"),  # of statsmodels 0.15.0, NormalIndPower.solve_power
    [
        (0.76, 0.796, 0.8, 1, 2088.943),
        (0.92, 0.99, 0.8, 1, 112.721),
        (0.76, 0.796, 0.9, 1, 2796.507),
        (0.76, 0.796, 0.8, 1 / 9, 10444.713),
        (0.1, 0.12, 0.8, 1, 3834.596),
        (0.5, 0.45, 0.95, 2, 1942.696),
    ],
)
def test_sizes_are_those_of_statsmodels(old, new, chance, ratio, truth):
    assert needed(old, new, chance, ratio) == int(np.ceil(truth))
    assert experiment.power(old, new, truth, ratio) == pytest.approx(chance, abs=1e-5)


def test_power_is_that_of_statsmodels_and_its_inverse():
    assert experiment.power(0.76, 0.796, 1000) == pytest.approx(0.49144, abs=1e-6)
    assert experiment.power(0.76, 0.80, 500, 2) == pytest.approx(0.422645, abs=1e-6)
    assert experiment.power(0.5, 0.5001, 10) == pytest.approx(0.05, abs=1e-6)
    assert experiment.detectable(0.76, 2089) == pytest.approx(0.036, abs=1e-5)
    assert experiment.detectable(0.99, 5) == float("inf")


@given(st.floats(0.02, 0.95), st.floats(0.01, 0.04), st.sampled_from([1, 0.25, 3]))
@settings(max_examples=20, deadline=None)
def test_statsmodels_agrees_where_it_is_installed(old, gain, ratio):
    power = pytest.importorskip("statsmodels.stats.power")
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    effect = proportion.proportion_effectsize(old + gain, old)
    truth = power.NormalIndPower().solve_power(effect, alpha=0.05, power=0.8, ratio=ratio)
    assert needed(old, old + gain, ratio=ratio) == pytest.approx(truth, rel=1e-4, abs=1)


@pytest.mark.parametrize(
    ("hits", "users", "truth"),  # p of proportions_ztest, interval of confint_proportions_2indep(method="newcomb")
    [
        ((760, 800), (1000, 1000), (0.0308371678, 0.0036797145, 0.0762026615)),
        ((9, 3), (20, 10), (0.4291953004, -0.4331478443, 0.2087917968)),
        ((50, 90), (900, 1000), (0.0041120157, 0.0110015661, 0.0578405299)),
    ],
)
def test_the_contrast_is_that_of_statsmodels(hits, users, truth):
    gain, low, high, p = contrast(hits, users)
    assert (p, low, high) == pytest.approx(truth, abs=1e-6)
    assert gain == pytest.approx(hits[1] / users[1] - hits[0] / users[0])
    assert contrast((0, 0), (0, 5)) == (0, -1, 1, 1)


def test_srm_is_scipys_chi_square():
    from scipy.stats import chisquare

    for counts in ([9000, 1000], [9120, 880], [9200, 800], [0, 5]):
        wanted = [sum(counts) * 0.9, sum(counts) * 0.1]
        assert experiment.srm(counts, [0.9, 0.1]) == pytest.approx(chisquare(counts, wanted).pvalue, rel=1e-9)
    assert experiment.srm([9120, 880], [0.9, 0.1]) < MISMATCH < experiment.srm([9050, 950], [0.9, 0.1])


def test_bounds_are_those_of_the_tables():
    """Jennison and Turnbull 2000, tables 2.1 and 2.3, alpha .05: constants to three digits."""
    for looks, pocock, obrien in (
        (1, 1.960, 1.960),
        (2, 2.178, 1.977),
        (5, 2.413, 2.040),
        (10, 2.555, 2.087),
        (20, 2.672, 2.126),
    ):
        assert bounds(looks, "pocock")[-1] == pytest.approx(pocock, abs=6e-4)
        assert bounds(looks, "obrien-fleming")[-1] == pytest.approx(obrien, abs=6e-4)
    assert bounds(4, "obrien-fleming")[0] == pytest.approx(2 * bounds(4, "obrien-fleming")[-1])
    assert crossing([1.959964] * 5) == pytest.approx(0.142, abs=6e-4)  # Armitage, McPherson, Rowe 1969


def test_false_alarms_lie_in_their_interval():
    """Of 40,000 experiments; 0.003 more, since counts of 100 users are steps and the bounds are for a normal sum."""
    z = looked(10, runs=40_000, seed=5)
    once, every = alarms(z[:, -1:], bounds(1)), alarms(z, bounds(10, "plain"))
    assert once.low - 0.003 <= 0.05 <= once.high + 0.003
    assert every.low - 0.003 <= crossing(bounds(10, "plain")) <= every.high + 0.003 and every.share > 0.18
    for shape in ("pocock", "obrien-fleming"):
        cured = alarms(z, bounds(10, shape))
        assert cured.low - 0.003 <= 0.05 <= cured.high + 0.003


def test_power_is_what_was_planned():
    z = looked(1, 0.76, 0.796, users=2089, runs=4000, seed=1)
    hit = alarms(z, bounds(1))
    assert hit.low <= 0.8 <= hit.high


def test_thompson_loses_less_and_knows_less():
    split, best, thompson = (serve(policy, runs=200, seed=3) for policy in experiment.POLICIES)
    assert (split.users == 1000).all() and split.regret.mean() == pytest.approx(40)
    assert thompson.mean(thompson.regret)[0] < best.mean(best.regret)[0] < 40
    assert thompson.noticed.high < split.noticed.low
    assert np.median(thompson.half) > 1.3 * np.median(split.half)
    bias, half = thompson.mean(thompson.errors[:, 0])
    assert bias + half < 0, "adaptively collected shares come out too low"
    assert split.noticed.low <= experiment.power(0.76, 0.80, 1000) <= split.noticed.high
    same = serve("thompson", (0.78, 0.78), runs=400, seed=4)
    assert same.noticed.low > 0.05, "the plain test after Thompson sampling gives false alarms"
    assert same.regret.max() == 0 and (same.users.sum(axis=1) == 2000).all()


def test_policies_are_the_same_at_every_call():
    assert (serve("thompson", runs=3, users=50).users == serve("thompson", runs=3, users=50).users).all()


@pytest.fixture
def people(tmp_path):
    return Enrolment(tmp_path / "experiments.sqlite")


def enrol(people, name, users, good=lambda user, arm: True):
    for user in users:
        people.outcome(name, user, good(user, people.arm(name, user)))


def test_a_result_is_said_only_when_its_time_has_come(people):
    people.start("二版", rollout=0.5, need=40)
    enrol(people, "二版", USERS[:60], lambda user, arm: arm == "B")
    early = people.result("二版")
    assert early.sound and not early.done and "还不能下结论" in early.words
    enrol(people, "二版", USERS[60:120], lambda user, arm: arm == "B")
    late = people.result("二版")
    assert late.done and late.words.startswith("新版更好：+100.0") and late.old.count + late.new.count == 120
    assert late.enrolled == (late.old.count, late.new.count)


def test_raising_keeps_b_and_counts_the_new_users_alone(people):
    people.start("二版", rollout=0.1, need=10)
    before = {user: people.arm("二版", user) for user in USERS[:200]}
    people.raise_to("二版", 0.5)
    after = {user: people.arm("二版", user) for user in USERS[:200]}
    assert all(after[user] == "B" for user, one in before.items() if one == "B")
    with pytest.raises(BadInput, match="nobody came"):
        people.result("二版")
    enrol(people, "二版", USERS[200:400])
    result = people.result("二版")
    assert sum(result.enrolled) == 200 and result.left_out == 200 and result.rollout == 0.5 and result.sound


def test_a_broken_split_is_said_before_anything_else(people):
    people.start("二版", rollout=0.5, need=5)
    for user in USERS[:300]:
        if people.arm("二版", user) == "A" or user.endswith(("1", "2", "3")):
            people.outcome("二版", user, True)
    with sqlite3.connect(people.path) as file:  # two thirds of B never reached the log
        file.execute("DELETE FROM users WHERE arm = 'B' AND good IS NULL")
    assert not people.result("二版").sound and people.result("二版").words.startswith("分组坏了")


def test_no_plan_gives_no_verdict(people):
    people.start("二版", rollout=0.5)
    enrol(people, "二版", USERS[:100], lambda user, arm: arm == "B")
    assert "没有事先定人数" in people.result("二版").words


def test_writers_wait_for_each_other_and_the_file_names_nobody(people):
    people.start("二版", rollout=0.5)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda part: enrol(people, "二版", USERS[part::4][:40]), range(4)))
    assert sum(people.result("二版").enrolled) == 160
    assert b"user1" not in people.path.read_bytes()


BAD = [
    (lambda e: arm("", "x"), "no name"),
    (lambda e: arm("\ud800", "x"), "UTF-8"),
    (lambda e: arm("u", "x", 1.5), "no share"),
    (lambda e: arm("u", "x", float("nan")), "no share"),
    (lambda e: arm(7, "x"), "not text"),
    (lambda e: needed(0.5, 0.5), "no difference"),
    (lambda e: needed(0.5, 1), "no share"),
    (lambda e: needed(0.5, 0.5000001), "more than"),
    (lambda e: experiment.power(0.5, 0.6, 0), "positive"),
    (lambda e: experiment.srm([1], [1]), "two arms"),
    (lambda e: experiment.srm([1, -1], [0.5, 0.5]), "no count"),
    (lambda e: experiment.srm([0, 0], [0.5, 0.5]), "two arms"),
    (lambda e: contrast((5, 1), (4, 4)), "more hits"),
    (lambda e: looked(3, users=100), "divide"),
    (lambda e: looked(0), "not an integer"),
    (lambda e: alarms(looked(2, users=10, runs=3), (2.0,)), "one limit"),
    (lambda e: bounds(10, "pockock"), "close: pocock"),
    (lambda e: serve("bandit"), "no name"),
    (lambda e: serve("split", (0.1, 0.2, 0.3)), "not two arms"),
    (lambda e: e.start("甲"), "started before"),
    (lambda e: e.start("乙", rollout=0), "no share"),
    (lambda e: e.start("乙", need=0), "no number"),
    (lambda e: e.raise_to("甲", 0.05), "lose the new"),
    (lambda e: e.arm("丙", "u"), "no experiment"),
    (lambda e: e.outcome("甲", "nobody", True), "never assigned"),
    (lambda e: e.outcome("甲", "u", "yes"), "neither"),
    (lambda e: [e.arm("甲", "u"), e.outcome("甲", "u", True), e.outcome("甲", "u", False)], "another outcome"),
    (lambda e: e.result("甲"), "nobody came"),
]


@pytest.mark.parametrize(("call", "says"), BAD, ids=[f"{k}" for k in range(len(BAD))])
def test_bad_input(people, call, says):
    people.start("甲", rollout=0.1)
    with pytest.raises(BadInput) as caught:
        call(people)
    assert says in str(caught.value)


def test_an_empty_file_of_experiments_says_so_and_another_file_stays(tmp_path):
    with pytest.raises(UnknownName, match="none was started"):
        Enrolment(tmp_path / "a.sqlite").result("甲")
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"not a database, but long enough to be read as one" * 20)
    with pytest.raises(CannotLoad):
        Enrolment(other)
    assert other.read_bytes().startswith(b"not a database")
