"""Sojourn's backend `local`: jobs on this computer, detached from the program that submits them.

The plugin is `sojourn_local.backend`; what runs the jobs is `sojourn_local.runner`, which
imports nothing but the standard library.
"""
