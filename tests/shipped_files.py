"""What the files of a shipped model say of themselves."""

import json
from pathlib import Path


def dtypes(folder: Path) -> dict[str, set[str]]:
    """Folder of each safetensors file -> the dtypes of its tensors, as its header names them."""
    found = {}
    for file in folder.rglob("*.safetensors"):
        content = file.read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        found[file.parent.name] = {entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
    return found
