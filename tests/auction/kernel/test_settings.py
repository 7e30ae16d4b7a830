"""Settings are read once, and a missing or contradicting one is said by name."""

import base64
import stat
from pathlib import Path

import pytest

from auction.kernel.settings import Settings, SettingsError

KEY = base64.b64encode(b"k" * 32).decode()
FULL = {
    "FAPAI_SECRET_KEY": "s" * 40,
    "FAPAI_GATEWAY_SECRET": "g" * 40,
    "FAPAI_MASTER_KEY": KEY,
    "FAPAI_MATCH_KEY": KEY,
    "FAPAI_LOG_KEY": KEY,
}


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_environ({"FAPAI_DATA": str(tmp_path / "data"), **environ})


def test_the_sandbox_makes_its_secrets_once_and_keeps_them(tmp_path: Path) -> None:
    first, second = read(tmp_path, FAPAI_SANDBOX="1"), read(tmp_path, FAPAI_SANDBOX="1")
    assert first == second
    assert first.database_url == f"sqlite:///{tmp_path / 'data' / 'fapai.db'}"
    assert not first.staff_mfa
    for path in (tmp_path / "data" / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("missing", FULL)
def test_outside_the_sandbox_every_secret_is_required_by_name(tmp_path: Path, missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        read(tmp_path, **{name: value for name, value in FULL.items() if name != missing})


def test_outside_the_sandbox_staff_need_a_second_factor(tmp_path: Path) -> None:
    assert read(tmp_path, **FULL).staff_mfa
    assert not read(tmp_path, **FULL, FAPAI_STAFF_MFA="optional").staff_mfa


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FAPAI_SANDBOX", "yes"),
        ("FAPAI_GATEWAY", "bank"),
        ("FAPAI_DATABASE_URL", "mysql://localhost/x"),
        ("FAPAI_MASTER_KEY", "short"),
        ("FAPAI_LOG_KEY", base64.b64encode(b"k" * 31).decode()),
        ("FAPAI_SECRET_KEY", "short"),
        ("FAPAI_STAFF_MFA", "maybe"),
        ("FAPAI_TRUSTED_PROXIES", "all"),
        ("FAPAI_BID_RATE", "0"),
        ("FAPAI_BID_RATE", "many"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(tmp_path, **{**FULL, name: value})


def test_the_sandbox_is_refused_together_with_a_real_gateway(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FAPAI_GATEWAY"):
        read(tmp_path, FAPAI_SANDBOX="1", FAPAI_GATEWAY="bank")


def test_secrets_do_not_show_in_the_settings_text(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, **FULL))
    for secret in ("s" * 40, "g" * 40, "k" * 32):
        assert secret not in shown


def test_a_plain_postgresql_url_gets_our_driver(tmp_path: Path) -> None:
    assert read(tmp_path, **FULL, FAPAI_DATABASE_URL="postgresql://h/x").database_url == "postgresql+psycopg://h/x"
