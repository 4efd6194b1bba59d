"""The owner's pages."""

from __future__ import annotations

from flask import Blueprint

from integration.web.dashboard import cases
from integration.web.problems import guard

blueprint = Blueprint("dashboard", __name__)
guard(blueprint)
blueprint.add_url_rule("/admin/case/<token>", "case", cases.case, methods=["GET", "POST"])
