"""Verified outputs of finished jobs, kept read-only and away from the workflow's own file.

`cache.ResultCache` is the way in; a hit contacts nothing and costs a few system calls.
"""
