"""The commands, what they are given, and what they print."""
