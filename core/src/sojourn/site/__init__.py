"""The machine's side: trips, the layout under the root, and the programs that work on it."""
