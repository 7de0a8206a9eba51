"""Read rooms, imports, names and lengths from the source."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[2] / "aigc_kit"
IRREGULAR = frozenset(
    (
        *(
            "made",
            "found",
            "said",
            "told",
            "given",
            "asked",
            "kept",
            "done",
            "shown",
            "taken",
            "seen",
            "drawn",
            "known",
        ),
        *("chosen", "written", "spoken", "sent", "held", "lost", "brought", "gone", "felt", "meant", "built", "born"),
        *("begun", "broken", "grown", "hidden", "thrown", "worn", "torn"),
    )
)  # "left", "read", "cut", "set" and "put" are other words as well
NOUNS_IN_ED = frozenset(("speed", "seed", "need", "feed", "embed", "breed", "indeed", "hundred", "red", "shed", "bed"))


class Import(NamedTuple):
    """Hold one import of a module of the kit.

    Args:
        target: the file that it reaches.
        name: in full, as it is written.
        line: where.
        how: "import", "string" or "f-string".
    """

    target: Path
    name: str
    line: int
    how: str


def files() -> list[Path]:
    """List every Python file of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """Give the top-level folder or module of a file."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def inside(path: Path) -> str:
    """Give the path below the package."""
    return path.relative_to(PACKAGE).as_posix()


def parsed(path: Path) -> ast.Module:
    """Read and parse a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def file_of(module: str) -> Path | None:
    """Find the file of a kit's module, or None."""
    parts = module.split(".")
    place = PACKAGE.joinpath(*parts[1:])
    if parts[0] != PACKAGE.name:
        return None
    if (place / "__init__.py").is_file():
        return place / "__init__.py"
    return place.with_suffix(".py") if len(parts) > 1 and place.with_suffix(".py").is_file() else None


def nodes(tree: ast.AST, *, functions: bool = True, checker: bool = False) -> Iterator[ast.AST]:
    """Walk the nodes of a file.

    Args:
        tree: of the file.
        functions: also what stands in functions, which an import does not run.
        checker: also what only a type checker sees.
    """
    for child in ast.iter_child_nodes(tree):
        if not checker and isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        if not functions and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield child
        yield from nodes(child, functions=functions, checker=checker)


def imports(path: Path, *, functions: bool = True, checker: bool = False) -> Iterator[Import]:
    """Yield what a file imports of the kit, strings included.

    `from package import name` reaches the module of that name where there is one, else the package. A string counts
    when it names a module by its dotted path (the names of loggers do not), an f-string when it begins with such a path
    and a dot: then it may reach every module of that folder, and stands for its `__init__`. The switches are those of
    `nodes`.
    """
    tree = parsed(path)
    loggers = {id(name) for call in ast.walk(tree) if isinstance(call, ast.Call) and _logs(call) for name in call.args}
    for node in nodes(tree, functions=functions, checker=checker):
        for name, how in _named(node) if id(node) not in loggers else ():
            target = file_of(name) or (file_of(name.rpartition(".")[0]) if isinstance(node, ast.ImportFrom) else None)
            if target is not None and target != path:
                yield Import(target, name, node.lineno, how)  # type: ignore[attr-defined]


def _logs(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith("getLogger")


def _named(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, "import") for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            yield f"{node.module}.{alias.name}", "import"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if re.fullmatch(rf"{PACKAGE.name}(\.\w+)+", node.value):
            yield node.value, "string"
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        begins = re.match(rf"({PACKAGE.name}(?:\.\w+)*)\.", str(node.values[0].value))
        if begins:
            yield begins[1], "f-string"


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """List the groups of names that reach each other."""
    order, low, stack, groups = {}, {}, [], []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(edges.get(name, ())):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for name in sorted(edges):
        if name not in order:
            visit(name)
    return groups


def file_circles() -> list[list[str]]:
    """List the circles among files.

    f-strings, by which a folder finds its own files, are left out.
    """
    return circles(
        {inside(path): {inside(one.target) for one in imports(path) if one.how != "f-string"} for path in files()}
    )


def repeated_names() -> dict[str, int]:
    """Count the file names that several folders have."""
    counts = Counter(path.stem for path in files() if path.stem not in ("__init__", "__main__"))
    return {name: count for name, count in counts.most_common() if count > 1}


def public_names(path: Path) -> list[str]:
    """List what a file offers.

    That is its `__all__`, or else what it defines at its top without an underscore.
    """
    exports, own = None, []
    for node in parsed(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.append(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for name in (
            part.id for target in targets if target for part in ast.walk(target) if isinstance(part, ast.Name)
        ):
            if name == "__all__":
                exports = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                own.append(name)
    return [name for name in dict.fromkeys(own) if not name.startswith("_")] if exports is None else exports


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """List every function and method, nested ones too."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Collect the names that a function binds itself.

    No parameters, and nothing of a function inside it.
    """
    names, left = set(), list[ast.AST](function.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        left += ast.iter_child_nodes(node)
    return names


def is_participle(name: str) -> bool:
    """Say whether a name is one bare participle.

    >>> is_participle("found"), is_participle("changed"), is_participle("seed"), is_participle("found_row")
    (True, True, False, False)
    """
    return name in IRREGULAR or (name not in NOUNS_IN_ED and re.fullmatch(r"[a-z]{2,}ed", name) is not None)


def first_lines(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (name, first docstring line) of all that has one.

    The module itself, its classes, its functions and methods.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            words = ast.get_docstring(node)
            if words:
                yield getattr(node, "name", "module"), words.splitlines()[0]
