"""The server's questions (keyboard-interactive), answered in the thread that logs in.

paramiko asks in a thread of its own; a person is asked in the caller's, so that Ctrl-C restores
the terminal and ends the attempt.
"""

import queue
import threading
from collections.abc import Callable, Sequence

import paramiko

Prompts = Sequence[tuple[str, bool]]
"""What is asked, and whether the answer may be shown while it is typed."""


def converse(
    transport: paramiko.Transport,
    user: str,
    answer: Callable[[str, str, Prompts], list[str]],
) -> Sequence[str]:
    """Log in by keyboard-interactive; the methods that are still wanted after it, if any.

    `answer` gets title, instructions and prompts. What it raises ends the attempt, and the
    connection with it.

    Raises:
        paramiko.SSHException: refused, or the connection ended.
    """
    questions: queue.SimpleQueue[tuple[str, str, Prompts] | None] = queue.SimpleQueue()
    answers: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()
    outcome: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def handler(title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        if not prompts:
            return []
        questions.put((title, instructions, prompts))
        replies = answers.get()
        if replies is None:
            raise paramiko.SSHException("nobody answers")
        return replies

    def log_in() -> None:
        try:
            outcome.put(transport.auth_interactive(user, handler))
        except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
            outcome.put(error)
        questions.put(None)

    threading.Thread(target=log_in, daemon=True).start()
    while (asked := questions.get()) is not None:
        replies = None
        try:
            replies = answer(*asked)
        finally:
            # paramiko's thread must not wait for ever when a person gives up.
            answers.put(replies)
    result = outcome.get()
    if isinstance(result, Exception):
        raise result
    return result
