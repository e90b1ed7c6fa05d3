"""Sojourn's backend for this computer."""
