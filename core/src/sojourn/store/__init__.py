"""The local record of every job, step, workflow and machine, in one SQLite file.

`store.Store` is the way in; `records` holds what it gives and takes. Nothing here imports
pydantic, pluggy or rich: `sojourn list` is as fast as SQLite.
"""
