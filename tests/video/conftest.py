"""The models that these tests film with."""

from quiet_libraries import quiet  # noqa: F401
from video_models import here, video_models  # noqa: F401
