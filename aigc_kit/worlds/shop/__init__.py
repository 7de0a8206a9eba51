"""小店客服: a closed world of messages whose answers are known.

    Order --messages.draw()--> Message       a text, its facts, and the words that carry each of them
    Message --tasks.draw()--> Sample         a prompt in one of many wordings, with its true answer
    Sample, answer --checkers.check()--> Mark    right or not, and why
    prompt_tasks.all_tasks()                 the tasks for prompts of one's own (see ``worlds.prompt_task``)
    outside.look(prompt)                     is it outside this world, as far as a program can tell?

An order has an item (30), a colour (10), a quantity (1-9), a unit price (10-99 yuan), a number and a date.
A message has an intent (退款 物流 换货 咨询 投诉 表扬), a sentiment (正面 中性 负面), a tone (客气 普通 不客气),
and perhaps a reason (破损 色差 漏发 尺寸 买错).
Kept out of training: three items of each colour, a fifth of all clauses and of all parts of
instructions, and some label symbols.
"""
