"""Folders that look like models and want to run code: refused with an error, and nothing of them runs.

Each holds modules and pickles that leave a trace when they are imported or loaded; a sample without the kit shows that
the trap works.
"""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aigc_kit import cards
from aigc_kit.core.errors import AigcError, CannotLoad


class Trap:
    """A pickle that makes a folder when it is loaded."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "trace"


def module(trace: Path) -> str:
    return f"import os\nos.mkdir({str(trace)!r})\nclass Evil: pass\n"


def text_folder(folder: Path, trace: Path, **config) -> Path:
    folder.mkdir()
    (folder / "evil.py").write_text(module(trace))
    auto = dict.fromkeys(("AutoConfig", "AutoModelForCausalLM", "AutoModel"), "evil.Evil")
    plain = {"model_type": "llama", "hidden_size": 8, "vocab_size": 8, "num_hidden_layers": 1, "auto_map": auto}
    (folder / "config.json").write_text(json.dumps({**plain, **config}))
    tokens = {"auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}, "tokenizer_class": "Evil"}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokens))
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Trap(trace)))
    return folder


@pytest.mark.parametrize("config", [{"model_type": "evil"}, {}, {"auto_map": None}], ids=["type", "map", "pickle"])
def test_a_text_model_with_code_or_pickles(tmp_path, trace, config):
    from aigc_kit.make.text.engines.hf import TransformersEngine

    folder = text_folder(tmp_path / "model", trace, **config)
    with pytest.raises(CannotLoad):
        TransformersEngine(cards.get("poem"), folder)
    assert not trace.exists()


def test_a_terminal_is_not_asked_whether_to_run_code(tmp_path, trace):
    """transformers asks "run it? [y/N]" where the choice is left open; a learner who types y would have run it."""
    folder = text_folder(tmp_path / "model", trace, model_type="evil")
    code = (
        "import sys\nfrom aigc_kit import cards\nfrom aigc_kit.make.text.engines.hf import TransformersEngine\n"
        "TransformersEngine(cards.get('poem'), __import__('pathlib').Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, input="y\ny\n", capture_output=True, text=True, check=False)
    assert done.returncode and "CannotLoad" in done.stderr and "[y/N]" not in done.stdout + done.stderr
    assert not trace.exists()


def image_folder(folder: Path, trace: Path, monkeypatch, **changes) -> Path:
    """A pipeline whose parts name a module that lies in the folder, in the part's folder, and even on the path."""
    for place in (folder, folder / "unet", folder / "elsewhere"):
        place.mkdir(exist_ok=True)
        (place / "evil.py").write_text(module(trace))
    monkeypatch.syspath_prepend(folder / "elsewhere")
    index = {
        "_class_name": "StableDiffusionXLPipeline",
        "_diffusers_version": "0.42.1",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        **changes,
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "unet" / "config.json").write_text(json.dumps({"_class_name": "UNet2DConditionModel"}))
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps(Trap(trace)))
    return folder


@pytest.mark.parametrize(
    "changes",
    [
        {"unet": ["evil", "Evil"]},
        {"_class_name": ["evil", "Evil"]},
        {"feature_extractor": ["os", "system"]},
        {"unet": []},
        {},
    ],
    ids=["part", "pipeline", "installed module", "no class", "pickled weights"],
)
def test_an_image_model_with_code_or_pickles(tmp_path, trace, monkeypatch, changes):
    from aigc_kit.make.diffusion.loading import read_pipeline

    folder = tmp_path / "model"
    folder.mkdir()
    image_folder(folder, trace, monkeypatch, **changes)
    card = replace(cards.get("sdxl"), name="hostile")
    with pytest.raises(CannotLoad):
        read_pipeline(card, folder, {"unet": "float32"})
    assert not trace.exists() and "evil" not in sys.modules


@pytest.mark.parametrize("changes", [{"unet": ["evil", "Evil"]}, {"unet": ["os", "system"]}], ids=["own", "installed"])
def test_the_x_ray_of_a_hostile_folder(tmp_path, trace, monkeypatch, changes):
    from aigc_kit.memory.xray import trace as xray

    folder = tmp_path / "model"
    folder.mkdir()
    image_folder(folder, trace, monkeypatch, **changes)
    with pytest.raises(AigcError):
        xray(folder)
    assert not trace.exists() and "evil" not in sys.modules


def test_the_traps_work(tmp_path, trace, monkeypatch):
    """Without the kit: importing the module, or loading the pickle, leaves the trace."""
    pickle.loads(pickle.dumps(Trap(trace)))
    assert trace.exists()
    trace.rmdir()
    (tmp_path / "evil.py").write_text(module(trace))
    subprocess.run([sys.executable, "-c", "import evil"], cwd=tmp_path, check=True)
    assert trace.exists()
