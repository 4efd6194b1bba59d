"""The houses of the flows work here, too."""

from tests.flows.conftest import make_house

__all__ = ["make_house"]
