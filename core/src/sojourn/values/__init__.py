"""Values that pass between rooms: no behaviour, no side effects."""
