"""A place in an output cell whose content is replaced later, and stays, as it was, when no kernel runs."""

import base64
import os
from typing import Any


class Place:
    """Shows something, and shows something else there when told to.

    A notebook replaces what bears a display id. Voilà (`aigc app`) ignores such messages, so there the place is an
    output widget.

    Args:
        content: anything that `display` can show. Outside a notebook it is printed, and nothing can be replaced.
    """

    def __init__(self, content: Any) -> None:
        from IPython.display import display

        self._widget = self._handle = None
        if in_an_app():
            import ipywidgets as widgets

            self._widget = widgets.Output()
            self._widget.outputs = _outputs(content)
            display(self._widget)
        else:
            self._handle = display(content, display_id=True)

    @property
    def replaceable(self) -> bool:
        """Whether what is shown can be replaced."""
        return self._widget is not None or self._handle is not None

    def put(self, content: Any) -> None:
        """Show this there instead."""
        if self._widget is not None:
            self._widget.outputs = _outputs(content)
        elif self._handle is not None:
            self._handle.update(content)


def in_an_app() -> bool:
    """Whether this kernel was started by Voilà, which says so in the environment."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")


def _outputs(content: Any) -> tuple[dict[str, Any], ...]:
    """What an output widget holds to show it: as a notebook's file would, bytes as base64."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    bundle, metadata = shell.display_formatter.format(content)
    data = {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value for kind, value in bundle.items()
    }
    return ({"output_type": "display_data", "data": data, "metadata": metadata},)
