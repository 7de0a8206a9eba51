"""A torchaudio that cannot load beside this torch: named, gone round, and never in the way of other imports."""

import os
import subprocess
import sys
import textwrap

import pytest

from aigc_kit.models import compat


def test_the_build_of_torch_is_read_without_importing_it():
    code = "import sys\nfrom aigc_kit.models import compat\nprint(compat.torch_build(), 'torch' in sys.modules)"
    build, loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    import torch

    assert build.split("+")[0] == torch.__version__.split("+")[0]
    assert ("+cpu" in build) == (torch.version.cuda is None)
    assert loaded == "False"


BROKEN_TORCHAUDIO = {
    "torchaudio/__init__.py": "from torchaudio import _extension\nREADY = _extension._IS_TORCHAUDIO_EXT_AVAILABLE\n",
    "torchaudio/_extension/__init__.py": "raise OSError('libc10_cuda.so: cannot open shared object file')\n",
    "torchaudio-2.11.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: torchaudio\nVersion: 2.11.0\n",
}


@pytest.fixture
def broken_torchaudio(tmp_path):
    """A folder for PYTHONPATH with a torchaudio that fails to load as the CUDA build does beside a CPU torch."""
    for name, text in BROKEN_TORCHAUDIO.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def run_beside(folder, code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )


@pytest.mark.skipif("+cpu" not in (compat.torch_build() or ""), reason="the mismatch exists beside a CPU torch only")
def test_a_cuda_torchaudio_beside_a_cpu_torch_is_named_and_gone_round(broken_torchaudio):
    plain = run_beside(broken_torchaudio, "import torchaudio")
    assert "libc10_cuda.so" in plain.stderr, "the fixture must fail as the real package does"
    told = run_beside(
        broken_torchaudio,
        """
        from aigc_kit.models import compat
        print(compat.torchaudio_mismatch())
        print(compat.bypass_broken_torchaudio(), compat.bypass_broken_torchaudio())
        import torchaudio
        print(torchaudio.READY)
        """,
    )
    assert told.returncode == 0, told.stderr
    words = told.stdout.splitlines()
    assert "torchaudio 2.11.0 is a CUDA build beside torch" in words[0]
    assert words[1:] == ["True True", "False"]


def test_without_torchaudio_nothing_is_bypassed():
    from importlib.util import find_spec

    if find_spec("torchaudio"):
        pytest.skip("torchaudio is installed here")
    assert compat.torchaudio_mismatch() is None
    assert compat.bypass_broken_torchaudio() is False


@pytest.mark.parametrize(
    ("audio", "build", "words"),
    [
        ("2.5.1+cu124", "2.13.0+cu126", "built for another torch"),
        ("2.8.0", "2.8.0+cu126", None),
        ("2.11.0", "2.13.0+cu126", None),
        ("2.11.0+cpu", "2.13.0+cpu", None),
    ],
)
def test_versions_that_fit_and_that_do_not(monkeypatch, audio, build, words):
    monkeypatch.setattr(compat, "version", lambda name: audio)
    monkeypatch.setattr(compat, "torch_build", lambda: build)
    told = compat.torchaudio_mismatch()
    assert told is None if words is None else words in told


def test_the_allocator_is_set_under_both_names_before_torch_loads():
    code = (
        "import os, sys; from aigc_kit.models import compat; seen = compat.set_allocator()\n"
        "print(seen, 'torch' in sys.modules, *(os.environ.get(name) for name in compat.ALLOCATOR))\n"
        "import torch; print(compat.set_allocator())"
    )
    clean = {name: value for name, value in os.environ.items() if name not in compat.ALLOCATOR}

    def run(**more):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**clean, **more}, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    grows = "expandable_segments:True"
    assert run() == ["True", "False", grows, grows, "False"]
    own = "max_split_size_mb:64"
    assert run(PYTORCH_CUDA_ALLOC_CONF=own) == ["True", "False", own, own, "False"]


@pytest.mark.parametrize(("names", "name"), [("past_key_values", "past_key_values"), ("cache", "cache")])
def test_a_model_gets_its_cache_under_the_name_it_has(names, name):
    """transformers 5.24 renamed it, model by model, and warns of the old name until 5.40."""
    kind = type("Model", (), {"forward": eval(f"lambda self, ids, {names}=None: None")})
    assert compat.with_cache(kind(), "kept") == {name: "kept"}


def test_what_the_canary_tells(capsys):
    from tests.canary import changes, failures

    report = "FAILED tests/a.py::b[x - y] - TypeError: f() got x\nERROR tests/c.py::d - requests.Timeout: z\n"
    report += "FAILED tests/e.py::f\n"
    assert failures(report) == {"TypeError": 1, "Timeout": 1, "AssertionError": 1}
    assert changes({"torch": "2.13.0", "numpy": "2.4.6"}, {"torch": "2.14.1", "numpy": "2.4.6"}) == [
        ("torch", "2.13.0", "2.14.1")
    ]
