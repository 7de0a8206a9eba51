"""The models that these tests film with."""

from video_models import here, one_thread, video_models  # noqa: F401
