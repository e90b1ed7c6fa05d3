"""Telling the user: what is grouped into one message, and the channels that bring it."""
