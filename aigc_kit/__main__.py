"""Run `aigc` by `python -m aigc_kit`, in a clone too."""

import sys


def run() -> int:
    """Run the command, or say which Python it needs."""
    if sys.version_info < (3, 11):  # noqa: UP036 - in a clone any Python can come here
        version = ".".join(map(str, sys.version_info[:3]))
        todo = "install Python 3.11, 3.12 or 3.13 and use that one, such as: python3.12 -m aigc_kit"
        words = f"asked: aigc-kit\nfound: Python {version}, and 3.11 to 3.13 is needed\nwhat to do: {todo}"
        print(words, file=sys.stderr)
        return 2
    from aigc_kit.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
