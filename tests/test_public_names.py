"""What the package offers is used: a public name without a user in package, trainings, notebooks or documents goes."""

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = {  # whoever takes one away takes it off this list
    "aigc_kit/make/text/settings.py:BANDS",
    "aigc_kit/media/fonts.py:MISSING",
    "aigc_kit/setup.py:setup",  # the course's first call
    "aigc_kit/teach/checks/__init__.py:reset_progress",  # calls of a learner
    "aigc_kit/teach/checks/__init__.py:run_checks",
    "aigc_kit/worlds/tinyworld/checker.py:agrees",  # the cards of the readers name them
    "aigc_kit/worlds/tinyworld/checker.py:clip_agrees",
}


def defined(tree: ast.Module) -> dict[str, ast.stmt]:
    """Public functions, classes and constants of a module."""
    names: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return {name: node for name, node in names.items() if not name.startswith("_")}


def used(path: Path, tree: ast.Module) -> set[str]:
    """Names that a module takes from others. What an `__init__` lists or hands on is offered, not used."""
    offers = path.name == "__init__.py"
    body = [node for node in tree.body if not (offers and _hands_on(node))]
    names = {
        node.func.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for node in ast.walk(statement)
        if offers and isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    for node in ast.walk(ast.Module(body, [])):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Name):
            names |= {node.id} if offers else set()
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w.:]+", node.value):
            names |= set(re.split(r"[.:]", node.value))  # a module or a function that is named in a string
    return names


def _hands_on(node: ast.stmt) -> bool:
    """Whether a statement of an `__init__` only offers names: an import, `__all__`, or what a lab gives lazily."""
    lists = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lstrip("(").startswith("__")
    return lists or isinstance(node, ast.ImportFrom)


def words_of_readers() -> set[str]:
    """Words of the notebooks, and of the code in the documents."""
    words: set[str] = set()
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            words |= set(re.findall(r"\w+", "".join(cell["source"])))
    for path in (*(ROOT / "docs").glob("*.md"), *ROOT.glob("README*.md")):
        for code in re.findall(r"```.*?```|`[^`\n]*`", path.read_text(encoding="utf-8"), re.DOTALL):
            words |= set(re.findall(r"\w+", code))
    return words


def unused() -> set[str]:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "assets").rglob("*.py")}
    modules = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "aigc_kit").rglob("*.py")}
    trees |= modules
    uses = {path: used(path, tree) for path, tree in trees.items()}
    readers, alone = words_of_readers(), set()
    for path, tree in modules.items():
        for name, home in defined(tree).items():
            here = {
                node.id
                for other in tree.body
                if other is not home
                for node in ast.walk(other)
                if isinstance(node, ast.Name)
            }
            if name not in here | readers and not any(name in names for at, names in uses.items() if at != path):
                alone.add(f"{path.relative_to(ROOT).as_posix()}:{name}")
    return alone


def test_public_names_have_a_user():
    assert unused() <= KEPT


def test_a_name_that_only_tests_use_is_found():
    tree = ast.parse("def f(): ...\nclass _G: ...\nX: int = 1\nY = f\n")
    assert set(defined(tree)) == {"f", "X", "Y"}
    assert used(Path("a/__init__.py"), ast.parse("from b import f\n__all__ = ['f']\n")) == set()
    assert used(Path("a/b.py"), ast.parse("from b import f\nb.g(1)\nload('c.d:h')\n")) == {"f", "g", "c", "d", "h"}
