"""Transports on which things go wrong as a plan says: what goes wrong is told by bytes, not by
time, so that the same plan does the same again."""

from sojourn.testing.transports.cutting import CutTransport, DyingTransport, Unreached
from sojourn.testing.transports.noise import GarbledTransport, NoisyTransport, SlowTransport
from sojourn.testing.transports.wrapping import Wrapper, WrappingRegistry

__all__ = [
    "CutTransport",
    "DyingTransport",
    "GarbledTransport",
    "NoisyTransport",
    "SlowTransport",
    "Unreached",
    "Wrapper",
    "WrappingRegistry",
]
