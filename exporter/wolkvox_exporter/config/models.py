"""The keys of the configuration file: one field each, with its type, default and description.

    Polling               keys that stand at the top and may be overridden, labels added to, in each operation
    └─ Shared             keys of an operation that mean the same in the file and in effect
       ├─ WrittenOperation    an operation as it stands in the file
       └─ Operation           an operation in effect: inherited, with address and token
    WrittenFile           the whole file

A new key is a field of `Polling` or `Shared`. Docstrings and descriptions of the written models are shown by editors.
"""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from wolkvox_exporter.config import patterns
from wolkvox_exporter.config.database import LEASE, SCHEMA
from wolkvox_exporter.config.keys import Keys
from wolkvox_exporter.config.skills import SkillsMode
from wolkvox_exporter.config.tokens import TokenSource
from wolkvox_exporter.config.types import (
    FILLED,
    Agents,
    Amd,
    AmdMaxCalls,
    BaseUrl,
    CaFile,
    Duration,
    DurationOrOff,
    Labels,
    Name,
    PasswordFile,
    PasswordVariable,
    Pattern,
    ProxyUrl,
    Schema,
    Server,
    ServiceLevelSeconds,
    Share,
    Skills,
    StaleAfter,
    StatePlace,
    TimeZone,
    TokenFile,
    TokenText,
    TokenVariable,
)
from wolkvox_exporter.config.values import AgentsMode, AmdMode

EXACTLY_ONE = (("server", "base_url"), ("token_file", "token_env", "token"))
"""Of each of these groups an operation in the file has exactly one key."""


class Polling(Keys):
    """Which of the further reports are asked for, how often each report is, and labels."""

    interval: Duration = Field(
        default=300.0, description="How often the campaigns report is asked for.", examples=["5m", "300s"]
    )
    skills: Skills = Field(
        default=SkillsMode.OFF,
        description="Which skills (queues) are asked for, in one call: `all`, a list of ids, or `off`.",
        examples=["all", "off", ["4000", "4069"]],
    )
    skills_interval: Duration = Field(
        default=300.0, description="How often the skills report is asked for.", examples=["5m", "15m"]
    )
    service_level_seconds: ServiceLevelSeconds | None = Field(
        default=None,
        description="A threshold of your own for the service level of skills, beside 10, 20 and 30 seconds.",
        examples=[40],
    )
    agents: Agents = Field(
        default=AgentsMode.OFF,
        description="Whether agents are counted `by_status`, never by person, or `off`.",
        examples=["by_status", "off"],
    )
    agents_interval: Duration = Field(
        default=300.0, description="How often the agents report is asked for.", examples=["5m", "10m"]
    )
    amd_interval: Duration = Field(
        default=300.0, description="How often the accumulated AMD report is asked for.", examples=["5m", "15m"]
    )
    quota_interval: DurationOrOff = Field(
        default=900.0, description="How often the day's calls are asked for; 0 is never.", examples=["15m", "0"]
    )
    quota_reserve: Share = Field(
        default=0.1,
        description=(
            "Share of the day's calls that is left to others: below it skills, agents and AMD are not asked for."
        ),
        examples=["10%"],
    )
    amd_max_calls: AmdMaxCalls = Field(
        default=10,
        description=(
            "Calls in each amd_interval where campaigns are asked for one by one, and in each skills_interval where "
            "skills are, since the server does not take them together."
        ),
        examples=[10],
    )
    stale_after: StaleAfter = Field(
        default=3, description="After how many intervals without success the last data are dropped.", examples=[3]
    )
    timeout: Duration = Field(
        default=65.0, description="How long one call may take; the API's own limit is 60s.", examples=["65s"]
    )
    connect_timeout: Duration = Field(
        default=10.0,
        description=(
            "How long name, connection, proxy and TLS may take together before a call; at most half of timeout, to "
            "which the default shrinks where it is longer."
        ),
        examples=["10s", "20s"],
    )
    labels: Labels = Field(
        default={},
        description="Labels for wolkvox_operation_info; those of an operation are added to those at the top, and win.",
        examples=[{"cliente": "acme", "pais": "CO"}],
    )


class Campaigns(Keys):
    """Which campaigns are published, by patterns on id or name: * is any text, ? any one character; exclude wins."""

    include: Annotated[tuple[Pattern, ...], FILLED] = Field(
        default=("*",),
        description="Publish only these.",
        examples=[["ventas*", "4875"]],
        json_schema_extra={"minItems": 1},
    )
    exclude: tuple[Pattern, ...] = Field(default=(), description="Leave these out.", examples=[["*prueba*"]])

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return patterns.takes_everything(self.include) and not self.exclude

    def selects(self, campaign_id: str, name: str) -> bool:
        """Return whether a campaign is published."""
        if self.is_everything:
            return True
        texts = (patterns.folded(campaign_id), patterns.folded(name))
        return patterns.matches(self.include, texts) and not patterns.matches(self.exclude, texts)


class Shared(Polling):
    """An operation, less its address and token."""

    name: Name = Field(description="The label `operation` of its metrics, unique.", examples=["ventas-co"])
    time_zone: TimeZone = Field(
        default=ZoneInfo("America/Bogota"),
        description="Whose midnight starts the day, of the AMD report and of what is counted today.",
        examples=["America/Mexico_City"],
    )
    amd: Amd = Field(
        default=AmdMode.AUTO,
        description=(
            "How the accumulated AMD report is asked for: `all` campaigns in one call, `each` started campaign in a "
            "call of its own, `auto` as `all` until `each` turns out to be needed, or `off`."
        ),
        examples=["auto", "all", "each", "off"],
    )
    campaigns: Campaigns = Field(default=Campaigns(), description="Which campaigns are published.")
    proxy_url: ProxyUrl | None = Field(
        default=None, description="The HTTP proxy on the way to wolkvox.", examples=["http://proxy:3128"]
    )
    ca_file: CaFile | None = Field(
        default=None,
        description="PEM file with the CA certificates to trust; relative to this file's folder.",
        examples=["/etc/ssl/company-ca.pem"],
    )


class Operation(Shared):
    """An operation in effect: every value is final, durations are in seconds."""

    base_url: BaseUrl
    token: TokenSource


class WrittenOperation(Shared):
    """An operation, that is, a wolkvox account: where it is, its token and how it is polled."""

    model_config = ConfigDict(
        title="Operation",
        json_schema_extra={"allOf": [{"oneOf": [{"required": [key]} for key in group]} for group in EXACTLY_ONE]},
    )

    server: Server | None = Field(
        default=None, description="The four digits of wv0042.wolkvox.com.", examples=["0042", "wv0042"]
    )
    base_url: BaseUrl | None = Field(
        default=None, description="The API's whole address, instead of server.", examples=["https://host/api/v2"]
    )
    token_file: TokenFile | None = Field(
        default=None,
        description="File with the token and nothing else, read before each poll; relative to this file's folder.",
        examples=["/run/secrets/ventas-co"],
    )
    token_env: TokenVariable | None = Field(
        default=None,
        description="Environment variable that holds the token; /proc shows it to this user and root; prefer a file.",
        examples=["WOLKVOX_TOKEN"],
    )
    token: TokenText | None = Field(default=None, description="The token itself; prefer token_file or token_env.")

    def effective(self, defaults: Polling) -> Operation:
        """Return the operation with the keys that it inherits, once everything is known to be right."""
        inherited = (defaults.model_fields_set & Polling.model_fields.keys()) - self.model_fields_set
        values = {key: getattr(self, key) for key in Shared.model_fields}
        values |= {key: getattr(defaults, key) for key in inherited}
        values["labels"] = {**defaults.labels, **self.labels}
        return Operation(
            **values,
            base_url=self.base_url or f"https://wv{self.server}.wolkvox.com/api/v2",
            token=self.token_file or self.token_env or self.token,
        )


class WrittenFile(Polling):
    """The operations to poll, and what they have in common."""

    model_config = ConfigDict(title="Configuration of wolkvox-exporter")

    state: StatePlace | None = Field(
        default=None,
        description=(
            "Where data, counters and due times survive a restart: a folder, one exporter's alone, relative to this "
            "file's; or a PostgreSQL database, by whose address any number of exporters are one."
        ),
        examples=["/var/lib/wolkvox-exporter", "postgresql://wolkvox@db.example.com/wolkvox?sslmode=verify-full"],
    )
    state_password_file: PasswordFile | None = Field(
        default=None,
        description="The file that holds the password of the database and nothing else; it is read at each connection.",
        examples=["/etc/wolkvox-exporter/database-password"],
    )
    state_password_env: PasswordVariable | None = Field(
        default=None,
        description="The environment variable that holds the password of the database.",
        examples=["WOLKVOX_DATABASE_PASSWORD"],
    )
    state_schema: Schema = Field(
        default=SCHEMA,
        description="The schema of the database, which is made if need be and holds nothing else.",
        examples=["wolkvox_exporter"],
    )
    state_lease: Duration = Field(
        default=LEASE,
        description="For how long an exporter may use a token after it was last heard of; then another takes over.",
        examples=["15s"],
    )
    operations: Annotated[tuple[WrittenOperation, ...], FILLED] = Field(
        description="The operations (accounts) to poll, at least one.", json_schema_extra={"minItems": 1}
    )
