"""Citations of the articles that disclosure rests on, written short in the data and in full for readers.

Written `OJA 12(1)` (article 12, paragraph 1), `OJA 13[5]` (article 13, item 5) or `practice` (the court's practice).
"""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import cn2an

from auction.rules.ruleset import PRACTICE, Citation, Document

_WRITTEN = re.compile(r"([A-Z]{2,6}) (\d{1,4})(?:\((\d{1,2})\))?(?:\[(\d{1,2})\])?")


@lru_cache(maxsize=1)
def documents() -> MappingProxyType[str, Document]:
    """The documents cited by the catalogue, by their short names."""
    source = files("disclosure").joinpath("catalogue", "_documents.toml").read_text(encoding="utf-8")
    return MappingProxyType({code: Document(**fields) for code, fields in tomllib.loads(source).items()})


@lru_cache(maxsize=256)
def cite(written: str) -> Citation:
    """The citation written as above; ValueError if it is not one of ours."""
    if written == "practice":
        return Citation(PRACTICE, "法院惯例", "the court's practice", by_law=False)
    found = _WRITTEN.fullmatch(written)
    if not found or found[1] not in documents():
        raise ValueError(f"not a citation: {written}")
    document, article, paragraph, item = documents()[found[1]], found[2], found[3], found[4]
    code = f"{found[1]} {article}" + (f"({paragraph})" if paragraph else "") + (f"({item})" if item else "")
    zh = f"第{_numeral(article)}条"
    en = f"article {article}"
    if paragraph:
        zh, en = f"{zh}第{_numeral(paragraph)}款", f"{en}, paragraph {paragraph}"
    if item:
        zh, en = f"{zh}第（{_numeral(item)}）项", f"{en}, item {item}"
    edition_zh = f"（{document.edition_zh}）" if document.edition_zh else ""
    edition_en = f" ({document.edition_en})" if document.edition_en else ""
    return Citation(code, f"《{document.zh}》{edition_zh}{zh}", f"{document.en}{edition_en}, {en}", by_law=True)


def _numeral(number: str) -> str:
    return str(cn2an.an2cn(int(number)))
