"""The command line: one JSON object where it is asked for, and no body or account without a name."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.factories import a_uscc
from web.commands import fapai

#: They end when they are stopped, and answer nothing before.
SERVING = {"serve", "scheduler", "demo"}


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """Runs a command in a sandbox of its own."""
    monkeypatch.setenv("FAPAI_SANDBOX", "1")
    monkeypatch.setenv("FAPAI_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("FAPAI_DATABASE_URL", raising=False)
    return Run()


class Run:
    def __call__(self, *words: str, typed: str = "") -> Result:
        return CliRunner().invoke(fapai, words, input=typed)

    def json(self, *words: str, typed: str = "") -> object:
        done = self(*words, "--json", typed=typed)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


def test_every_command_that_ends_has_json() -> None:
    without = [
        " ".join(path)
        for path, command in leaves(fapai)
        if path[0] not in SERVING and not any("--json" in option.opts for option in command.params)
    ]
    assert without == []


def test_what_was_done_is_told_as_one_object(run: Run, tmp_path: Path) -> None:
    upgraded = run.json("db", "upgrade")
    assert isinstance(upgraded, dict)
    assert set(upgraded) == {"revision"}
    assert run.json("court", "add", "3201", "南京市中级人民法院") == {"code": "3201", "name": "南京市中级人民法院"}
    uscc = a_uscc(3)
    assert run.json("agency", "add", uscc, "某评估公司") == {"uscc": uscc, "name": "某评估公司"}
    staff = ("user", "add", "judge1", "--role", "judge", "--court", "3201", "--password-stdin")
    made = run.json(*staff, typed="long enough\n")
    assert isinstance(made, dict)
    assert (made["username"], made["role"], set(made)) == ("judge1", "judge", {"id", "username", "role"})
    written = run.json("audit", "export", str(tmp_path / "package"))
    assert isinstance(written, dict)
    assert str(tmp_path / "package" / "manifest.json") in written["written"]


@pytest.mark.parametrize("blank", [" ", "\u3000"])
def test_no_body_and_no_account_has_a_blank_name(run: Run, blank: str) -> None:
    assert run("db", "upgrade").exit_code == 0
    assert run("court", "add", "3201", "南京市中级人民法院").exit_code == 0
    account = ("--role", "judge", "--court", "3201", "--password-stdin")
    for words in (
        ("court", "add", "3202", blank),
        ("court", "add", blank, "无锡市中级人民法院"),
        ("agency", "add", a_uscc(3), blank),
        ("user", "add", "judge1", "--name", blank, *account),
        ("user", "add", blank, *account),
    ):
        refused = run(*words, typed="long enough\n")
        assert (refused.exit_code, "required" in refused.output) == (1, True), words
