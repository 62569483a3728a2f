"""Loans: what they cost, who gets one and why, and whether that is fair."""
