"""Where text of others meets the terminal: what would steer it is written out. Pure.

Words of jobs, machines, schedulers, tickets and logs may hold control characters (C0 and C1), which move
the cursor, rename the window or answer in the user's name, and marks that turn the direction of
writing, which make a line read as something else.
"""


def plain(text: str) -> str:
    """`text` with all that is not printable, but newlines and tabs, written out as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def flat(text: str) -> str:
    """As `plain`, on one line."""
    return text if text.isprintable() else plain(text).replace("\n", "\\n").replace("\t", "\\t")
