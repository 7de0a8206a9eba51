"""One modality each, and what they share."""
