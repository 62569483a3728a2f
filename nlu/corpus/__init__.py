"""The corpus: what callers say, by intent; `test/` is held out and never trained on."""
