"""The models that these tests draw with."""

from image_models import here, models  # noqa: F401
from quiet_libraries import quiet  # noqa: F401
