"""Rules of the source, read as syntax: no pickle, no remote code, no shell, nothing evaluated but where it is said."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "aigc_kit").rglob("*.py"))
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
EXECUTES = {
    "aigc_kit/core/limited/inside.py",  # the limited process that runs a program which a model wrote
    "aigc_kit/teach/classroom/sandbox.py",  # the same for a learner's function, when it is asked to
}


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords if k.arg}, node.lineno


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_unpickles_evaluates_or_trusts(path):
    name = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            roots = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not PICKLES & {root.split(".")[0] for root in roots}, f"{name}:{node.lineno}"
    for function, keywords, line in calls(tree):
        where = f"{name}:{line} calls {function}"
        assert function not in {"torch.load", "yaml.load", "os.system", "os.popen"}, where
        assert function not in {"eval", "exec"} or name in EXECUTES, where
        assert keywords.get("trust_remote_code", "False") == "False", where
        assert keywords.get("allow_pickle", "False") == "False", where
        assert keywords.get("shell", "False") == "False", where
        assert keywords.get("use_safetensors", "True") == "True", where


def test_every_server_of_the_project_listens_on_loopback():
    everywhere = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.])|--ip[= ]\*|ServerApp\.ip=\*|allow_root|token=''")
    for path in (*MODULES, ROOT / "Makefile", *(ROOT / "docs").glob("*.md"), *ROOT.glob("README*.md")):
        found = everywhere.search(path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(ROOT)}: {found and found[0]}"


def test_every_claim_of_the_document_names_a_test_that_exists():
    text = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) >= 15
    for file, function in named:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(", source, re.M), f"{file} has no {function}"
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| threat", "|---")):
            assert "`tests/" in line or "not held" in line, f"a claim without a test: {line}"
