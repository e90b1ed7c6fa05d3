"""Core's own channels, each a plugin on the public hooks."""
