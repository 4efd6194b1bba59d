"""`emails` is ours: a package of that name from an index would be imported instead of it without a word."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

import emails
from tests.house.conftest import ROOT


def test_the_emails_that_is_imported_is_ours() -> None:
    assert Path(emails.__file__).resolve() == ROOT.resolve() / "emails" / "__init__.py"


def test_no_other_package_brings_an_emails() -> None:
    assert set(packages_distributions().get("emails", ["postventa"])) == {"postventa"}
