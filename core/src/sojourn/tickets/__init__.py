"""Tickets: one JSON document from which another computer goes on."""
