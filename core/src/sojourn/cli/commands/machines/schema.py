"""`sojourn machines schema`."""

import json

import click


@click.command
def command() -> None:
    """Print the JSON Schema of machines.yaml, for editors that check while one types.

    It has the keys of every backend and transport that is installed here.

    \b
    Examples:
      sojourn machines schema > ~/.config/sojourn/machines.schema.json
      (first line of machines.yaml:  # yaml-language-server: $schema=machines.schema.json)
    """
    from sojourn.machines.schema import machines_schema
    from sojourn.plugins.registry import Registry

    click.echo(json.dumps(machines_schema(Registry()), indent=2))
