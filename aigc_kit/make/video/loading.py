"""Plan of a video model -> a loaded WanPipeline."""

from typing import Any

from aigc_kit.core.types import Plan
from aigc_kit.make.diffusion.loading import PipelineEngine, key

__all__ = ["VideoEngine", "key", "make"]


def make(plan: Plan) -> "VideoEngine":
    """Load the pipeline; errors as in `aigc_kit.models.loaded.engine`."""
    engine: VideoEngine = VideoEngine.make(plan)
    return engine


class VideoEngine(PipelineEngine):
    """One loaded pipeline."""

    def view(self, plan: Plan, *, follow: bool = False) -> Any:
        """The pipeline, placed as the plan says, with a fresh scheduler; see `PipelineEngine.placed_for`."""
        return self.placed_for(plan, follow=follow)
