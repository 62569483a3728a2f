"""How the caller feels, from words and, where they are given, from how they were said."""
