"""The three transports of core keep the rules of transports."""

from sojourn.testing import TransportSuite


class TestTransports(TransportSuite):
    kinds = ("local", "slurm-ssh", "slurm-openssh")
