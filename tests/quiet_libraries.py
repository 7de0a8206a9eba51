"""For tests that run pipelines of diffusers."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def quiet():
    """One thread, and no talk of the libraries."""
    import torch
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    torch.set_num_threads(1)
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
