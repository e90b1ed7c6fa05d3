"""What there is to tell: gathered, grouped, and handed to the channels that want it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sojourn.notify.composing import compose
from sojourn.notify.couriers import Courier
from sojourn.notify.window import Window
from sojourn.values.notification import Notice, Notification, Topic

if TYPE_CHECKING:
    from sojourn.notify.settings import NotifySettings
    from sojourn.plugins.registry import Registry


@dataclass(slots=True)
class _Batch:
    """Notices that were told together; `left` channels have not brought them yet."""

    mark: int
    left: int


class Messenger:
    """Tells notices by the configured channels. Never raises for a channel's sake.

    Each notice comes with a mark, a number that never falls, as the numbers of events do; `told`
    is the highest mark up to which all has been brought, or given up, and `ahead` the marks of
    channels that have come further. Given to the next messenger, as `mark` and `ahead`, they keep
    a channel that fails or hangs from having the others told twice. `on_message` is shown what
    everything together would say.
    """

    def __init__(
        self,
        registry: "Registry",
        settings: "NotifySettings",
        *,
        report: Callable[[str], None],
        on_message: Callable[[Notification], None] | None = None,
        mark: int = 0,
        ahead: Mapping[str, int] | None = None,
    ) -> None:
        general = settings.general
        self._window = Window(general.window, max(general.window, general.longest))
        self._wanted = [
            (Courier(one.channel, registry.notify, report), one.topics) for one in settings.channels
        ]
        self._on_message = on_message
        self._gathered: list[Notice] = []
        self._mark = mark
        self._told = mark
        self._before = dict(ahead or {})
        self._ahead = dict(self._before)
        self._batches: deque[_Batch] = deque()
        self._lock = threading.Lock()

    def gather(self, notices: Sequence[Notice], mark: int, now: float) -> None:
        """Take what has come up until `mark`, at `now` of a running clock."""
        self._mark = max(self._mark, mark)
        if notices:
            self._gathered += notices
            self._window = self._window.touched(now)
        elif not self._gathered:
            with self._lock:
                if not self._batches:
                    self._told = self._mark

    @property
    def ends(self) -> float | None:
        """When what was gathered is to be told; None while there is nothing."""
        return self._window.ends

    @property
    def told(self) -> int:
        """The mark up to which everything has been brought."""
        with self._lock:
            return self._told

    @property
    def ahead(self) -> dict[str, int]:
        """By name, the marks of channels that have brought more than `told`."""
        with self._lock:
            return {name: mark for name, mark in self._ahead.items() if mark > self._told}

    def tell(self, now: float, *, at_once: bool = False) -> None:
        """Hand over what was gathered, if its window has ended or `at_once`."""
        if not self._gathered or not (at_once or self._window.due(now)):
            return
        gathered, self._gathered = self._gathered, []
        self._window = self._window.told(now)
        at = time.time()
        messages = [
            (courier, compose(self._untold(courier.channel.name, topics, gathered), at))
            for courier, topics in self._wanted
        ]
        wanted = [(courier, message) for courier, message in messages if message is not None]
        batch = _Batch(self._mark, len(wanted) + 1)
        with self._lock:
            self._batches.append(batch)
        for courier, message in wanted:
            courier.bring(message, partial(self._brought, batch, courier.channel.name))
        if self._on_message is not None and (whole := compose(gathered, at)) is not None:
            self._on_message(whole)
        self._brought(batch)

    def _untold(
        self, channel: str, topics: Collection[Topic], notices: Sequence[Notice]
    ) -> list[Notice]:
        """What a channel wants of these, but for what an earlier monitor had it bring."""
        before = self._before.get(channel, 0)
        return [one for one in notices if one.topic in topics and not 0 < one.event <= before]

    def _brought(self, batch: _Batch, channel: str = "") -> None:
        with self._lock:
            batch.left -= 1
            if channel:
                self._ahead[channel] = max(self._ahead.get(channel, 0), batch.mark)
            while self._batches and self._batches[0].left == 0:
                self._told = self._batches.popleft().mark

    def settle(self, timeout: float) -> bool:
        """Wait until everything handed over was brought; False if not within `timeout` s."""
        until = time.monotonic() + timeout
        return all(c.settle(max(0.0, until - time.monotonic())) for c, _ in self._wanted)

    def close(self, timeout: float = 5.0) -> None:
        """End the channels' threads; what was not brought by then is told by the next monitor."""
        until = time.monotonic() + timeout
        for courier, _ in self._wanted:
            courier.stop(max(0.0, until - time.monotonic()))
