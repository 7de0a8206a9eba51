"""The structure holds: imports go down the house, imports are light, nothing refers outside the clone, pins agree."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from structure import house

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aigc_kit"
RANKS = {
    "core": 0,
    "models": 1,
    "worlds": 1,
    "media": 2,
    "memory": 3,
    "make": 4,
    "keep": 5,
    "promptlab": 6,
    "works": 7,
    "teach": 8,
    "doctor": 9,
    "setup": 9,
    "cli": 10,
}
"""Room -> its rank, in the order of the work. An import stays in its room or goes to a lower rank."""

SHARED = {
    "loading": (r"make/\w+", "the card of a plan -> what runs it"),
    "settings": (r"make/\w+", "what one modality can be set to"),
    "needs": (r"make/\w+", "what one modality asks of memory and time, for the planner"),
    "measures": (r"make/\w+", "numbers of what one modality made"),
    "job": (r"make/\w+", "one run of one modality as a generator, and its files"),
    "pixels": (r"make/\w+", "latents <-> pixels of one modality"),
    "base": (r"make/\w+/engines", "what all engines of one modality offer"),
    "figures": (r"teach/labs/lab\d\d[a-z]?", "the figures of one lab"),
    "widgets": (r"teach/labs/lab\d\d[a-z]?", "the widgets of one lab"),
    "checks": (r"teach/labs/lab\d\d[a-z]?", "the checks of one lab"),
    "tables": (r"teach/labs/lab\d\d[a-z]?", "the tables of one lab"),
    "pictures": (r"teach/labs/lab\d\d[a-z]?", "the pictures of one lab"),
}
"""File name that may stand in several folders -> (those folders, its one job). A command is named after what it calls:
files of cli/ may have any name."""

LONGEST_FILE, LONGEST_FUNCTION = 400, 65
LONGEST_FIRST_LINE = 10  # words of a docstring
SMALL = 60  # lines; a file below it that one neighbour alone uses belongs into its user

HEAVY = {"torch", "transformers", "diffusers", "modelscope", "xllamacpp", "accelerate", "ChatTTS"}
SHOWING = {"IPython", "matplotlib", "ipywidgets"}


def modules():
    return house.files()


def each_module(test):
    return pytest.mark.parametrize("path", modules(), ids=house.inside)(test)


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


def test_every_room_has_a_rank():
    assert {house.room(path) for path in modules()} - {"__init__", "__main__"} <= set(RANKS)


@each_module
def test_imports_go_to_a_lower_rank(path):
    own = house.room(path)
    if own in ("__init__", "__main__"):
        return
    for one in house.imports(path, checker=True):
        other, where = house.room(one.target), f"{house.inside(path)}:{one.line} ({one.how}) names {one.name}"
        if other == "__init__":
            assert one.name in ("aigc_kit", "aigc_kit.__version__"), f"{where}: name its room, aigc_kit.ROOM"
        else:
            assert other == own or RANKS[other] < RANKS[own], f"{where}: {other} is not below {own}"


def test_no_import_circle_joins_two_folders():
    edges = {
        house.inside(path): {house.inside(one.target) for one in house.imports(path, functions=False)}
        for path in modules()
    }
    for circle in house.circles(edges):
        assert len({Path(name).parent for name in circle}) == 1, f"circle: {', '.join(circle)}"


def test_no_circle_hides_in_functions_or_strings():
    assert house.file_circles() == []


@each_module
def test_heavy_libraries_are_imported_inside_functions(path):
    top = {name.split(".")[0]: line for name, line in imports(path, top_only=True)}
    assert not HEAVY & set(top), path
    if house.room(path) != "teach":
        every = {name.split(".")[0] for name, _ in imports(path, top_only=False)}
        allowed = {"matplotlib"} if house.inside(path).startswith("media/fonts") else set()
        assert not SHOWING & every - allowed, f"{path}: only teach/ imports {SHOWING & every}"


@each_module
def test_modules_stay_readable(path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= LONGEST_FILE, "split it by the data flow"
    for node in house.functions(ast.parse(source)):
        assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, f"{path}: {node.name} is too long"


@each_module
def test_binary_units_have_one_home(path):
    if path != PACKAGE / "core" / "units.py":
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"1024\s*\*\*|1\s*<<\s*[12]0|1048576|1073741824", source), "use aigc_kit.core.units"


def test_a_name_that_repeats_means_one_job():
    folders = {}
    for path in modules():
        if path.stem not in ("__init__", "__main__") and house.room(path) != "cli":
            folders.setdefault(path.stem, []).append(house.inside(path.parent))
    wrong = []
    for name, places in folders.items():
        pattern, _ = SHARED.get(name, ("", ""))
        if len(places) > 1 and not all(re.fullmatch(pattern, place) for place in places):
            wrong.append(f"{name}: {', '.join(places)}")
    assert not wrong, "\n".join(["names for different things do not repeat:", *wrong])


def test_first_lines_of_docstrings_are_short():
    long = [
        f"{house.inside(path)}: {name}: {line}"
        for path in modules()
        for name, line in house.first_lines(house.parsed(path))
        if len(line.split()) > LONGEST_FIRST_LINE
    ]
    assert not long, "\n".join([f"{len(long)} have more than ten words:", *long])


def test_few_small_files_have_one_user():
    users = {}
    for path in modules():
        for one in house.imports(path):
            users.setdefault(one.target, set()).add(path)
    small = [
        f"{house.inside(path)} ({lines} lines) belongs into {house.inside(next(iter(users[path])))}"
        for path in modules()
        if path.stem not in ("__init__", "__main__")
        and (lines := path.read_text(encoding="utf-8").count("\n")) < SMALL
        and len(users.get(path, ())) == 1
        and next(iter(users[path])).parent == path.parent
        and next(iter(users[path])).stem != "__init__"  # which only lists what the folder offers
    ]
    assert not small, "\n".join([f"{len(small)} files:", *small])


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    ).stdout


def test_importing_the_package_loads_no_heavy_library():
    code = "import sys\nfrom aigc_kit import cards, device, fetch, text\nfrom aigc_kit.memory import plan\n"
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
            words = re.sub(r"[A-Za-z0-9+/=]{200,}", "", text)  # bytes of a picture cite nothing
            cited = set(re.findall(r"(?<![\w.+-])E[1-9]\d?(?![\w.%-])", words))
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
    assert sum(path.stat().st_size for path in weights) < 100e6
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
    assert history_bytes(ROOT) < 300 * 2**20


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
    for folder in ("data", "models", "site", "templates"):
        assert f'"assets/{folder}" = "aigc_kit/_assets/{folder}"' in text
    assert (ROOT / "assets" / "data").is_dir()


def test_the_architecture_names_every_file_once():
    from tests.structure import files

    text = files.DOCUMENT.read_text(encoding="utf-8")
    assert files.document(text) == text, "run: python -m tests.structure.files"


def test_the_ten_files_to_read_first_are_short():
    from tests.structure import files

    text = files.DOCUMENT.read_text(encoding="utf-8").split("## The way")[0]
    names = re.findall(r"^\d+\. `([\w/]+\.py)`", text, re.MULTILINE)
    assert len(names) == files.FIRST_READ
    lengths = {name: len((PACKAGE / name).read_text(encoding="utf-8").splitlines()) for name in names}
    assert max(lengths.values()) < 280, lengths
