"""The models that these tests draw with."""

from image_models import here, models, quiet  # noqa: F401
