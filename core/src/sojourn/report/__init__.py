"""One self-contained page about jobs: when they waited and ran, how well, and what failed."""
