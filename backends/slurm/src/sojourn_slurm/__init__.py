"""Sojourn's backend for Slurm."""
