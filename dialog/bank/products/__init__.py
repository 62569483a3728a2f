"""Savings and investment products: what there is, what suits whom, and what is recommended."""
