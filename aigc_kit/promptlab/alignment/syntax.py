"""Compare programs by their syntax trees.

`jaccard` is the overlap of two bags of node types, `unmet` the second measure: does every verb of the prompt have an
operation in the answer? Both look at what is written, never at what it does.
"""

import ast
from collections import Counter
from collections.abc import Callable, Mapping

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, echo

THRESHOLD = 0.82  # of the overlap, from which the course takes an answer for aligned


def bag(source: str, *, words: bool = False) -> Counter[str]:
    """Count the nodes of a program's syntax tree by type.

    Args:
        source: Python.
        words: tell names and constants apart, so that a + b and a + c differ.

    Raises:
        BadInput: it is no Python.

    >>> bag("a + 1") == bag("b + 2"), bag("a + 1", words=True) == bag("b + 2", words=True)
    (True, False)
    """
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadInput(
            asked=Words("the syntax tree of a text", "一段文字的语法树"),
            found=echo(error),
            todo=Words("give the text of a program", "给一段 Python 程序"),
        ) from None
    return Counter(_named(node, words) for node in nodes if not isinstance(node, ast.expr_context))


def _named(node: ast.AST, words: bool) -> str:
    name = type(node).__name__
    if not words:
        return name
    for field in ("id", "attr", "arg", "name"):
        if isinstance(getattr(node, field, None), str):
            return f"{name} {getattr(node, field)}"
    return f"{name} {node.value!r}" if isinstance(node, ast.Constant) else name


def jaccard(one: str, other: str, *, words: bool = False) -> float:
    """Measure the overlap of two programs, in [0, 1].

    Nodes in common, counted as often as they occur, over nodes in either. A text that is no Python overlaps with
    nothing: 0.

    >>> jaccard("x = 1", "y = 2"), round(jaccard("f(x)", "f(x) + 1"), 3)
    (1.0, 0.625)
    """
    try:
        left, right = bag(one, words=words), bag(other, words=words)
    except BadInput:
        return 0.0
    return (left & right).total() / max((left | right).total(), 1)


def _calls(*names: str) -> Callable[[ast.AST], bool]:
    def test(node: ast.AST) -> bool:
        function = getattr(node, "func", None)
        return isinstance(node, ast.Call) and getattr(function, "id", getattr(function, "attr", "")) in names

    return test


def _is(*types: type[ast.AST]) -> Callable[[ast.AST], bool]:
    return lambda node: isinstance(node, types)


def _swaps(node: ast.AST) -> bool:
    targets = node.targets[0] if isinstance(node, ast.Assign) else None
    if isinstance(targets, ast.Tuple):
        return True
    return isinstance(targets, ast.Subscript) and isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)


def _adds(node: ast.AST) -> bool:
    return isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Add)


OPERATIONS: Mapping[str, tuple[Callable[[ast.AST], bool], ...]] = {
    "写": (_is(ast.FunctionDef),),
    "返回": (_is(ast.Return),),
    "判断": (_is(ast.Compare, ast.BoolOp), _calls("all", "any")),
    "交换": (_swaps,),
    "排序": (_calls("sorted", "sort"), _swaps),
    "统计": (_calls("sum", "len", "count", "Counter", "get"), _adds),
    "忽略": (_calls("lower", "upper", "isalnum", "filter", "strip"), _is(ast.If)),
    "展开": (_calls("extend", "append", "chain", "flatten"), _is(ast.ListComp)),
    "相除": (_is(ast.Mod, ast.FloorDiv, ast.Div),),
    "合并": (_calls("extend", "append", "sorted", "merge"), _adds),
    "切": (_is(ast.Slice), _calls("append")),
    "移动": (_is(ast.Slice, ast.Mod), _calls("rotate")),
    "转成": (_calls("str", "int", "format", "join"), _adds),
    "转置": (_calls("zip", "append"), _is(ast.ListComp)),
    "去重": (_calls("set", "fromkeys"), _is(ast.NotIn)),
}
"""Verb of a prompt -> what a program may do for it; one of these nodes is enough."""


def verbs(prompt: str) -> list[str]:
    """List the known verbs of a Chinese prompt, in order.

    >>> verbs("写一个快速排序")
    ['写', '排序']
    """
    return sorted((verb for verb in OPERATIONS if verb in prompt), key=prompt.index)


def unmet(prompt: str, source: str) -> list[str]:
    """List the verbs for which a program has no operation.

    All of them, where the text is no Python. A prompt without a known verb asks nothing.
    """
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return verbs(prompt)
    return [verb for verb in verbs(prompt) if not any(test(node) for test in OPERATIONS[verb] for node in nodes)]
