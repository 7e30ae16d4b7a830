"""What comes from elsewhere is pinned and past its known holes, and nothing that is secret stands in the repository.

The package index here serves no advisories, so that a scanner finds nothing: the floors are kept by hand.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from packaging.version import Version

ROOT = Path(__file__).parents[1]
#: The lowest version without the hole, and the advisory: of packages that the lock holds.
FLOORS = {
    "python-socketio": ("5.16.2", "CVE-2026-48804"),  # attachments that never come; 5.14.0: CVE-2025-61765, pickle
    "python-engineio": ("4.13.2", "CVE-2026-48802"),  # a thread for every packet
    "h11": ("0.16.0", "CVE-2025-43859"),  # chunked bodies read too leniently
    "jinja2": ("3.1.6", "CVE-2025-27516"),  # a way out of the sandbox by |attr
    "werkzeug": ("3.0.6", "CVE-2024-49767"),  # forms that take all memory
    "flask": ("3.1.1", "CVE-2025-47278"),  # the oldest key signs
    "cryptography": ("44.0.1", "CVE-2024-12797"),  # TLS with raw keys goes on unverified
    "setuptools": ("78.1.1", "CVE-2025-47273"),  # a path out of the folder
    "pillow": ("11.3.0", "CVE-2025-48379"),  # a buffer run over when writing DDS
    "idna": ("3.7", "CVE-2024-3651"),  # quadratic time
    "certifi": ("2024.7.4", "CVE-2024-39689"),  # roots no longer trusted
    "gevent": ("23.9.0", "CVE-2023-41419"),  # requests smuggled by pywsgi
    "redis": ("4.5.5", "CVE-2023-28859"),  # answers of one request given to another
    "mako": ("1.2.2", "CVE-2022-40023"),  # a regular expression without end
    "joblib": ("1.2.0", "CVE-2022-21797"),  # code run by an argument
    "scikit-learn": ("1.5.0", "CVE-2024-5206"),  # words of the training data kept
}
#: The same of the libraries that browsers get.
BROWSER_FLOORS = {"socket.io-parser": ("4.2.7", "CVE-2026-33151")}
#: Looks like a secret and is none: the text, and where.
PLACEHOLDERS = {"://USER:PASSWORD@", "://fapai:PASSWORD@"}


def pinned(name: str) -> dict[str, list[tuple[str, int]]]:
    """The packages of a lock: each version with how many hashes it has."""
    found: dict[str, list[tuple[str, int]]] = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / "requirements" / name).read_text()):
        if match := re.match(r"([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", entry):
            found.setdefault(match[1], []).append((match[2], entry.count("--hash=sha256:")))
        else:
            assert not entry.strip() or entry.startswith("#"), f"no exact version: {entry[:60]}"
    return found


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_every_package_is_pinned_with_its_hashes(name: str) -> None:
    lock = pinned(name)
    assert len(lock) > 60
    assert [package for package, kinds in lock.items() if not all(hashes for _, hashes in kinds)] == []


def below(floors: dict[str, tuple[str, str]], held: dict[str, list[str]]) -> list[tuple[str, str, str]]:
    """What has a known hole, and what the floors name that is no longer there: (package, version, advisory)."""
    gone = [(name, "not in the lock", advisory) for name, (_, advisory) in floors.items() if not held.get(name)]
    return gone + [
        (name, version, advisory)
        for name, (least, advisory) in floors.items()
        for version in held.get(name, [])
        if Version(version) < Version(least)
    ]


def test_no_package_is_older_than_the_mending_of_its_holes() -> None:
    held = {name: [version for version, _ in kinds] for name, kinds in pinned("runtime.txt").items()}
    assert below(FLOORS, held) == []
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    browser: dict[str, list[str]] = {}
    for path, package in packages.items():
        if not package.get("dev"):
            browser.setdefault(path.rpartition("node_modules/")[2], []).append(package["version"])
    assert below(BROWSER_FLOORS, browser) == []
    assert below({"a": ("2.10", "x"), "b": ("1", "y")}, {"a": ["2.9", "2.10"]}) == [
        ("b", "not in the lock", "y"),
        ("a", "2.9", "x"),
    ]


def secrets_in(text: str) -> set[str]:
    """What looks like the token, key or password of some service."""
    kinds = get_mapping_from_secret_type_to_class()
    return {
        f"{kind}: {match[0] if isinstance(match[0], str) else match}"
        for kind, detector in kinds.items()
        if issubclass(detector, RegexBasedDetector) and kind != "Public IP (ipv4)"
        for pattern in detector().denylist
        for match in pattern.finditer(text)
        if match[0] not in PLACEHOLDERS
    }


def test_no_file_holds_a_secret() -> None:
    """Private keys and the tokens of services; passwords in our code are found by ruff."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    files = [ROOT / name for name in listed.split("\0") if name] or [*ROOT.glob("[a-z]*/**/*.[a-z]*")]
    found = {}
    for path in files:
        if path.is_file() and b"\0" not in (data := path.read_bytes()) and (kinds := secrets_in(data.decode())):
            found[str(path.relative_to(ROOT))] = kinds
    assert found == {}
    assert secrets_in("-----BEGIN " + "PRIVATE KEY-----"), "what the patterns are for"
    assert secrets_in("postgresql://fapai:" + "hunter2@db/fapai")


def test_every_exception_from_the_security_rules_says_why() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for package in ("auction", "bench", "bidding", "disclosure", "migrations", "risk", "tools", "web")
        for path in (ROOT / package).rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"# noqa:[A-Z0-9, ]* S\d|# nosec", line) and not re.search(r"# noqa: [A-Z0-9, ]+ - [\w`]", line)
    ]
    assert bare == []
