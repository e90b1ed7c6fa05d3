"""Plugins: found by their entry points, loaded one by one when needed, asked one at a time."""
