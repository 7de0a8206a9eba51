"""What means nothing for a kind of model is refused wherever a plan is made, in Python as on the command line."""

from importlib import import_module

import pytest

from aigc_kit import cards
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make.run import resolve as plan

LAPTOP = Budget("cpu", "a laptop", 16 * GIB, 16 * GIB, 16 * GIB, 100 * GIB)
SHIPPED = {"text": "poem", "speech": "baker", "image": "tinysdxl", "video": "tinywan"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("text", one) for one in ("height=5", "frames=1", "fps=8", "steps=4", "guidance=7.5", "negative='fog'")),
        *(("speech", one) for one in ("width=64", "frames=5", "steps=4", "guidance=0", "negative=''")),
        *(("speech", one) for one in ("temperature=0.5", "top_p=0.9", "top_k=20")),  # of ChatTTS, which draws
        ("image", "fps=8"),
    ],
)
def test_plan_for_refuses_an_option_that_would_do_nothing(kind, value):
    name, _, text = value.partition("=")
    with pytest.raises(BadInput, match=rf"(?s)asked: {value} for {SHIPPED[kind]}.*no such choice.*leave it out"):
        import_module(f"aigc_kit.make.{kind}").plan_for("春风", card=SHIPPED[kind], **{name: eval(text)})


DRAWN = {"negative", "height", "width", "frames", "fps", "steps", "guidance"}
PLACED = {"dtype", "attention", "placement", "text_on_cpu", "vae_slicing", "vae_tiling", "policy"}
DRAW = {"temperature", "top_p", "top_k"}
VALUES = {"negative": "fog", "height": 64, "width": 64, "frames": 1, "fps": 8, "steps": 2, "guidance": 2.0}
VALUES |= {"dtype": "float32", "attention": "sdpa", "placement": "resident", "text_on_cpu": False, "policy": "kit"}
VALUES |= {"vae_slicing": False, "vae_tiling": False, "max_new_tokens": 5, "engine": "transformers"}
VALUES |= {"temperature": 0.5, "top_p": 0.9, "top_k": 20, "seed": 3, "batch": 1}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("smollm2-135m", DRAWN | PLACED),
        ("baker", DRAWN | PLACED | {"max_new_tokens", "engine"} | DRAW),
        ("chattts", DRAWN | PLACED | {"max_new_tokens", "engine"}),
        ("tinysdxl", {"fps", "max_new_tokens", "engine"}),
        ("tinywan", {"max_new_tokens", "engine"}),
    ],
)
def test_a_plan_refuses_what_its_kind_of_model_has_no_use_for(name, wanted):
    refused = set()
    for option, value in VALUES.items():
        try:
            plan(Request(name, "hello").change(**{option: value}), LAPTOP, cards.get(name))
        except BadInput as error:  # a height without a width, say, is refused for another reason
            refused |= {option} if "no such choice" in error.found else set()
    assert refused == wanted
