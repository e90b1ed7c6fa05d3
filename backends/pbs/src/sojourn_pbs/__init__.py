"""Sojourn's backend for PBS."""
