"""Make wrong programs out of right ones.

Each mutant differs from its program in one place, as a slip does: a comparison, an operator, a number, min for max, a
statement left out. A program makes them all; which of them are wrong is found by running them, since some changes
change nothing (`<` for `<=` where equal values cannot occur).

Source: DeMillo, Lipton, Sayward 1978, "Hints on test data selection" (mutation testing).
"""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Mod: ast.FloorDiv, ast.FloorDiv: ast.Mod}
_NAMES = {"min": "max", "max": "min", "all": "any", "any": "all", "append": "extend"}


@dataclass(frozen=True)
class Mutant:
    """Hold a program with one change.

    Args:
        source: the changed program.
        line: of the change, from 1.
        what: the change, such as "Lt -> LtE".
    """

    source: str
    line: int
    what: str


def every(source: str) -> list[Mutant]:
    """Make all mutants of a program, no two alike.

    Raises SyntaxError where the text is no program.
    """
    tree = ast.parse(source)
    seen, mutants = {ast.unparse(tree)}, []
    for node, what in _places(tree):
        changed = ast.unparse(tree)
        if changed not in seen and _parses(changed):
            seen.add(changed)
            mutants.append(Mutant(changed + "\n", getattr(node, "lineno", 1), what))
    return mutants


def some(source: str, count: int, seed: int = 0) -> list[Mutant]:
    """Draw some mutants of a program, at most all."""
    mutants = every(source)
    return random.Random(f"{seed} {source}").sample(mutants, min(count, len(mutants)))


def _parses(source: str) -> bool:
    try:
        compile(source, "<mutant>", "exec", flags=ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError):
        return False
    return True


def _places(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Change the tree in one place after another, and back."""
    for node in list(ast.walk(tree)):
        yield from _of_operators(node)
        yield from _of_values(node)
        yield from _of_statements(node)
        yield from _of_calls(node)


def _of_operators(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(node, ast.Compare):
        for place, old in enumerate(node.ops):
            if type(old) in _COMPARISONS:
                node.ops[place] = _COMPARISONS[type(old)]()
                yield node, f"{type(old).__name__} -> {type(node.ops[place]).__name__}"
                node.ops[place] = old
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _OPERATORS:
        old_op = node.op
        node.op = _OPERATORS[type(old_op)]()
        yield node, f"{type(old_op).__name__} -> {type(node.op).__name__}"
        node.op = old_op
    elif isinstance(node, ast.BoolOp):
        old_bool = node.op
        node.op = ast.Or() if isinstance(old_bool, ast.And) else ast.And()
        yield node, f"{type(old_bool).__name__} -> {type(node.op).__name__}"
        node.op = old_bool


def _of_values(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        old = node.value
        for step in (1, -1):
            node.value = old + step
            yield node, f"{old} -> {old + step}"
        node.value = old
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        node.value = not node.value
        yield node, f"{not node.value} -> {node.value}"
        node.value = not node.value
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        old_name, node.id = node.id, _NAMES[node.id]
        yield node, f"{old_name} -> {node.id}"
        node.id = old_name
    elif isinstance(node, ast.Attribute) and node.attr in _NAMES:
        old_name, node.attr = node.attr, _NAMES[node.attr]
        yield node, f"{old_name} -> {node.attr}"
        node.attr = old_name


def _of_statements(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for name in ("body", "orelse"):
        statements = getattr(node, name, None)
        if not isinstance(statements, list) or isinstance(node, ast.Module):
            continue
        for place, old in enumerate(statements):
            if isinstance(old, (ast.AugAssign, ast.Expr)) or (isinstance(old, ast.Assign) and len(statements) > 1):
                statements[place] = ast.copy_location(ast.Pass(), old)
                yield old, "left out"
                statements[place] = old


def _of_calls(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Take a call away: abs(n) -> n."""
    for name, child in ast.iter_fields(node):
        for place, old in enumerate(child if isinstance(child, list) else [child]):
            inner = _inner(old)
            if inner is None:
                continue
            if isinstance(child, list):
                child[place] = inner
            else:
                setattr(node, name, inner)
            yield old, f"{ast.unparse(old)} -> {ast.unparse(inner)}"
            if isinstance(child, list):
                child[place] = old
            else:
                setattr(node, name, old)


def _inner(node: object) -> ast.expr | None:
    """Give what a call of one argument works on."""
    if isinstance(node, ast.Starred):
        return node.value
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    if isinstance(node.func, ast.Name) and len(node.args) == 1 and not isinstance(node.args[0], ast.GeneratorExp):
        return None if isinstance(node.args[0], ast.Starred) else node.args[0]
    return node.func.value if isinstance(node.func, ast.Attribute) and not node.args else None
