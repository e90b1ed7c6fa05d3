"""The commands, one module each, loaded when it runs; `sojourn.cli.registry` lists them."""
