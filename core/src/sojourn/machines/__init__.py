"""Machines: what `machines.yaml` says, found, read, checked and turned into values."""
