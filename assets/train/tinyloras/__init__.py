"""How three LoRAs of the tiny SDXL and their reader were made: ``python -m assets.train.tinyloras``."""
