"""The real package ChatTTS 0.2.5 on a checkpoint of random weights. Its packages are not in the base environment.

`make test` installs them into a folder of their own (requirements.txt beside this file) and `test_chattts_package.py`
runs the tests of this folder with them; without the package they are not collected.
"""

import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

collect_ignore_glob = [] if find_spec("ChatTTS") else ["test_*.py"]


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A folder for AIGC_MODELS_DIR with a random checkpoint in it."""
    from aigc_kit.models import compat

    compat.bypass_broken_torchaudio()
    sys.path.insert(0, str(Path(__file__).parent))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tiny

        folder = tmp_path_factory.mktemp("models")
        tiny.build(folder)
    return folder


@pytest.fixture(scope="session")
def loaded(models):
    """The engine on that checkpoint, loaded once."""
    import torch

    from aigc_kit import cards
    from aigc_kit.make.speech.engines.chattts import ChatTTSEngine

    torch.set_num_threads(1)
    return ChatTTSEngine(cards.get("chattts"), models / "chattts")


@pytest.fixture
def engine(loaded):
    """The engine, with its limit of tokens as it was."""
    before = loaded.most_tokens
    yield loaded
    loaded.most_tokens = before


@pytest.fixture(scope="session")
def chat(loaded):
    """The package's own object."""
    return loaded._chat
