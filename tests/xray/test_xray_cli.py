"""`aigc xray` on the command line: what it prints, that known models need no torch, and its errors."""

import json
import subprocess
import sys

import pytest

from aigc_kit.cli import main
from aigc_kit.memory.footprint import cached, predict
from tests.xray.pipelines import RECIPES, save


def shown(capsys, *arguments):
    status = main(["xray", *arguments])
    return status, capsys.readouterr()


def test_steps_in_float32_get_words_and_no_seconds(capsys):
    asked = ("sdxl", "--height", "1024", "--width", "1024", "--gpu", "RTX4090", "--dtype")
    _, single = shown(capsys, *asked, "fp32")
    assert "no estimate of seconds in float32" in single.out and "NVIDIA data sheet" not in single.out
    _, chinese = shown(capsys, *asked, "fp32", "--lang", "zh")
    assert "FP32 不估用时" in chinese.out
    _, half = shown(capsys, *asked, "fp16")
    assert "no estimate" not in half.out and "NVIDIA data sheet" in half.out
    _, record = shown(capsys, *asked, "fp32", "--json")
    assert json.loads(record.out)["seconds"] is None


def test_json_has_what_is_promised(capsys):
    status, printed = shown(capsys, "sdxl", "--height", "1024", "--width", "1024", "--dtype", "fp16", "--json")
    found = json.loads(printed.out)
    expected = predict(cached("sdxl", 1024, 1024, dtype="fp16"))
    assert status == 0 and found["seconds"] is None and found["traced"] == "before"
    assert found["weights_bytes"]["unet"] == 2 * 2_567_463_684
    assert [p["name"] for p in found["phases"]] == ["text_encoder", "text_encoder_2", "denoise", "decode"]
    assert all(p["peak_allocated_bytes"] > 0 and p["setter"] for p in found["phases"])
    assert found["peak_allocated_bytes"] == max(p["peak_allocated_bytes"] for p in found["phases"])
    assert found["peak_reserved_bytes"] == expected.reserved_bytes and found["flops"] > 10**14
    low, high = found["interval"]
    assert low < found["peak_reserved_bytes"] < high


def test_text_says_whether_it_fits(capsys):
    _, printed = shown(capsys, "sdxl", "--vram", "80GiB", "--gpu", "A100-80G")
    assert "fits in 80.0 GiB" in printed.out and "2,567,463,684" in printed.out and "predicted" in printed.out
    _, printed = shown(capsys, "sdxl", "--vram", "4GiB", "--lang", "zh")
    assert "4.00 GiB 显存放不下" in printed.out
    _, offloaded = shown(capsys, "sdxl", "--placement", "sequential", "--vae-tiling", "--batch", "1", "--vram", "12GiB")
    assert "fits in 12.0 GiB" in offloaded.out


def test_a_part_can_be_quantised_and_placed_alone(capsys):
    options = ("--quant", "transformer=nf4", "--place", "text_encoder_2=cpu", "--vram", "12GiB", "--json")
    _, printed = shown(capsys, "flux.1-dev", *options)
    found = json.loads(printed.out)
    plain = predict(cached("flux.1-dev", 1024, 1024, dtype="bf16"))
    assert found["placement"]["text_encoder_2"] == "cpu" and found["vram_bytes"] == 12 * 2**30
    assert found["peak_allocated_bytes"] < plain.allocated_bytes / 2 and found["verdict"] in ("fits", "may fit")


def test_a_folder_is_traced_now(capsys, tmp_path):
    folder = save(RECIPES["sdxl"], tmp_path)
    status, printed = shown(capsys, str(folder), "--height", "96", "--width", "64", "--lora", "2", "--json")
    found = json.loads(printed.out)
    assert status == 0 and found["traced"] == "now" and found["phases"][-1]["dtype"] == "float32"
    assert sum(found["weights_bytes"].values()) > 0


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["sdxl", "--frames", "0"], "frames=0"),
        (["sdxl", "--height", "-8"], "height=-8"),
        (["sdxl", "--dtype", "fp128"], "fp128"),
        (["sdxl", "--placement", "orbit"], "orbit"),
        (["sdxl", "--attention", "magic"], "magic"),
        (["sdxl", "--vram", "8G"], "GiB"),
        (["sdxl", "--gpu", "Abacus"], "Abacus"),
        (["no-such-model"], "no-such-model"),
        (["sdxl", "--gpu", "T4", "--steps", "1000000000"], "1000000000"),
        (["sdxl", "--quant", "unet"], "PART=HOW"),
        (["sdxl", "--quant", "ghost=nf4"], "ghost"),
        (["sdxl", "--place", "unet=moon"], "moon"),
        (["sdxl", "--quant", "unet=q3"], "['fp8', 'int8', 'int8wo', 'nf4']"),
        (["sdxl", "--context", "100"], "--context"),
        (["sdxl", "--weights", "Q4_0"], "--weights"),
        (["sdxl", "--checkpointing", "--keep", "vae"], "--checkpointing, --keep"),
        (["sdxl", "--train", "lora", "--quant", "unet=nf4", "--attention", "math"], "--attention, --quant"),
    ],
)
def test_bad_input_ends_with_a_clear_error(capsys, arguments, words):
    status, printed = shown(capsys, *arguments)
    assert status == 2 and words in printed.err and "what to do:" in printed.err


def test_a_known_model_needs_no_torch():
    code = (
        "import sys; from aigc_kit.cli import main; main(['xray', 'sdxl', '--json']);"
        "print('torch' in sys.modules or 'numpy' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr.strip() == "False" and json.loads(done.stdout)["model"] == "sdxl"
