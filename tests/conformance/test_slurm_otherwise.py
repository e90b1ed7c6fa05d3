"""No transport changes what the Slurm backend does."""

from sojourn.testing import EssentialSuite


class TestSlurmOtherwise(EssentialSuite):
    kinds = ("slurm-openssh", "slurm-local")
