"""The shopper's pages: survey, complaint, return, mail preferences; a link token instead of an account."""

from __future__ import annotations

from flask import Blueprint

from integration.web.problems import guard
from integration.web.shopper import complaints, lost_links, preferences, returns, storefront, surveys

blueprint = Blueprint("shopper", __name__)
guard(blueprint)
blueprint.add_url_rule("/s/<token>", "survey", surveys.survey, methods=["GET", "POST"])
blueprint.add_url_rule("/c/<token>", "complaint", complaints.complaint, methods=["GET", "POST"])
blueprint.add_url_rule("/r/<token>", "return", returns.sending_back, methods=["GET", "POST"])
blueprint.add_url_rule("/r/<token>/label.pdf", "label", returns.label, methods=["GET", "POST"])
blueprint.add_url_rule("/u/<token>", "preferences", preferences.preferences, methods=["GET", "POST"])
blueprint.add_url_rule("/find/<shop_id>", "lost_links", lost_links.lost_links, methods=["GET", "POST"])
blueprint.add_url_rule("/storefront/<platform>/<key>", "storefront", storefront.storefront)
