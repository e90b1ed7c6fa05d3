"""The monitor: polls what is out, notifies, and starts suspended workflows again."""
