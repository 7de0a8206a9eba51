"""The setup of a hosted notebook, for real in a small environment: torch stays, the rest comes, caches last."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from aigc_kit import setup as hosted
from aigc_kit.core.errors import BadInput

ROOT = Path(__file__).parents[2]
BACKEND = """
import zipfile
NAME = "aigc_sample-1.0"
def get_requires_for_build_editable(config_settings=None): return []
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = NAME + "-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr(NAME + ".dist-info/METADATA",
                       "Metadata-Version: 2.1\\nName: aigc-sample\\nVersion: 1.0\\nRequires-Dist: torch>=9\\n")
        wheel.writestr(NAME + ".dist-info/WHEEL",
                       "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(NAME + ".dist-info/RECORD", "")
    return name
"""


def wheel(folder: Path, name: str, version: str, *requires: str) -> None:
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A hosted machine: an environment with an old torch, a persistent folder, a clone, an index of files."""
    root = tmp_path_factory.mktemp("hosted")
    index, clone, lasting = root / "index", root / "lasting" / "clone", root / "lasting"
    for folder in (index, clone, lasting / "wheels"):
        folder.mkdir(parents=True)
    wheel(index, "torch", "2.8.0")
    wheel(index, "torch", "9.1.0")
    wheel(index, "needs_torch", "1.0", "torch>=2")
    wheel(index, "needs_torch", "2.0", "torch>=2")
    wheel(lasting / "wheels", "only_on_the_stick", "3.0")
    (clone / "backend.py").write_text(BACKEND)
    (clone / "constraints.txt").write_text("# tested\ntorch==9.1.0\nneeds_torch==1.0\nonly_on_the_stick==3.0\n")
    (clone / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "aigc-sample"\nversion = "1.0"\n'
        'dependencies = ["torch>=9", "needs_torch", "only_on_the_stick"]\n'
    )
    subprocess.run([sys.executable, "-m", "venv", str(root / "venv")], check=True)
    python = root / "venv" / "bin" / "python"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "AIGC_", "IPYTHON"))}
    env = {**plain, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_CONFIG_FILE": os.devnull}
    env |= {"HOME": str(root / "home"), "PYTHONPATH": str(ROOT)}
    subprocess.run([python, "-m", "pip", "install", "-q", "torch==2.8.0"], check=True, env=env)
    code = f"import json\nfrom aigc_kit.setup import setup\nprint(json.dumps(setup({str(lasting)!r}, {str(clone)!r})))"
    done = subprocess.run([python, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], env=env, capture_output=True, check=True)
    versions = {row["name"].replace("-", "_"): row["version"] for row in json.loads(listed.stdout)}
    return root, json.loads(done.stdout), versions


@pytest.mark.skipif(sys.platform == "win32", reason="hosted notebooks run Linux")
def test_torch_stays_and_the_rest_is_the_tested_set(machine):
    _, _, versions = machine
    assert versions["torch"] == "2.8.0", "although the project asks for a newer one"
    assert versions["needs_torch"] == "1.0", "pinned, not the newest"
    assert versions["only_on_the_stick"] == "3.0", "from the wheels in the persistent folder"
    assert versions["aigc_sample"] == "1.0"


def test_caches_last_and_later_kernels_know_them(machine):
    root, environment, _ = machine
    assert set(environment) == {"AIGC_HOME", "MODELSCOPE_CACHE", "HF_HOME", "PIP_CACHE_DIR"}
    assert all(Path(folder).is_relative_to(root / "lasting" / "aigc-cache") for folder in environment.values())
    startup = root / "home" / ".ipython" / "profile_default" / "startup" / "00-aigc-kit.py"
    code = startup.read_text(encoding="utf-8") + "\nprint(os.environ['AIGC_HOME'], os.environ['HF_HOME'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"HF_HOME": "mine"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [environment["AIGC_HOME"], "mine"], "what somebody set already stays"


def test_what_is_kept():
    kept = ("torch", "torchvision", "torchaudio", "triton", "nvidia-cudnn-cu12", "xformers", "flash-attn")
    assert all(hosted.KEPT.fullmatch(name) for name in kept)
    assert not any(hosted.KEPT.fullmatch(name) for name in ("torchsde", "transformers", "diffusers", "numpy"))


def test_the_persistent_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(hosted, "PLACES", (str(tmp_path / "nowhere"),))
    assert hosted._lasting(None, tmp_path / "a" / "clone") == tmp_path / "a"
    monkeypatch.setattr(hosted, "PLACES", (str(tmp_path),))
    assert hosted._lasting(None, tmp_path / "a" / "clone") == tmp_path
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="name another folder"):
        hosted.caches(tmp_path / "file")
    with pytest.raises(BadInput, match=r"pyproject\.toml"):
        hosted.setup(tmp_path, tmp_path)


def test_it_needs_the_standard_library_only():
    code = (
        "import sys\nbefore = set(sys.modules)\nimport aigc_kit.setup\nprint(*{n.split('.')[0] for n in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {*sys.stdlib_module_names, "aigc_kit", "__main__"}
