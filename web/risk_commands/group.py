"""The group `fapai risk` and its subgroup `train`, to which the subjects add their commands."""

import click


@click.group()
def risk() -> None:
    """What helps a court to look closer. Nothing here refuses anybody anything."""


@risk.group()
def train() -> None:
    """Learn from a file, and keep the model under FAPAI_DATA."""
