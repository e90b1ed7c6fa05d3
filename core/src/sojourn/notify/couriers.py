"""Bringing messages to their channels: a thread each, so that none holds up another."""

import threading
import time
from collections import deque
from collections.abc import Callable

from sojourn.errors import SojournError
from sojourn.values.notification import Channel, Notification

PAUSES = (5.0, 30.0)
"""Seconds before each repetition of a message that could not be brought."""

Send = Callable[[Channel, Notification], None]
Done = Callable[[], None]


class Courier:
    """Brings messages to one channel, one after the other, in a thread of its own.

    A failure is reported once, until a message gets through again; a message that could not
    be brought after all repetitions is given up.
    """

    def __init__(
        self,
        channel: Channel,
        send: Send,
        report: Callable[[str], None],
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self.channel = channel
        self._send = send
        self._report = report
        self._pauses = pauses
        self._waiting: deque[tuple[Notification, Done]] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._failing = False
        self._thread: threading.Thread | None = None

    def bring(self, message: Notification, done: Done) -> None:
        """Have a message brought; `done` is called when it was, or was given up."""
        with self._changed:
            self._waiting.append((message, done))
            if self._thread is None:
                name = f"sojourn-notify-{self.channel.name}"
                self._thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def settle(self, timeout: float) -> bool:
        """Wait until nothing is left to bring; False if something is after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout)

    def stop(self, timeout: float) -> None:
        """End the thread: what is under way is finished, what fails then is not repeated."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopped)
                if not self._waiting:
                    return
                message, done = self._waiting[0]
            if not self._bring(message):
                return
            done()
            with self._changed:
                self._waiting.popleft()
                self._changed.notify_all()

    def _bring(self, message: Notification) -> bool:
        """Bring a message, or give it up; False if the end came in between."""
        for pause in (*self._pauses, None):
            error = self._try(message)
            if error is None:
                if self._failing:
                    self._report(f"channel {self.channel.name!r} works again")
                self._failing = False
                return True
            if not self._failing:
                hint = f" ({error.hint})" if error.hint else ""
                self._report(
                    f"channel {self.channel.name!r} could not bring a message: {error}{hint}"
                )
            self._failing = True
            if self._stopped or (pause is not None and self._waits_in_vain(pause)):
                return False
        return True

    def _try(self, message: Notification) -> SojournError | None:
        try:
            self._send(self.channel, message)
        except SojournError as error:
            return error
        except Exception as error:  # noqa: BLE001  whatever it is, the monitor goes on
            return SojournError(f"{type(error).__name__}: {error}")
        return None

    def _waits_in_vain(self, pause: float) -> bool:
        """Pause before a repetition; True if there is to be none."""
        until = time.monotonic() + pause
        with self._changed:
            return self._changed.wait_for(lambda: self._stopped, until - time.monotonic())
