"""A body without a length is read no further than the door is wide."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from integration.flows import mail_doors, reach
from tests.conftest import StandingClock
from tests.flows.house import House


class Counted(BytesIO):
    """A body; `taken` is how many bytes of it were read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece

    def readinto(self, buffer: Any) -> int:
        size = super().readinto(buffer)
        self.taken += size
        return size


@pytest.mark.parametrize("door", ["store", "approval", "mail", "echo"])
def test_a_body_without_a_length_is_refused_once_it_is_too_long(
    tmp_path: Path, clock: StandingClock, door: str
) -> None:
    house, body = House(tmp_path, clock), Counted(b"x" * 20_000_000)
    paths = {
        "store": house.path,
        "approval": "/webhooks/approved/word",
        "echo": reach.PATH,
        "mail": mail_doors.address(house.services, "postmark").removeprefix("https://mia.example"),
    }
    environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    headers = {reach.HEADER: "anything"}
    answer = house.client.post(paths[door], input_stream=body, environ_overrides=environ, headers=headers)
    house.close()
    assert answer.status_code == (404 if door == "echo" else 413)
    assert body.taken <= 2_100_000
