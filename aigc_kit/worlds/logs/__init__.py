"""Synthetic logs: lines whose fields are known.

    lines.many("pipe", 100, seed=0)   --> [Line]     the same at every call; .text, .fields, .spans

Four formats are for learning (`lines.SEEN`), two are kept for the exam (`lines.UNSEEN`): another order, another way to
write the time, services and messages of their own. No line comes from a real system.
"""
