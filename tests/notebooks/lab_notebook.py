"""What the tests of the labs ask of a notebook: its own functions, its source, what its solutions answer."""

import ast
from pathlib import Path

from aigc_kit.teach.checks import checks_of
from aigc_kit.teach.notebooks import cells, execution


def functions(notebook: Path, space: dict, *names: str) -> list:
    """The functions of these names as the notebook's cells define them; `space` holds the globals that they see."""
    for cell in cells.read(notebook).cells:
        if cell.cell_type == "code" and not cell.source.startswith("%"):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef) and node.name in names:
                    exec(compile(ast.Module([node], []), str(notebook), "exec"), space)
    assert set(names) <= set(space)
    return [space[name] for name in names]


def source(notebook: Path) -> str:
    """What all cells say."""
    return "\n".join(cell.source for cell in cells.read(notebook).cells)


def unused_checks(notebook: Path, number: str) -> list[str]:
    """The checks of a lab that no exercise of its notebook calls."""
    asked = "\n".join(cell.source for cell in cells.read(notebook).cells if "exercise" in cells.tags(cell))
    return [check.name for check in checks_of(number) if f"lab{number}.checks.{check.name}(" not in asked]


def verdicts(notebook: Path, folder: Path) -> list[str]:
    """What the checks answer when the notebook's solutions are run in `folder`, without their explanations."""
    done = execution.execute(cells.read(notebook.parent / "solutions" / notebook.name), folder, offline=True)
    assert done.status == "ok", done.failure
    outputs = [output for cell in done.notebook.cells for output in cell.get("outputs", [])]
    return [o.data["text/plain"].split("：")[0] for o in outputs if o.output_type == "execute_result"]


def passed(letters: str) -> list[str]:
    """The verdicts where each of these exercises passes."""
    return [f"✓ 练习 {letter} 通过" for letter in letters]
