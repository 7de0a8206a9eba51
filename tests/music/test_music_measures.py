"""Metrics agree with closed forms and another library, and move the right way when something is spoilt."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from aigc_kit.core.errors import BadInput
from aigc_kit.make.music import measures
from aigc_kit.teach.labs.lab07.obedience import field_of, held_tunes, reach
from aigc_kit.worlds.tunes import Note, Tune


def test_frechet_is_the_formula():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(80, 6)) @ rng.normal(size=(6, 6)), rng.normal(1, 2, (90, 6))
    one, two = np.cov(x.T) + 1e-6 * np.eye(6), np.cov(y.T) + 1e-6 * np.eye(6)
    truth = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(one + two - 2 * sqrtm(one @ two).real)
    assert measures.frechet(x, y) == pytest.approx(truth, rel=1e-6)
    assert measures.frechet(x, x) == pytest.approx(0, abs=1e-6)
    assert measures.frechet(x, x + 3) == pytest.approx(6 * 9, rel=1e-6)  # only the means differ


def test_it_grows_with_a_known_corruption():
    _, reference = held_tunes(40, seed=8)
    _, tunes = held_tunes(30, seed=9)
    table = np.stack([measures.tune_features(tune) for tune in reference])
    values = []
    for share in (0.0, 0.2, 0.5, 1.0):
        spoilt = [measures.spoil(tune, share, seed=k) for k, tune in enumerate(tunes)]
        values.append(measures.frechet(table, np.stack([measures.tune_features(tune) for tune in spoilt])))
    assert values == sorted(values) and values[-1] > 3 * values[0]


def test_spectral_distance_and_silence():
    tone = np.sin(np.arange(24000) * 0.1)
    noise = np.random.default_rng(0).normal(size=24000)
    found = [measures.spectral_distance(tone + size * noise, tone) for size in (0.0, 0.01, 0.1)]
    assert found[0] == 0 and found == sorted(found)
    assert measures.spectral_distance(2 * noise, noise) == pytest.approx(20 * np.log10(2), abs=0.01)
    assert measures.silent_share(np.r_[np.zeros(300), np.ones(100)]) == 0.75
    assert measures.silent_share(np.zeros(0)) == 1


def test_shared_runs_by_hand():
    scale = Tune((tuple(Note(60 + k, 4) for k in range(14)),), (1,), 90)
    longer = Tune((tuple(Note(60 + k, 4) for k in range(15)),), (1,), 90)
    other = Tune((tuple(Note(61 + k, 2) for k in range(14)),), (1,), 90)
    assert measures.shared_runs([scale], [longer]) == 1
    assert measures.shared_runs([longer], [scale]) == 0.75
    assert measures.shared_runs([other], [scale]) == 0
    assert measures.shared_runs([Tune(((Note(60, 4),),), (1,), 90)], [scale]) == 0


def test_a_receptive_field_is_measured():
    def layer(wave, gap=3):
        padded = np.pad(wave, (2 * gap, 0))
        return padded[2 * gap :] + padded[gap:-gap] - padded[: -2 * gap]

    assert reach(layer, 32) == field_of(3, [3]) == 7
    assert reach(lambda wave: layer(layer(wave), 1), 32) == field_of(3, [3, 1]) == 9


@pytest.mark.parametrize(
    "pair",
    [
        (np.ones((1, 3)), np.ones((5, 3))),
        (np.ones((5, 3)), np.ones((5, 2))),
        (np.ones((5, 3)) * np.nan, np.ones((5, 3))),
    ],
)
def test_bad_tables_are_refused(pair):
    with pytest.raises(BadInput):
        measures.frechet(*pair)


def test_too_little_is_refused():
    with pytest.raises(BadInput):
        measures.tune_features(Tune((), (), 90))
    with pytest.raises(BadInput):
        measures.spectral_distance(np.zeros(10), np.zeros(10))
