"""The structure holds: layers point downward, imports are light, nothing refers outside the clone, pins agree."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aigc_kit"
LAYERS = {
    "errors": 0,
    "units": 0,
    "types": 0,
    "paths": 0,
    "labs": 0,
    "redact": 0,
    "cards": 1,
    "footprint": 1,
    "frames": 1,
    "plan": 1,
    "prompts": 1,
    "tinyworld": 1,
    "topology": 1,
    "verse": 1,
    "compat": 2,
    "device": 2,
    "diffusion": 2,
    "fetch": 2,
    "image": 2,
    "load": 2,
    "offload": 2,
    "speech": 2,
    "text": 2,
    "video": 2,
    "xray": 2,
    "calibrate": 3,
    "checks": 3,
    "classroom": 3,
    "encode": 3,
    "cli": 3,
    "doctor": 3,
    "notebooks": 3,
    "setup": 3,
    "record": 3,
    "story": 3,
    "sweep": 3,
    "show": 3,
}
HEAVY = {"torch", "transformers", "diffusers", "modelscope", "xllamacpp", "accelerate", "ChatTTS"}
SHOWING = {"IPython", "matplotlib", "ipywidgets"}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def unit(path: Path) -> str:
    """The module or sub-package of aigc_kit that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, *, top_only: bool):
    """(imported module, line) of every import; with top_only those that run when the module is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if not top_only else _outside_functions(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield node.module, node.lineno
            if node.module == "aigc_kit":
                yield from ((f"aigc_kit.{alias.name}", node.lineno) for alias in node.names)


def _outside_functions(node):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _outside_functions(child)


def test_every_module_has_a_layer():
    units = {unit(path) for path in modules()} - {"__init__"}
    assert units == set(LAYERS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_downward(path):
    own = unit(path)
    if own == "__init__":
        return
    for name, line in imports(path, top_only=False):
        parts = name.split(".")
        if parts[0] == "aigc_kit" and len(parts) > 1 and parts[1] in LAYERS:
            assert LAYERS[parts[1]] <= LAYERS[own], f"{path}:{line} imports {name} from a higher layer"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_heavy_libraries_are_imported_inside_functions(path):
    top = {name.split(".")[0]: line for name, line in imports(path, top_only=True)}
    assert not HEAVY & set(top), path
    if unit(path) != "show":
        every = {name.split(".")[0] for name, _ in imports(path, top_only=False)}
        assert not SHOWING & every, f"{path}: only show/ imports {SHOWING & every}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_stay_readable(path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 290, "split it by the data flow"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno < 66, f"{path}: {node.name} is too long"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_binary_units_have_one_home(path):
    if path != PACKAGE / "units.py":
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"1024\s*\*\*|1\s*<<\s*[12]0|1048576|1073741824", source), "use aigc_kit.core.units"


def test_there_are_no_import_circles_between_units():
    edges = {}
    for path in modules():
        own = unit(path)
        for name, _ in imports(path, top_only=True):
            parts = name.split(".")
            if parts[0] == "aigc_kit" and len(parts) > 1 and parts[1] in LAYERS and parts[1] != own:
                edges.setdefault(own, set()).add(parts[1])
    done: set[str] = set()

    def visit(name, way):
        assert name not in way, f"circle: {' -> '.join([*way, name])}"
        if name not in done:
            for other in sorted(edges.get(name, ())):
                visit(other, [*way, name])
            done.add(name)

    for name in sorted(edges):
        visit(name, [])


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    ).stdout


def test_importing_the_package_loads_no_heavy_library():
    code = "import sys, aigc_kit; from aigc_kit import cards, device, fetch, text; import aigc_kit.memory.plan\n"
    loaded = set(run_python(code + "print(*{name.split('.')[0] for name in sys.modules})").split())
    assert not loaded & (HEAVY | SHOWING)
    plain = set(run_python("import sys, aigc_kit\nprint(*{n.split('.')[0] for n in sys.modules})").split())
    assert not plain & (HEAVY | SHOWING | {"numpy", "psutil"})


def test_every_public_name_exists_and_is_listed():
    code = "import aigc_kit as a\nfor name in a.__all__: getattr(a, name)\nprint(set(a.__all__) <= set(dir(a)))"
    assert run_python(code).strip() == "True"


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts():
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".yml", ".txt", ".ipynb", ".j2", ".json", ".csv", ""}:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_no_file_refers_outside_the_clone():
    outside = re.compile(r"(?<![\w.~$/])/(work|root|tmp|home|opt|Users)/|\.\./(shared|\.library)")
    for path, text in texts():
        if path == Path(__file__):
            continue
        found = outside.search(text)
        assert not found, f"{path.relative_to(ROOT)} refers to {text[found.start() : found.start() + 40]!r}"


def test_every_cited_erratum_exists():
    known = set(re.findall(r"^- \*\*(E\d+)\*\*", (ROOT / "docs/ERRATA.md").read_text(encoding="utf-8"), re.M))
    assert known == {f"E{i}" for i in range(1, len(known) + 1)}
    for path, text in texts():
        if path.suffix in {".py", ".md", ".ipynb"} and "train" not in path.parts:
            cited = set(re.findall(r"(?<![\w.+-])E[1-9]\d?(?![\w.%-])", text))
            assert cited <= known, f"{path.relative_to(ROOT)} cites {sorted(cited - known)}"


def test_local_links_of_the_documents_lead_somewhere():
    for path in tracked("*.md"):
        if path.stem.endswith("_template"):  # its links are those of the file that is made of it
            continue
        prose = re.sub(r"`[^`\n]*`", "", path.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose):
            if "://" not in target and not target.startswith("mailto:"):
                assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}"


def test_conda_and_pip_routes_have_the_same_pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *extras["xformers"], *extras["chattts"]}
    listed = re.findall(r'^ {6}- "(.+)"$', (ROOT / "environment.yml").read_text(encoding="utf-8"), re.M)
    assert set(listed) == wanted
    assert f"python{project['requires-python']}" in (ROOT / "environment.yml").read_text(encoding="utf-8")


def test_the_tested_set_lies_within_the_declared_ranges():
    from packaging.requirements import Requirement
    from packaging.version import Version

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {line.split("==")[0].lower().replace("_", "-"): line.split("==")[1] for line in lines if "==" in line}
    extras = project["optional-dependencies"]
    for text in (*project["dependencies"], *extras["dev"], *extras["app"], *extras["browser"]):
        requirement = Requirement(text)
        pin = pins[requirement.name.lower().replace("_", "-")]
        assert requirement.specifier.contains(Version(pin)), f"{text} excludes the tested {pin}"


def test_tracked_weights_stay_small():
    weights = tracked("*.safetensors", "*.gguf", "*.npz")
    assert sum(path.stat().st_size for path in weights) < 60e6
    assert not tracked("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


def history_bytes(root: Path) -> int:
    """What a clone of the current branch fetches: objects that it reaches, not what else the store happens to hold."""
    listed = subprocess.run(
        ["git", "rev-list", "--objects", "--disk-usage", "HEAD"], capture_output=True, text=True, cwd=root, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout, or a git before 2.31")
    return int(listed.stdout)


def test_the_history_stays_small():
    assert history_bytes(ROOT) < 200 * 2**20


def test_the_size_of_the_history_counts_what_was_removed_and_not_what_no_commit_holds(tmp_path):
    def git(*command, **options):
        named = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *command]
        return subprocess.run(named, cwd=tmp_path, check=True, capture_output=True, **options)

    big = tmp_path / "big"
    git("init", "-q")
    big.write_bytes(os.urandom(50_000))
    git("add", "big")
    git("commit", "-qm", "one")
    git("rm", "-q", "big")
    git("commit", "-qm", "two", "--allow-empty")
    kept = history_bytes(tmp_path)
    assert 50_000 < kept < 52_000
    git("hash-object", "-w", "--stdin", input=os.urandom(200_000))
    assert history_bytes(tmp_path) == kept


def test_the_wheel_carries_what_the_clone_has():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for folder in ("data", "models", "templates"):
        assert f'"assets/{folder}" = "aigc_kit/_assets/{folder}"' in text
    assert (ROOT / "assets" / "data").is_dir()
