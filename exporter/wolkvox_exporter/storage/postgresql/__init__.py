"""The state in a PostgreSQL database, where replicas share it."""
