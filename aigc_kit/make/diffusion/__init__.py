"""Load and run pipelines of diffusers."""
