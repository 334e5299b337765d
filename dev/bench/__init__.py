"""`make bench`: what polls, scrapes and memory cost, seen from outside, over HTTP; a table comes out.

    wrk, scrapers ──scrapes──▶ exporter ──polls──▶ upstream
          └──────▶ nginx, pushgateway, client library: the same series, for comparison

All of it listens on this machine only and ends by itself. Machines differ and are noisy: compare figures of one run.
"""
