"""`make soak`: the exporter as a process, for an hour, between an API that fails at random and clients that misbehave.

    driver ──scrapes, hostile clients──▶ exporter ──polls──▶ edge ──▶ simulator
       └──────── asks what was injected ───────────────────────┘

Every failure that the exporter counts must be one that the edge injected, to the number, though configurations change
all the while and every worker is replaced again and again.
"""
