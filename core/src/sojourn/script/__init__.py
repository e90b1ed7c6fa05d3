"""job.sh: what runs on the node, how it is told about its jobs, and what it leaves behind."""
