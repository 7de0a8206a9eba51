"""A process of its own that fetches the card of the fault table: `fetch_child.py [kill-at-receipt|small-files]`."""

import os
import signal
import sys

from fetch_faults import card_of_the_table

from aigc_kit import fetch
from aigc_kit.core import paths
from aigc_kit.core.errors import FetchError
from aigc_kit.models.fetch import layout


def take_no_large_files() -> None:
    """As a file system does that takes none, such as FAT32 and 4 GiB."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def die_before_the_receipt() -> None:
    write = paths.write_atomically

    def die(path, data):
        if path.name == layout.RECEIPT and path.parent.name == "table":
            os.kill(os.getpid(), signal.SIGKILL)
        return write(path, data)

    paths.write_atomically = die


if __name__ == "__main__":
    if "small-files" in sys.argv:
        take_no_large_files()
    if "kill-at-receipt" in sys.argv:
        die_before_the_receipt()
    try:
        fetch.get(card_of_the_table())
    except FetchError as error:
        sys.exit(f"{type(error).__name__}\n{error}")
