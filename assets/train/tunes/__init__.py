"""The tiny melody model: tunes composed by rules, a LlamaForCausalLM that learns them, its evaluation and card."""
