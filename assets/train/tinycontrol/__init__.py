"""How the ControlNet of the tiny SDXL was made: ``python -m assets.train.tinycontrol``."""
