"""When lots are valued: soon after they wait for it, and a model that failed is left alone for a while."""

import time
from collections.abc import Callable

import structlog

from auction.kernel.errors import DomainError
from auction.kernel.unit import House
from disclosure.services.valuation import Ask, value, waiting

log = structlog.get_logger(__name__)

#: How long a model is left alone after it failed, in seconds: twice as long each time, up to the most.
FIRST_REST, MOST_REST = 120.0, 3600.0


class Valuer:
    """Asks the models for the lots that wait; nothing is started where none does. `seconds` is machine time."""

    def __init__(self, house: House, ask: Ask, seconds: Callable[[], float] = time.monotonic) -> None:
        self.house, self.ask, self.seconds = house, ask, seconds
        self._rests: dict[str, tuple[float, float]] = {}

    def __call__(self) -> int:
        """Estimate what waits for the models that do not rest; answers how many lots. A failure is logged."""
        now = self.seconds()
        resting = [model_id for model_id, (until, _) in self._rests.items() if until > now]
        count = 0
        for asking in self.house.read(waiting, without=resting):
            try:
                count += value(self.house, asking, self.ask)
            except DomainError as error:
                _, last = self._rests.get(asking.model_id, (0.0, FIRST_REST / 2))
                rest = min(2 * last, MOST_REST)
                self._rests[asking.model_id] = (now + rest, rest)
                log.warning("model not asked", model=asking.model_id, code=error.code, rests_seconds=rest)
            else:
                self._rests.pop(asking.model_id, None)
        return count
