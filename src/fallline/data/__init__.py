"""Tables in, tensors out: reading, the target and its task, the encoding, the splits."""
