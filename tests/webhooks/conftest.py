"""The houses of the flows serve here, too."""

from tests.flows.conftest import make_house

__all__ = ["make_house"]
