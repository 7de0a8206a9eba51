"""The training of tinychat, a tiny chat model that knows 小店客服 and nothing else."""
