"""The lots of the demonstration as `lots.toml` tells them, the report that goes with each, and prices made by code.

Everything here is invented and says so: a report by its title and footer, a price by the model's kind of data, which
the pages name.
"""

import csv
import io
import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

from auction.kernel.money import in_words, yuan

from ..documents import letter_pdf
from .people import APPRAISER

_PLACE = re.compile(r"\{([a-z]+)(?:-(\d+))?\}")


@dataclass(frozen=True, slots=True)
class Sample:
    """A lot of the demonstration. Money in yuan. `occupied`: a family lives there, whom the court plans to move out.

    `pictures`: names of drawings and what they show. `items`: statement, fields and files by item of the sheet.
    """

    name: str
    case: str
    title: str
    asset_type: str
    address: str
    reference: int
    reserve: int
    increment: int
    deposit: int
    place: tuple[float, float]
    pictures: Sequence[tuple[str, str]]
    items: Mapping[str, Mapping[str, Any]]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    occupied: bool = False

    @property
    def report_number(self) -> str:
        """The number of its appraisal report."""
        return f"示评字〔{self.case[1:5]}〕第{self.case[-4:-1]}号"


def samples() -> dict[str, Sample]:
    """The lots by name; an item a lot does not tell itself is told by the file's own, where it has one."""
    told = tomllib.loads((files("web.demo") / "lots.toml").read_text("utf-8"))
    return {lot["name"]: Sample(**{**lot, "items": {**told["items"], **lot["items"]}}) for lot in told["lots"]}


def filled(value: Any, words: Mapping[str, str | date]) -> Any:
    """A value of the file with its places filled in texts: a word, or a day so many days earlier."""
    if isinstance(value, dict):
        return {name: filled(each, words) for name, each in value.items()}
    return _PLACE.sub(lambda found: _word(words, found), value) if isinstance(value, str) else value


def _word(words: Mapping[str, str | date], found: re.Match[str]) -> str:
    word = words[found[1]]
    return str(word - timedelta(days=int(found[2] or 0))) if isinstance(word, date) else word


def report_pdf(sample: Sample, court: str, day: date) -> bytes:
    """The appraisal report of a lot; its title and every page's foot say that it is a sample."""
    amount = sample.reference * 100
    return letter_pdf(
        {
            "court": APPRAISER,
            "title": "评估报告（示例）",
            "title_en": "Appraisal report (sample)",
            "case_number": sample.report_number,
            "paragraphs": [
                f"委托法院：{court}\n执行案号：{sample.case}\n评估对象：{sample.title}\n坐落：{sample.address}",
                f"价值时点：{day.year}年{day.month}月{day.day}日。评估目的：为人民法院确定处置参考价提供参考依据。",
                "本报告为演示系统生成的示例文书：标的、机构、人员均为虚构，没有任何评估行为，不得用于任何交易。",
                f"评估结果：¥{yuan(amount)}（大写：{in_words(amount)}）。",
                "报告的假设和限制：以标的现状为准；未考虑租赁、占用以外的权利负担；有效期一年。",
            ],
            "wording": "示例文书，非真实评估 Sample document, no real appraisal",
            "sandbox": True,
        },
        day,
    )


#: Invented estates of an invented city: name, price of a square metre in yuan, latitude, longitude, year built.
_ESTATES = (
    ("望江苑", 21_200, 30.581, 114.291, 2011),
    ("南湖小区", 19_600, 30.521, 114.351, 2004),
    ("示例桂园", 20_300, 30.551, 114.311, 2016),
)
_SYLLABLES = ("云", "溪", "枫", "梅", "兰", "竹", "松", "荷", "樱", "桐")
_ENDINGS = ("园", "里")
_ROWS_EACH = 12


def sample_prices(seed: int = 1) -> str:
    """A CSV of homes with prices made by a formula and chance, for a model to learn from; no home or price is real."""
    rng = random.Random(seed)  # noqa: S311 - chance for sample data
    rows = [_home(rng, *estate) for estate in _estates(rng) for _ in range(_ROWS_EACH)]
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _estates(rng: random.Random) -> Iterator[tuple[str, int, float, float, int]]:
    yield from _ESTATES
    for syllable in _SYLLABLES:
        for ending in _ENDINGS:
            middle = rng.randrange(15_000, 27_000, 100)
            yield (
                f"示例{syllable}{ending}", middle, round(rng.uniform(30.5, 30.65), 4),
                round(rng.uniform(114.22, 114.4), 4), rng.randrange(1998, 2020),
            )  # fmt: skip


def _home(
    rng: random.Random, community: str, unit: int, latitude: float, longitude: float, built: int
) -> dict[str, object]:
    floors = 18 if built > 2008 else 6
    floor, area = rng.randrange(1, floors + 1), round(rng.uniform(52, 148), 1)
    rooms = 1 + (area > 60) + (area > 88) + (area > 130)
    decoration, direction = rng.choice(("毛坯", "简装", "精装")), rng.choice(("南", "东南", "东", "西", "北"))
    factor = {"毛坯": 0.96, "简装": 1.0, "精装": 1.05}[decoration] * {"南": 1.02, "北": 0.96}.get(direction, 1.0)
    factor *= (1.02 if 2 < floor < floors else 0.98) * rng.gauss(1, 0.035)
    return {
        "city": "示例市",
        "district": "云溪区",
        "community": community,
        "area_m2": area,
        "rooms": rooms,
        "halls": 1 + (area > 100),
        "floor": floor,
        "floors": floors,
        "built_year": built,
        "direction": direction,
        "decoration": decoration,
        "elevator": "有" if floors > 6 else "无",
        "latitude": latitude,
        "longitude": longitude,
        "price_fen": round(area * unit * factor) * 100,
    }
