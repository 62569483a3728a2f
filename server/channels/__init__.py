"""The ways into a call: each turns its wire into standard frames at 16 kHz and back."""
