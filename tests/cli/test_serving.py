"""One `serve` for a database file: a second one is told so, `work` and commands go on, and nobody restores under it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

CODE = "from integration.cli import main; main()"
WSGI = "from integration.wsgi import application; print('answers', flush=True); input()"
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(installed: Path) -> Iterator[Start]:
    """`start("serve")`: a command in a process of its own."""
    running: list[subprocess.Popen[str]] = []
    speaking = {**os.environ, "LC_ALL": "en_GB.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path)}

    def run(*words: str, code: str = CODE) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *words]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        running.append(subprocess.Popen(command, cwd=installed, env=speaking, **pipes))  # type: ignore[call-overload]
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.communicate()


def serve(start: Start) -> subprocess.Popen[str]:
    """A `serve` that answers."""
    process = start("serve", "--port", "0")
    assert process.stdout
    assert "answers at" in process.stdout.readline()
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_second_serve_is_refused_with_one_sentence_and_work_is_not(start: Start, installed: Path) -> None:
    first = serve(start)
    code, out, err = ended(start("serve", "--port", "0"))
    assert (code, out) == (1, "")
    assert err == (
        "A `postventa serve` is running on postventa.db already. Stop that one, or use another config with --config.\n"
    )
    assert ended(start("work", "--until-idle"))[0] == 0
    assert ended(start("backup"))[0] == 0
    [file] = (installed / "backups").iterdir()
    code, _, err = ended(start("restore", str(file), "--force"))
    assert code == 1
    assert "Stop `postventa serve`" in err
    assert first.poll() is None


def test_after_a_power_cut_the_next_serve_starts_at_once(start: Start) -> None:
    first = serve(start)
    first.send_signal(signal.SIGKILL)
    first.wait(60)
    second = serve(start)
    second.send_signal(signal.SIGTERM)
    assert ended(second)[0] == 0


@pytest.mark.parametrize("trusted", ["0", "1"])
def test_what_a_web_server_in_front_says_of_its_caller_is_heard(start: Start, installed: Path, trusted: str) -> None:
    """The figures are for this machine: a stranger that a web server on it speaks for is not us, trusted or not."""
    config = installed / "config.toml"
    text = config.read_text("utf-8").replace("trusted_proxies = 0", f"trusted_proxies = {trusted}")
    config.write_text(text, "utf-8")
    process = start("serve", "--port", "0")
    assert process.stdout
    here = process.stdout.readline().split()[-1]
    stranger = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    assert requests.get(f"{here}/metrics", timeout=30).status_code == 200
    assert requests.get(f"{here}/metrics", headers=stranger, timeout=30).status_code == 404


def wsgi(start: Start) -> subprocess.Popen[str]:
    """A process of a WSGI server."""
    process = start(code=WSGI)
    assert process.stdout
    assert process.stdout.readline() == "answers\n"
    return process


def test_nobody_restores_or_copies_under_a_wsgi_server_of_several_processes(start: Start, installed: Path) -> None:
    servers = [wsgi(start), wsgi(start)]
    assert ended(start("backup"))[0] == 0
    [file] = (installed / "backups").iterdir()
    copying = ("copy-database", "sqlite:///postventa.db", "sqlite:///other.db")
    for words in (("restore", str(file), "--force"), copying):
        code, _, err = ended(start(*words))
        assert code == 1
        assert "Stop `postventa serve`" in err
    for server in servers:
        assert server.communicate("\n", timeout=30)[1] == ""
    assert ended(start("restore", str(file), "--force"))[0] == 0
