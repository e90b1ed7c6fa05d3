"""What may be cleared away on machines, and clearing it away."""
