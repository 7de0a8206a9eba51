"""How the tiny SDXL pipeline of the closed world was trained."""
