"""What a program holds in its hand: jobs handed in, asked after, fetched and changed."""
