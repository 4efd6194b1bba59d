"""The owner's pages: one case by the link in a mail, and the desk behind a password."""

from __future__ import annotations

from flask import Blueprint

from integration.web.dashboard import (
    account,
    cases,
    connect,
    connect_shopify,
    door,
    entrance,
    health,
    home,
    mails,
    orders,
    shops,
    stops,
)
from integration.web.problems import guard

blueprint = Blueprint("dashboard", __name__)
guard(blueprint)
blueprint.add_url_rule("/admin/case/<token>", "case", cases.case, methods=["GET", "POST"])

desk = Blueprint("desk", __name__, url_prefix="/admin")
door.guard(desk)
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")
Rooms = tuple[tuple[str, str, door.View, tuple[str, ...]], ...]
ROOMS: Rooms = (
    ("/", "home", home.home, GET),
    ("/numbers.csv", "numbers_csv", home.numbers_csv, GET),
    ("/cases", "cases", cases.desk_list, GET),
    ("/cases/<case_id>", "cases_one", cases.desk_case, BOTH),
    ("/orders", "orders", orders.desk_list, GET),
    ("/orders/<order_id>", "orders_one", orders.desk_order, GET),
    ("/mails", "mails", mails.desk_list, GET),
    ("/mails/<mail_id>", "mails_one", mails.desk_mail, GET),
    ("/mails/<mail_id>/html", "mails_html", mails.mail_html, GET),
    ("/account", "account", account.account, BOTH),
    ("/logout", "logout", entrance.logout, POST),
)
OWNERS_ROOMS: Rooms = (
    ("/shops", "shops", shops.desk_list, GET),
    ("/connect", "shops_connect", connect.choose, GET),
    ("/connect/woocommerce", "shops_woocommerce", connect.woocommerce, BOTH),
    ("/connect/woocommerce/<joining_id>", "shops_joining", connect.on_its_way, BOTH),
    ("/connect/woocommerce/<joining_id>/back", "shops_joining_back", connect.back, GET),
    ("/connect/shopify", "shops_connect_shopify", connect_shopify.connect, BOTH),
    ("/shops/<shop_id>", "shops_one", shops.desk_shop, GET),
    ("/shops/<shop_id>/delivered", "shops_delivered", connect.when_delivered, BOTH),
    ("/shops/<shop_id>/check", "shops_check", shops.check, POST),
    ("/shops/<shop_id>/pause", "shops_pause", shops.pause, POST),
    ("/shops/<shop_id>/past", "shops_past", shops.read_past, POST),
    ("/shops/<shop_id>/live", "shops_live", shops.live, BOTH),
    ("/shops/<shop_id>/try", "shops_try", shops.trial, BOTH),
    ("/stopped", "stops", stops.desk_list, GET),
    ("/stopped/<task_id>/retry", "stops_retry", stops.retry, POST),
    ("/stopped/<task_id>/discard", "stops_discard", stops.discard, POST),
    ("/stopped/retry", "stops_retry_all", stops.retry_all, POST),
    ("/stopped/receipts/replay", "stops_replay_all", stops.replay_all, POST),
    ("/stopped/receipts/<receipt_id>/replay", "stops_replay", stops.replay, POST),
    ("/stopped/receipts/<receipt_id>/discard", "stops_drop", stops.drop, POST),
    ("/health", "health", health.health, GET),
    ("/health/now", "health_now", health.now, POST),
    ("/people", "people", account.people, BOTH),
)
HALLS: Rooms = (
    ("/login", "login", entrance.login, BOTH),
    ("/welcome/<token>", "welcome", entrance.welcome, BOTH),
)
for _rule, _name, _view, _methods in ROOMS:
    desk.add_url_rule(_rule, _name, door.room(_view), methods=_methods)
for _rule, _name, _view, _methods in OWNERS_ROOMS:
    desk.add_url_rule(_rule, _name, door.room(_view, owners=True), methods=_methods)
for _rule, _name, _view, _methods in HALLS:
    desk.add_url_rule(_rule, _name, door.hall(_view), methods=_methods)
