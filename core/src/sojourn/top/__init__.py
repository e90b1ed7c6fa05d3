"""The terminal UI: what the store knows as a tree, drawn at once, while machines are asked behind.

Needs textual (the extra `top`); only `sojourn top` imports it.
"""
