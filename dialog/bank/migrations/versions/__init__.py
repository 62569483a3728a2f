"""One migration per change, applied in order."""
