"""The calls of one poll: made in the token's turn, counted, and charged to the day's budget."""

from collections import Counter
from collections.abc import Callable

from wolkvox_exporter.api.client import Call, Client
from wolkvox_exporter.api.errors import ApiError
from wolkvox_exporter.api.response import Answer
from wolkvox_exporter.polling.budget import Budget
from wolkvox_exporter.polling.snapshot import Attempt
from wolkvox_exporter.runtime.clock import Clock


class TurnAsker:
    """Asks on behalf of one poll; see `Asker`.

    `expected`: seconds that the longest call of the poll before took. `deadline`: when, on the monotonic clock,
    campaigns are due again. `wanted` tells whether anybody waits for more than the call under way.
    """

    def __init__(
        self,
        client: Client,
        token: str,
        clock: Clock,
        budget: Budget,
        *,
        expected: float,
        deadline: float,
        wanted: Callable[[], bool],
    ) -> None:
        self.started = clock.monotonic()
        self.started_at = clock.time()
        self._expected = expected
        self._deadline = deadline
        self._wanted = wanted
        self.longest = 0.0
        self.gave_way = False
        self._client = client
        self._token = token
        self._clock = clock
        self._budget = budget
        self._requests: Counter[str] = Counter()

    def time(self) -> float:
        """See `Asker.time`."""
        return self._clock.time()

    def monotonic(self) -> float:
        """See `Asker.monotonic`."""
        return self._clock.monotonic()

    async def ask(self, call: Call) -> Answer:
        """See `Asker.ask`. A call that timed out counts as spent."""
        began = self._clock.monotonic()
        self._budget.spend()
        try:
            answer = await self._client.get(call, self._token)
        except ApiError as error:
            self._requests[error.code] += 1
            raise
        self.longest = max(self.longest, self._clock.monotonic() - began)
        self._requests[str(answer.status)] += 1
        return answer

    def may_go_on(self) -> bool:
        """See `Asker.may_go_on`.

        Not if nobody wants more, nor if a call as long as the longest so far would delay the campaigns report.
        """
        ends = self._clock.monotonic() + max(self.longest, self._expected)
        may = self._wanted() and ends < self._deadline and self._budget.has_room(self._clock.time())
        self.gave_way = self.gave_way or not may
        return may

    def attempt(self) -> Attempt:
        """Return what the poll has cost."""
        return Attempt(self._clock.time(), self._clock.monotonic() - self.started, self._requests)
