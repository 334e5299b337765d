"""What can go wrong with a call, as one exception with a reason out of a closed set.

ApiError
    reason    one of `Reason`, the value of the metric label
    detail    what happened, for people, free of secrets
    remedy    what to do about it, from `REMEDIES` unless told otherwise
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

NO_STATUS = "none"
"""What stands for the HTTP status where a call ended without one."""


class Reason(StrEnum):
    """Why a poll failed."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    REDIRECT = "redirect"
    HTTP = "http"
    REQUEST = "request"
    TOKEN = "token"  # noqa: S105 - the name of a reason, not a secret
    QUOTA = "quota"
    CONCURRENCY = "concurrency"
    MAINTENANCE = "maintenance"
    FORBIDDEN = "forbidden"
    TOO_LARGE = "too_large"
    INVALID_BODY = "invalid_body"
    UNEXPECTED_SHAPE = "unexpected_shape"


REMEDIES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.TIMEOUT: "the server accepted the call and did not answer in time; if it persists, ask wolkvox support",
        Reason.CONNECTION: (
            "check that this host's public address is on the operation's allow-list in wolkvox "
            "(an allowance may be temporary), then DNS, proxy and firewall"
        ),
        Reason.TLS: "check the certificate chain; behind an inspecting proxy set ca_file to the company's CA",
        Reason.REDIRECT: "redirects are refused so that the token never leaves its host; correct server or base_url",
        Reason.HTTP: "check server or base_url; if they are right, ask wolkvox support",
        Reason.REQUEST: (
            "this server may not offer the report; switch AMD off with `amd: off`, skills with `skills: off`, agents "
            "with `agents: off`, the quota with `quota_interval: 0`, and report a bug if it is the campaigns report"
        ),
        Reason.TOKEN: "create a new token in wolkvox and replace the configured one",
        Reason.QUOTA: "the day's calls of the operation are used up; find who else calls, or lengthen the intervals",
        Reason.CONCURRENCY: "somebody else uses the same token at the same time; give this exporter its own",
        Reason.MAINTENANCE: "wolkvox is in maintenance or taking a backup; the next poll tries again",
        Reason.FORBIDDEN: "ask wolkvox support what this answer means; the next poll tries again",
        Reason.TOO_LARGE: "the answer exceeds what this report can hold; check server or base_url",
        Reason.INVALID_BODY: "the answer is not the JSON wolkvox documents; check server or base_url and any proxy",
        Reason.UNEXPECTED_SHAPE: "the answer is JSON of another shape than documented; the API may have changed",
    }
)


class ApiError(Exception):
    """A call that brought no data."""

    def __init__(
        self, reason: Reason, detail: str, *, remedy: str = "", code: str = NO_STATUS, reset: bool = False
    ) -> None:
        self.remedy = remedy or REMEDIES[reason]
        super().__init__(f"{detail}: {self.remedy}")
        self.reason = reason
        self.detail = detail
        self.code = code
        self.reset = reset
