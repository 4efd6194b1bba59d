"""Each command is found in the file that says so, and reading files leaves Python as it was."""

from __future__ import annotations

import gc
from importlib import import_module

import click
import pytest

from integration.cli.commands import FILES, postventa
from integration.collector import reading_code


@pytest.mark.parametrize("name", FILES)
def test_a_command_is_in_the_file_that_is_said_to_have_it(name: str) -> None:
    command = postventa.get_command(click.Context(postventa), name)
    assert command is not None
    assert command.callback is not None
    assert command.callback.__module__ == f"integration.cli.{FILES[name]}"


def test_no_command_is_left_out() -> None:
    for file in set(FILES.values()):
        import_module(f"integration.cli.{file}")
    assert sorted(postventa.commands) == sorted(FILES) == list(FILES)


def test_the_search_for_garbage_goes_on_after_files_were_read() -> None:
    assert gc.isenabled()
    with reading_code():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_had_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with reading_code():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
