"""Questions that the bank's documents answer."""
