"""The caller's end of a call: connection, sound on a clock, and what happened turn by turn."""
