"""The commands, what they are given, and what they print."""

PORT = 10842
"""Where the exporter answers unless told otherwise."""
