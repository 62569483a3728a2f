"""The sentence encoder: text to a vector of unit length."""
