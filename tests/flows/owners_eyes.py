"""What Mia sees when something goes wrong: her desk, what stopped, the doctor, and notices by mail."""

from __future__ import annotations

from integration.flows import doctor
from tests.flows.house import House
from tests.web.desk.conftest import Desk


class Eyes:
    """Mia at her desk."""

    def __init__(self, house: House) -> None:
        self._house, self._times = house, 0

    def _page(self, path: str) -> str:
        self._times += 1  # whoever looks in days later has to log in again
        return Desk(self._house).enter(email=f"mia{self._times}@mia.example").get(path).text

    def today(self) -> str:
        """The first page of the desk."""
        return self._page("/admin/")

    def stopped(self) -> str:
        """The page of work that stopped."""
        return self._page("/admin/stopped")

    def wrong(self) -> set[str]:
        """The checks of `postventa doctor` that do not hold now and held in fair weather."""
        fair = {
            "public_url",
            "reach_address",
            "reach_dns",
            "backup",
            "backup_none",
            "owner",
            "mails_leave",
        }  # not a matter of this house
        return {found.check for found in doctor.examine(self._house.services) if not found.ok} - fair

    def notices(self) -> list[str]:
        """The notices that reached her, in words."""
        return [mail.text for mail in self._house.mails("owner_notice")]
