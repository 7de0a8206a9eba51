"""List every file of the package with its job in docs/ARCHITECTURE.md: python -m tests.structure.files"""

import ast
from pathlib import Path

from tests.structure.house import PACKAGE

DOCUMENT = Path(__file__).parents[2] / "docs" / "ARCHITECTURE.md"
START, END = "<!-- files -->\n", "<!-- end of files -->\n"
FIRST_READ = 10  # files that a newcomer reads first, each short


def listing() -> str:
    """Write one line for each file, folder by folder: its name and the first line of its docstring."""
    lines, folder = list[str](), ""
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda path: (path.parent.as_posix(), path.name)):
        place = path.parent.relative_to(PACKAGE).as_posix()
        if place != folder or not lines:
            folder = place
            lines += ["", f"**{'' if place == '.' else place + '/'}**" if place != "." else "**at the top**", ""]
        words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        lines.append(f"- `{path.name}` {words.splitlines()[0].rstrip('.') if words else ''}".rstrip())
    return "\n".join(lines[1:]) + "\n\n"


def document(text: str) -> str:
    """Put the list between its marks."""
    before, rest = text.split(START)
    _, after = rest.split(END)
    return before + START + "\n" + listing() + END + after


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
