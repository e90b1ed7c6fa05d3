"""Starting the application over a session of its own."""

from sojourn.plugins.registry import Registry
from sojourn.session.session import Session
from sojourn.top.app import TopApp


def run(*, poll: bool = True) -> None:
    """Show the screen until the person leaves. What was to be said before is said there."""
    lines: list[str] = []
    say = lines.append
    registry = Registry(report=lambda line: say(line))
    # The screen has the terminal: nobody can be asked for a password there.
    with Session(registry=registry, interactive=False, report=lambda line: say(line)) as session:
        app = TopApp(session, poll=poll)

        def tell() -> None:
            nonlocal say
            say = app.say
            for line in lines:
                app.say(line)

        app.when_ready = tell
        app.run()
