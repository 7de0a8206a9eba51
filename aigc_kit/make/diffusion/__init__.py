"""What images and clips share: a pipeline of diffusers loaded, run step by step, measured and compared."""
