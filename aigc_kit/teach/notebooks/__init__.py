"""Lint, run, refresh, copy and show notebooks.

    cells      reading, writing, tags, and the source hash which tells whether outputs are stale
    lint       rules about sources;  lint_outputs: rules about outputs;  lint_guesses: rules about 先猜;
               findings: what a rule takes and gives
    execution  headless, in a fresh kernel (kernel) of this interpreter
    refresh    execute cleanly and keep the outputs: the only way by which notebooks get them
    attachments  pictures of the prose, inside the notebook
    copies     tidied outputs, an HTML page, copies without solutions
    gallery    one page about a run of the labs;  app: a lab as an app;  server: the labs in JupyterLab

Tags on cells that have a meaning here: `setup`, `solution`, `exercise`, `slow`, `widget`, `raises-exception` (the cell
is meant to end with an error) and `step-1` .. `step-8` (markdown: where a step of the rhythm begins).
"""
