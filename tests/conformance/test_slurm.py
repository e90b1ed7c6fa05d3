"""The Slurm backend keeps every rule over ssh, and what no transport may change over the others."""

from sojourn.testing import BackendSuite, EssentialSuite


class TestSlurm(BackendSuite):
    kinds = ("slurm-ssh",)


class TestSlurmOtherwise(EssentialSuite):
    kinds = ("slurm-openssh", "slurm-local")
