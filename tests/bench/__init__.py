"""Speed of the kit beside the bare library, on the same model, in the same process: `python -m tests.bench`."""
