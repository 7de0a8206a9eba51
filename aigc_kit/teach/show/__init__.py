"""Widgets and figures, one module per lab. The only importer of IPython, matplotlib and ipywidgets."""
