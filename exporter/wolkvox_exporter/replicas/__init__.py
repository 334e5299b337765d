"""Exporters that are one: they share a database, and each token is asked by one of them at a time."""
