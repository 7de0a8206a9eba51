"""Draw and lay out what labs show.

One module per matter; the only importer of IPython, matplotlib and ipywidgets beside the labs.
"""
