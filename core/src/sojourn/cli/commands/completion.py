"""`sojourn completion`: what a shell needs to complete our commands."""

import click

from sojourn.cli.ending import COMPLETE


@click.command
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the code that lets SHELL complete commands, options, jobs and machines.

    \b
    Examples:
      sojourn completion bash > ~/.local/share/bash-completion/completions/sojourn
      sojourn completion zsh > ~/.zfunc/_sojourn
      sojourn completion fish > ~/.config/fish/completions/sojourn.fish
    """
    from click.shell_completion import get_completion_class

    from sojourn.cli.app import app

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} cannot be completed")
    click.echo(_source(kind, app))


def _source(kind: "type[click.shell_completion.ShellComplete]", app: click.Command) -> str:
    """The code itself: click's own, without its look at the version of the shell."""
    maker = kind(app, {}, "sojourn", COMPLETE)
    return maker.source_template % maker.source_vars()
