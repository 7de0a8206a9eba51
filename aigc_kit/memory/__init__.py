"""Will it fit? The machine, the X-ray, plans, and placement."""
