"""A limit for what has none of its own: after so many seconds it is given up from outside."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, function: Callable[[], T]) -> T:
    """What `function` returns or raises, in a thread that is left behind if it takes longer.

    Raises:
        TimeoutError: it does.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result(seconds)


@contextmanager
def limited(seconds: float, give_up: Callable[[], None]) -> Iterator[threading.Event]:
    """Call `give_up`, in another thread, if the block takes longer than `seconds`.

    It must wake whoever waits in the block, as closing a channel does. The event is set once
    the limit has passed; the block ends only after `give_up` has.
    """
    passed = threading.Event()

    def end() -> None:
        passed.set()
        give_up()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()
        if passed.is_set():
            timer.join()
