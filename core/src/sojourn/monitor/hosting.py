"""The monitor inside a program: in a thread of its own, with callbacks or for asyncio."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from sojourn.monitor.monitor import Monitor
from sojourn.monitor.options import MonitorOptions
from sojourn.values.events import JobEvent
from sojourn.values.notification import Notification

if TYPE_CHECKING:
    from sojourn.session.session import Session

_PATIENCE = 30.0
"""Seconds for a monitor to end when it is told to: it waits for what is under way for a while."""


class MonitorThread:
    """A monitor in a thread: works from `start` to `stop`, or inside a `with`.

    If another process monitors the store already, this one passes on what that one records,
    and takes its place when it ends. The callbacks are called in the monitor's thread.
    """

    def __init__(
        self,
        session: "Session",
        options: MonitorOptions,
        *,
        report: Callable[[str], None],
        on_event: Callable[[JobEvent], None] | None = None,
        on_notification: Callable[[Notification], None] | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self._monitor = Monitor(
            session, options, report=report, on_event=on_event, on_notification=on_notification
        )
        self._on_end = on_end
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sojourn-monitor", daemon=True)

    def start(self) -> None:
        """Begin; returns when it works.

        Raises:
            ConfigError: a mistake in `notify.yaml`.
            StoreError: the store cannot be used.
        """
        self._thread.start()
        self._ready.wait()
        self._raise()

    def stop(self) -> None:
        """End; what was under way is finished, jobs go on. May be called twice.

        Raises:
            SojournError: what the monitor ended of, if it has not ended well.
        """
        self._monitor.stop()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE)
        self._raise()

    @property
    def works(self) -> bool:
        """Whether it is the store's monitor itself, rather than following another one."""
        return self._monitor.works

    def _run(self) -> None:
        try:
            self._monitor.run(ready=self._ready.set)
        except BaseException as error:  # noqa: BLE001  raised in the thread that started us
            self._error = error
        finally:
            self._ready.set()
            if self._on_end is not None:
                self._on_end()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class AsyncMonitor:
    """A monitor for a program with an event loop, which it never blocks:

    ```python
    async with session.monitor_async() as monitor:
        async for event in monitor:
            ...
    ```

    Every change of a job's state is given, in order; `stop` ends the iteration.
    """

    def __init__(
        self, session: "Session", options: MonitorOptions, *, report: Callable[[str], None]
    ) -> None:
        self._events: asyncio.Queue[JobEvent | None] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = MonitorThread(
            session, options, report=report, on_event=self._put, on_end=lambda: self._put(None)
        )

    async def start(self) -> None:
        """Begin; see `MonitorThread.start`."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._thread.start)

    async def stop(self) -> None:
        """End; see `MonitorThread.stop`."""
        await asyncio.to_thread(self._thread.stop)

    @property
    def works(self) -> bool:
        """See `MonitorThread.works`."""
        return self._thread.works

    def _put(self, event: JobEvent | None) -> None:
        """Called in the monitor's thread."""
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop was closed without waiting for us
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def __aiter__(self) -> AsyncIterator[JobEvent]:
        while (event := await self._events.get()) is not None:
            yield event
        self._events.put_nowait(None)  # for whoever else iterates, now or later

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
