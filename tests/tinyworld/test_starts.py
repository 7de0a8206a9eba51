"""Where clips begin: marks are few, on the grid, and nothing that a clip anywhere could not show."""

import random
from itertools import product

import numpy as np
import pytest

from aigc_kit.worlds.tinyworld.motion import MOTIONS, ClipSpec, film, path
from aigc_kit.worlds.tinyworld.starts import CELL, EDGE, HALF, Anywhere, Marks

SIZES = ((64, 64), (64, 112), (96, 88), (480, 832))


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_marks_lie_within_what_anywhere_draws(height: int, width: int) -> None:
    wide, tall = Anywhere(random.Random(1)), [Marks(random.Random(k), height, width) for k in range(60)]
    drawn = np.array([wide.place() for _ in range(3000)])
    slack = 0.01
    for marks in tall:
        place = np.array(marks.place())
        assert (place >= drawn.min(0) - slack).all() and (place <= drawn.max(0) + slack).all()
        for across in (False, True):
            far = marks.far(across)
            assert 0.2 <= far <= 0.34
            middle = marks.middle(far, across)
            assert middle - far / 2 >= EDGE and middle + far / 2 <= 1 - EDGE


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_marks_are_whole_cells_apart(height: int, width: int) -> None:
    places = {Marks(random.Random(k), height, width).place() for k in range(400)}
    columns, rows, halves = (sorted({place[axis] for place in places}) for axis in range(3))
    assert [len(columns), rows, halves] == [2, [0.5], [HALF]]
    assert np.diff(columns) * width == pytest.approx([2 * CELL])
    marks = Marks(random.Random(0), height, width)
    assert marks.far(True) * width % CELL == pytest.approx(0)
    assert marks.far(False) * height % CELL == pytest.approx(0)


def test_what_has_no_mark_is_in_the_middle_of_its_range() -> None:
    assert Marks(random.Random(0), 64, 64).between(2.0, 8.0) == 5.0
    assert len({Anywhere(random.Random(k)).between(2.0, 8.0) for k in range(9)}) == 9


def test_each_motion_begins_at_few_marks_and_anywhere_at_many() -> None:
    for motion in MOTIONS:
        spec = ClipSpec("donut", "red", "sea", "day", motion)
        few = {tuple(path(spec, 5, Marks(random.Random(k), 64, 64))) for k in range(200)}
        assert len(few) <= 4
        assert len({tuple(path(spec, 5, Anywhere(random.Random(k)))) for k in range(200)}) == 200


@pytest.mark.parametrize("seed", range(4))
def test_marked_clips_are_repeatable_and_differ_from_free_ones(seed: int) -> None:
    spec = ClipSpec("cup", "blue", "plain", "day", ("left", "up", "grow", "bounce")[seed])
    first = film(spec, 9, seed=seed, marked=True)
    assert (first == film(spec, 9, seed=seed, marked=True)).all()
    assert (first != film(spec, 9, seed=seed)).any()


def test_travel_moves_the_subject_by_whole_cells() -> None:
    for motion, (height, width) in product(("left", "right", "up", "down"), SIZES[:2]):
        actors = path(ClipSpec("ball", "red", "plain", "day", motion), 17, Marks(random.Random(3), height, width))
        shift = (actors[-1].x - actors[0].x) * width, (actors[-1].y - actors[0].y) * height
        size = {64: 16, 112: 32}[width] if motion in ("left", "right") else 16
        way = {"left": (-size, 0), "right": (size, 0), "up": (0, -size), "down": (0, size)}[motion]
        assert shift == pytest.approx(way)
