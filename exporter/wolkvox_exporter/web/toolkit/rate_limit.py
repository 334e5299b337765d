"""A token bucket, which lets so many requests through in a time and a few more at once."""

from wolkvox_exporter.web.toolkit.schema import RateLimit


class Bucket:
    """Full at first; holds `burst` tokens, and one more comes every `interval` seconds."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self.limit = limit
        self._tokens = float(limit.burst)
        self._counted = now

    def allows(self, now: float) -> bool:
        """Take a token if there is one."""
        if not self.limit.interval:
            return True
        gained = (now - self._counted) / self.limit.interval
        self._tokens, self._counted = min(self.limit.burst, self._tokens + gained), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
