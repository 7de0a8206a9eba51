"""Plans from the traces that ship with the kit: without torch, and under the same pressure as by rule."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis.strategies import floats, sampled_from

from aigc_kit import cards, footprint
from aigc_kit.cli import main
from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Request
from aigc_kit.core.units import GIB, parse_bytes
from aigc_kit.make.run import resolve as plan
from aigc_kit.memory.plan import MARGIN, machines
from aigc_kit.memory.plan.search import order

ALWAYS = ("sdxl", "sd15", "wan2.1-1.3b")
MODELS = (*ALWAYS, *(name for name in ("wan2.1-14b",) if name in footprint.known()))
WEIGHTS = {  # parameters counted elsewhere, two bytes each; the video decoder stays in float32
    "sdxl": 2 * (2_567_463_684 + 83_653_863 + 123_060_480 + 694_659_840),
    "wan2.1-1.3b": 2 * (1_418_996_800 + 5_680_910_336) + 4 * 126_892_531,
}


def attempt(model, gib):
    try:
        return plan(Request(model, "a dog"), machines.a_gpu(int(gib * GIB), ram=128 * GIB), cards.get(model))
    except DoesNotFit:
        return None


def test_every_size_of_every_ladder_was_traced():
    assert set(ALWAYS) <= set(footprint.known())
    for model in MODELS:
        card = cards.get(model)
        for height, width in card.facts.ladder:
            for frames in card.facts.frames_ladder:
                larger = [s for s in footprint.sizes(model) if s[0] * s[1] >= height * width and s[2] >= frames]
                assert larger, f"{model} {height}x{width}x{frames}"


@pytest.mark.parametrize("model", sorted(WEIGHTS))
def test_weights_are_exact(model):
    made = attempt(model, 80)
    assert made.prediction["weights"].value == pytest.approx(WEIGHTS[model], rel=2e-3)  # layers kept in float32


@hypothesis_settings(max_examples=120)
@given(sampled_from(MODELS), floats(0.5, 80), floats(0, 40))
def test_under_pressure(model, gib, more):
    less, richer = attempt(model, gib), attempt(model, gib + more)
    if less is None:
        return
    assert richer is not None
    pair = [made.need for made in (less, richer)]
    assert order(pair[1]) <= order(pair[0])
    assert pair[0].prediction.safe_bytes <= MARGIN * gib * GIB


@pytest.mark.parametrize("model", MODELS)
def test_what_the_usual_cards_get(model):
    """More memory, never fewer pixels; the largest card takes the largest size, with everything in place."""
    volumes = []
    for gib in machines.CARDS_GIB:
        made = attempt(model, gib)
        request = made.request if made else None
        volumes.append(request.height * request.width * (request.frames or 1) if request else 0)
    height, width = cards.get(model).facts.ladder[0]
    largest = height * width * cards.get(model).facts.frames_ladder[0]
    assert volumes == sorted(volumes) and volumes[-1] == largest
    assert set(made.placement.values()) == {"cuda"} or model == "wan2.1-14b"


def test_the_command_needs_no_torch():
    code = (
        "import sys; from aigc_kit.cli import main\n"
        "status = main(['plan', 'sdxl', '--vram', '8GiB', '--json'])\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'numpy'}\n"
        "print('loaded', *sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
        "sys.exit(status)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stderr.split() == ["loaded"]
    said = json.loads(done.stdout)
    assert said["card"]["name"] == "sdxl" and said["budget"]["origin"] == "assumed"
    assert said["request"]["height"] == 1024 and said["prediction"]["peak"]["how"] == "predicted"


def test_the_command_in_words(capsys):
    assert main(["plan", "wan2.1-1.3b", "--vram", "12GiB", "--frames", "16", "--lang", "zh"]) == 0
    printed = capsys.readouterr().out
    assert "frames: 16 -> 17" in printed and "显存" in printed and "x17" in printed.splitlines()[-1]
    assert main(["plan", "sdxl", "--gpu", "rtx3060", "--height", "768", "--width", "768", "--dtype", "fp16"]) == 0
    printed = capsys.readouterr().out
    assert "768x768 as asked" in printed and "RTX3060" in printed and "seconds" in printed


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--vram", "8G"], 2, "8GiB"),
        (["--gpu", "GTX1"], 2, "RTX4090"),
        (["--vram", "8GiB", "--height", "1000", "--width", "1001"], 2, "multiple of 8"),
        (["--vram", "8GiB", "--batch", "0"], 2, "batch"),
        (["--vram", "8GiB", "--frames", "0"], 2, "frames"),
        (["--vram", "8GiB", "--dtype", "fp17"], 2, "fp17"),
        (["--vram", "0.5GiB"], 1, "free"),
        (["--vram", "8GiB", "--ram", "2GiB"], 1, "main memory"),
    ],
)
def test_what_the_command_refuses(arguments, status, words, capsys):
    assert main(["plan", "sdxl", *arguments]) == status
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 3


def test_what_does_not_fit_is_met_by_what_is_advised(capsys):
    size = ["--height", "1024", "--width", "1024", "--placement", "resident", "--dtype", "fp16"]
    assert main(["plan", "sdxl", "--vram", "6GiB", *size]) == 1
    advice = capsys.readouterr().err.partition("what to do: ")[2]
    whole = parse_bytes(advice.partition("take a machine with ")[2].partition(" of ")[0])
    enough = f"{int(whole * 1.006)}"  # which is printed with three digits
    assert main(["plan", "sdxl", "--vram", enough, *size]) == 0


def test_a_gpu_takes_bytes_or_a_size_in_words():
    assert machines.a_gpu("8GiB", ram="16 GiB") == machines.a_gpu(8 * GIB, ram=16 * GIB)
    assert machines.a_gpu(0, name="T4").free_bytes == 0  # no memory is not the memory of the card
    for wrong in ("8", "", -1, [8]):
        with pytest.raises(BadInput, match="size"):
            machines.a_gpu(wrong)
