"""Figures are sharp on a projector, and every one of them is drawn by a test (conftest.py measures their labels)."""

import ast
import io
import re
from pathlib import Path

from PIL import Image

from aigc_kit.teach.show import embed, plots

ROOT = Path(__file__).parents[1]
TEACH = ROOT / "aigc_kit" / "teach"


def figure_functions() -> dict[str, str]:
    """Public function that returns a Picture -> its file."""
    functions = {}
    for path in set(TEACH.rglob("*.py")) - {TEACH / "show" / "readme.py"}:  # pictures of a page that is not projected
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            returns = isinstance(node, ast.FunctionDef) and node.returns is not None and ast.unparse(node.returns)
            if returns in ("Picture", "plots.Picture") and not node.name.startswith("_"):
                functions[node.name] = path.name
    return functions


def test_every_figure_is_drawn_by_a_test():
    functions = figure_functions()
    assert len(functions) > 30
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name in functions if not re.search(rf"\b{name}\b", tests)] == []


def test_the_bottle_is_drawn_from_two_sides():
    from aigc_kit.teach import lab05

    assert [row["turn"] for row in lab05.bottle(size=60).rows] == [20, 150]


def test_a_figure_is_twice_as_sharp_as_it_is_shown_and_has_its_full_colours():
    figure, (axis,) = plots.canvas(width=4, height=2, tight=False)
    axis.imshow([[0.0, 0.1, 0.2, 0.9]], cmap="magma", aspect="auto")
    bundle, metadata = plots.Picture(figure, "bars")._repr_mimebundle_()
    image = Image.open(io.BytesIO(bundle["image/png"]))
    assert metadata["image/png"]["width"] == 4 * 96 and image.size == (8 * 96, 4 * 96)
    assert image.mode in ("RGB", "RGBA"), "a palette would dither"


def test_controls_stand_beneath_an_enlarged_clip():
    html = embed.clip("data:,v", "data:,p", (320, 180), "<猫>")
    height = int(re.search(r"height:(\d+)px", html)[1])
    assert height == 180 + embed.CONTROLS and "object-position:top" in html
    assert "image-rendering:pixelated" in html and "<猫>" not in html
