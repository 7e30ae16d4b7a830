"""Valuation models with their cards, and the estimates of lots, so that reading a page loads no model."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from auction.kernel.db import Base, insert_only


@insert_only
class ValuationModel(Base):
    """A trained model; the newest put in force of an asset type is in force. `file` lies under
    FAPAI_DATA/models/ASSET_TYPE.

    `card` tells its data, split, errors and coverage. `prices`: asking, sold, mixed or sample (made up). `shortfalls`:
    in what it was worse than the model in force when it was trained (`risk.rules.valuation.shortfalls`).
    """

    __tablename__ = "valuation_models"

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_type: Mapped[str]
    file: Mapped[str]
    file_sha256: Mapped[str]
    data_sha256: Mapped[str]
    rows: Mapped[int]
    prices: Mapped[str]
    card: Mapped[dict[str, Any]]
    shortfalls: Mapped[list[Any]]
    in_force: Mapped[bool]
    trained_at: Mapped[datetime]

    __table_args__ = (Index("ix_valuation_models_asset_type", "asset_type", "trained_at"),)


@insert_only
class ValuationEstimate(Base):
    """What a model made of a lot's facts (`asked_sha256`); the newest of a lot is shown. Without an estimate:
    `abstained`, a code, and its facts. Effects of drivers are ten-thousandths of a logarithm."""

    __tablename__ = "valuation_estimates"

    id: Mapped[str] = mapped_column(primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"))
    model_id: Mapped[str] = mapped_column(ForeignKey("valuation_models.id"))
    asked_sha256: Mapped[str]
    at: Mapped[datetime]
    low_fen: Mapped[int | None] = mapped_column(BigInteger)
    mid_fen: Mapped[int | None] = mapped_column(BigInteger)
    high_fen: Mapped[int | None] = mapped_column(BigInteger)
    coverage_mille: Mapped[int]
    comparables: Mapped[list[Any]]
    drivers: Mapped[list[Any]]
    abstained: Mapped[str | None]
    abstained_facts: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_valuation_estimates_lot_id", "lot_id", "at"),)
