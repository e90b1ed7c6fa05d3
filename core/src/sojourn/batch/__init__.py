"""One implementation of the backend hooks for all batch schedulers, over pure functions."""
