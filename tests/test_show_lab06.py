"""Lab 06 against counting by hand: masks, drawings, memory, bad pictures; what is shown has its numbers."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from aigc_kit import BadInput
from aigc_kit.teach import lab06
from aigc_kit.teach.labs.lab06 import canvas, figures, looks, memory, own, scratch
from aigc_kit.worlds import tinyworld
from aigc_kit.worlds.tinyworld.spec import Spec


def test_iou_by_hand():
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    one[:2], other[1:3] = True, True
    assert lab06.iou(one, other) == 4 / 12
    assert lab06.iou(one, one) == 1.0 and lab06.iou(one, ~one) == 0.0


@pytest.mark.parametrize("subject", ["heart", "star", "fish", "puppy", "donut"])
def test_the_subject_is_found_by_its_colours(subject):
    spec = Spec(subject=subject, colour="blue", scene="plain", style="flat", light="day", size="medium")
    picture, mask = tinyworld.render_with_mask(spec, 128, 128, seed=4)
    assert lab06.iou(lab06.subject_of(picture), mask) > 0.93  # donut: its hole is filled


def test_nothing_is_found_where_nothing_is():
    spec = Spec(subject="star", colour="blue", scene="plain", style="flat", light="day")
    picture, mask = tinyworld.render_with_mask(spec, 128, 128, seed=4)
    bare = np.where(mask[..., None], picture[0, 0], picture).astype(np.uint8)
    assert lab06.subject_of(bare).mean() < 0.02


def test_the_corner_folds_and_unfolds():
    pictures, classes = lab06.corner(8)
    assert pictures.shape == (8, 16, 16, 3) and classes.tolist() == [0, 1, 2, 3] * 2
    inputs = lab06.folded(pictures)
    assert inputs.shape == (8, 12, 8, 8)
    assert np.array_equal(lab06.unfolded(inputs), pictures)
    assert sum(p.numel() for p in scratch.mini_unet().parameters()) < 1_000_000


def test_one_drawing_becomes_many_pictures():
    many, captions = lab06.scattered(lab06.mushroom(), "蘑菇", count=6, seed=1)
    same, _ = lab06.scattered(lab06.mushroom(), "蘑菇", count=6, seed=1)
    assert many.shape == (6, 128, 128, 3) and many.dtype == np.uint8 and np.array_equal(many, same)
    assert all("蘑菇" in line and "圆球" not in line for line in captions)
    red = (many[..., 0].astype(int) - many[..., 1:].max(-1) > 60).mean((1, 2))
    assert (red > 0.01).all()  # its cap is to be seen in each


BLANK = np.full((128, 128, 3), 255, np.uint8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lab06.scattered(BLANK, "蘑菇"), "pixels are drawn"),
        (lambda: lab06.scattered(lab06.mushroom(), " "), "the word is empty"),
        (lambda: lab06.brought([], []), "too few"),
        (lambda: lab06.brought([lab06.mushroom()], ["一"]), "too few"),
        (lambda: lab06.brought([lab06.mushroom()] * 2, ["一", "二"]), "the same"),
        (lambda: lab06.brought([lab06.mushroom(), BLANK], ["一"]), "1 captions"),
        (lambda: lab06.brought([BLANK] * 201, ["一"] * 201), "too many"),
        (lambda: lab06.picture_of(b""), "no picture"),
        (lambda: lab06.picture_of(b"\x89PNG\r\n\x1a\n" + b"\0" * 40), "no picture"),
        (lambda: lab06.picture_of("nowhere.png"), "no picture"),
        (lambda: lab06.picture_of(np.zeros((2, 2, 7), np.uint8)), "no picture"),
        (lambda: lab06.picture_of(np.full((4, 4), np.nan)), "no picture"),
        (lambda: lab06.picture_of(3), "no picture"),
    ],
)
def test_bad_drawings_are_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "CMYK", "I;16"])
@pytest.mark.parametrize("size", [(128, 128), (31, 400), (1, 1)])
def test_pictures_of_every_size_and_mode_are_read(mode, size):
    image, file = Image.new("L", size, 30), io.BytesIO()
    image = Image.new("I;16", size, 300) if mode == "I;16" else image.convert(mode)
    image.save(file, "TIFF")
    page = lab06.picture_of(file.getvalue())
    assert page.shape == (128, 128, 3) and page.dtype == np.uint8


def test_what_is_transparent_is_paper():
    image, file = Image.new("RGBA", (128, 128), (0, 0, 0, 0)), io.BytesIO()
    image.save(file, "PNG")
    assert not canvas.drawn(lab06.picture_of(file.getvalue())).any()


def address(page):
    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG")
    return canvas.PREFIX + base64.b64encode(file.getvalue()).decode()


def test_the_canvas_takes_drawings_and_nothing_else():
    board = canvas.Canvas(lab06.mushroom(), "示例")
    drawing = BLANK.copy()
    drawing[40:80, 40:80] = (200, 0, 0)
    for junk in ("", "data:text/html,<script>", canvas.PREFIX + "???", canvas.PREFIX + "QUFB", address(BLANK)):
        board.take(junk)
        assert not board.is_own and np.array_equal(board.picture, lab06.mushroom())
    board.take(address(drawing))
    assert board.is_own and np.array_equal(board.picture, drawing)
    assert canvas.drawn(board.picture).sum() == 1600
    board.take(address(BLANK))  # cleared: the example again
    assert not board.is_own


def test_holes_of_a_drawn_outline_are_filled():
    page = BLANK.copy()
    page[20:90, 20:90] = 0
    page[25:85, 25:85] = 255
    assert canvas.drawn(page).sum() == 70 * 70


def test_new_styles_and_the_rocket_are_drawn_from_their_seed():
    spec = Spec(subject="cat", colour="red", scene="city", style="flat", light="day")
    blue, red = looks.in_look("blueprint", spec, 3), looks.in_look("papercut", spec, 3)
    assert blue.shape == red.shape == (128, 128, 3)
    assert blue[..., 2].mean() > blue[..., 0].mean() + 40 and red[..., 0].mean() > red[..., 2].mean() + 40
    assert np.array_equal(looks.with_subject(looks.rocket(), spec, 3), looks.with_subject(looks.rocket(), spec, 3))


def test_memory_of_training_by_hand():
    need = lab06.kept(1000, 10)
    assert (need.weights, need.gradients, need.optimiser, need.total) == (2040, 40, 80, 2160)


def test_saved_activations_of_one_layer_by_hand():
    import torch

    layer, inputs = torch.nn.Linear(8, 4, bias=False), torch.ones(16, 8)
    assert memory.saved_activations(lambda: layer(inputs).square().sum()) == 16 * 8 * 4 + 16 * 4 * 4


def test_sdxls_weights_are_counted_from_its_configs():
    counts = lab06.sdxl_counts(8)
    assert counts["unet"] == 2_567_463_684  # as its model card and diffusers say
    assert 0.003 < counts["lora"] / counts["unet"] < 0.006
    rows = lab06.sdxl_table().rows
    assert rows[1]["kept"].total == 16 * counts["unet"]


def test_curves_and_sheets_have_their_numbers():
    picture = lab06.curve({"a": [1.0] * 30, "b": [2.0] * 30})
    assert [(row["run"], row["last"]) for row in picture.rows] == [("a", pytest.approx(1)), ("b", pytest.approx(2))]
    assert lab06.sheet({"x": np.zeros((3, 8, 8, 3), np.uint8), "y": np.zeros((2, 8, 8), bool)}).rows[1]["pictures"] == 2
    row = lab06.shares({"all": (9, 12)}, "t").rows[0]
    assert (row["share"], row["count"]) == (0.75, 12) and row["low"] < 0.75 < row["high"]
    assert np.allclose(figures.smooth([3.0, 1.0]), [3.0, 2.0])


def test_obedience_counts_iou():
    spec = Spec(subject="heart", colour="red", scene="plain", style="flat", light="day")
    page, mask = tinyworld.render_with_mask(spec, 128, 128, seed=1)
    rows = lab06.obedience({0.0: page[None], 1.0: page[None]}, [mask]).rows
    assert [row["scale"] for row in rows] == [0.0, 1.0] and rows[0]["mean"] == rows[1]["mean"] > 0.95


def test_captions_of_a_new_subject():
    assert own.caption(Spec(scene="sea", colour="red", style="oil"), "火箭") == "一个火箭，在海边"


def test_the_table_of_trainings_says_what_fits():
    """Traced needs: 8-bit states and checkpointing only save, LoRA fits where full training does not."""
    from aigc_kit.teach.labs import lab06

    rows = lab06.fitting("sdxl", 16).rows
    need = {(r["method"], r["optimizer"], r["checkpointing"]): r["device"] for r in rows}
    assert need["lora", "adamw", True] < need["lora", "adamw", False]
    assert need["full", "adamw8bit", True] < need["full", "adamw", True] < need["full", "adamw", False]
    assert all(r["fits"] is (r["device"] <= 16 * 10**9) for r in rows)
    assert any(r["fits"] for r in rows) and not all(r["fits"] for r in rows)


def test_the_dials_of_trainings_leave_a_picture(capsys):
    from aigc_kit.teach.labs import lab06

    lab06.afford("sd15", 8)
