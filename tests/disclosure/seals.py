"""The seal of a sheet as version 1 of a lot `lot`, unless told otherwise."""

from collections.abc import Iterable

from disclosure.rules.sheet import File, Sheet, disclosed, seal_of, sealed_facts


def seal(sheet: Sheet, files: Iterable[File] = (), lot_id: str = "lot", version: int = 1) -> str:
    return seal_of(sealed_facts(disclosed(sheet, files), lot_id=lot_id, version=version))
