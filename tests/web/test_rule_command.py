"""`fapai rule keep`: the text of a written rule, kept once under its hash."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from auction.kernel.crypto import sha256_hex
from web.commands import fapai

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def test_a_rule_is_kept_once_and_what_is_no_document_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAPAI_SANDBOX", "1")
    monkeypatch.setenv("FAPAI_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("FAPAI_DATABASE_URL", raising=False)
    (tmp_path / "rule.pdf").write_bytes(PDF)
    (tmp_path / "rule.txt").write_bytes(b"no rule")
    runner = CliRunner()
    assert runner.invoke(fapai, ["db", "upgrade"]).exit_code == 0
    for _ in range(2):
        kept = runner.invoke(fapai, ["rule", "keep", str(tmp_path / "rule.pdf")])
        assert (kept.exit_code, kept.output.strip()) == (0, sha256_hex(PDF))
    refused = runner.invoke(fapai, ["rule", "keep", str(tmp_path / "rule.txt")])
    assert refused.exit_code == 1
    assert "attachment_rejected" in refused.output
