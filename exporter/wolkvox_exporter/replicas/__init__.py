"""Replicas: several exporters that are one, by a database that they share."""
