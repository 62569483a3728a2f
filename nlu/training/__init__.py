"""Training and evaluation of intent models on data given by path."""
