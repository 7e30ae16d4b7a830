"""The floors of the house hold: who imports whom, who commits, who reads the clock, how SQL is written, what is locked.

Read from the source itself, so that a new file is covered without being named here.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("auction", "risk", "disclosure", "bidding", "web", "migrations")
KERNEL = Path("auction/kernel")
CLOCK = KERNEL / "clock.py"
#: Notes when a client was pinged for the socket library, which compares it with the machine's time itself.
PINGS = Path("web/wire.py")
#: Where SQL without bound values is meant: SQLite's PRAGMA, and triggers, whose table names are constants beside them.
UNBOUND = (KERNEL / "db.py", Path("migrations/versions"), Path("migrations/guarding.py"))

#: Calls that ask the machine what time it is: (owner, method).
CLOCK_READS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}
#: Calls whose first argument is SQL.
SQL_TAKERS = {"text", "execute", "exec_driver_sql", "executemany", "executescript", "scalar", "scalars"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Each module of the program: its path from the root, and its tree."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def last_name(node: ast.expr) -> str | None:
    """`datetime` for both `datetime` and `dt.datetime`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def commits(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "commit":
            yield node.lineno


def clock_reads(tree: ast.AST) -> Iterator[int]:
    aliases = {
        (name.asname or name.name): (node.module, name.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for name in node.names
    }
    for call in calls(tree):
        if isinstance(call.func, ast.Attribute):
            read = (last_name(call.func.value), call.func.attr)
        else:
            read = aliases.get(last_name(call.func) or "", (None, ""))
        if read in CLOCK_READS:
            yield call.lineno


def is_spliced(node: ast.expr) -> bool:
    """Whether a string is put together from parts at run time."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        parts = (node.left, node.right)
        return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts) or any(
            is_spliced(part) for part in parts
        )
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and isinstance(node.func.value, ast.Constant)
    )


def spliced_sql(tree: ast.AST) -> Iterator[int]:
    for call in calls(tree):
        if last_name(call.func) in SQL_TAKERS and call.args and is_spliced(call.args[0]):
            yield call.lineno


Search = Callable[[ast.AST], Iterator[int]]


def found(search: Search, *, outside: tuple[Path, ...]) -> list[str]:
    return [
        f"{path}:{line}"
        for path, tree in modules()
        if not any(path.is_relative_to(place) for place in outside)
        for line in search(tree)
    ]


def test_imports_go_down_the_floors_only() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_only_the_kernel_commits() -> None:
    assert found(commits, outside=(KERNEL,)) == []


def test_only_the_clock_reads_the_time() -> None:
    assert found(clock_reads, outside=(CLOCK, PINGS)) == []


def test_no_sql_is_put_together_from_strings() -> None:
    assert found(spliced_sql, outside=UNBOUND) == []


@pytest.mark.parametrize(
    ("search", "source", "lines"),
    [
        (commits, "session.commit()", [1]),
        (commits, "finish = unit.session.commit", [1]),
        (commits, "commitment(x)", []),
        (clock_reads, "datetime.now(UTC)", [1]),
        (clock_reads, "dt.datetime.utcnow()", [1]),
        (clock_reads, "from time import time as t\nt()", [2]),
        (clock_reads, "time.monotonic()\nclock.now()", []),
        (spliced_sql, 'session.execute(text(f"select {x}"))', [1]),
        (spliced_sql, 'text("select " + x)', [1]),
        (spliced_sql, 'connection.exec_driver_sql("select %s" % x)', [1]),
        (spliced_sql, 'text("select {}".format(x))', [1]),
        (spliced_sql, 'session.execute(text("select :x"), {"x": 1})', []),
        (spliced_sql, "session.execute(select(Lot).where(Lot.id == lot_id))", []),
    ],
)
def test_the_searches_find_what_they_look_for(search: Search, source: str, lines: list[int]) -> None:
    assert list(search(ast.parse(source))) == lines


def test_a_package_says_what_it_answers_for_and_holds_no_code() -> None:
    """An `__init__.py` is a docstring; one below a floor may also gather names that lie in the same package."""
    wrong = []
    for path, tree in modules():
        if path.name != "__init__.py":
            continue
        rest = tree.body[1:]
        if len(path.parts) > 2:
            rest = [node for node in rest if not isinstance(node, ast.ImportFrom) and not is_export_list(node)]
        if rest or not ast.get_docstring(tree):
            wrong.append(str(path))
    assert wrong == []


def is_export_list(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and [last_name(target) for target in node.targets] == ["__all__"]


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_locked_package_has_one_version_and_a_hash(name: str) -> None:
    lock = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    logical = [
        re.sub(r"\s+#.*", "", line).strip()
        for line in lock.replace("\\\n", " ").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    assert len(logical) > 30
    locked = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    assert [line for line in logical if not locked.fullmatch(line)] == []


@pytest.mark.parametrize("name", ["requirements/runtime.txt", "requirements/dev.txt", "package-lock.json"])
def test_a_lock_names_no_machine(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"file:|--(?:extra-)?index-url|--find-links|--trusted-host|localhost|127\.0\.0\.1", lock) == []


def test_the_development_lock_has_the_versions_of_the_program() -> None:
    def versions(name: str) -> dict[str, str]:
        lock = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
        return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==(\S+)", lock, flags=re.MULTILINE))

    runtime, development = versions("runtime"), versions("dev")
    assert {name: development.get(name) for name in runtime} == runtime
