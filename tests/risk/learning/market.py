"""A made-up market of homes whose truth is known: each community has a level of its own, which its name tells half."""

import random
from collections.abc import Iterator

COLUMNS = "price_fen,area_m2,city,district,community,rooms,halls,floor,floors,built_year"
_PARTS = ("望京", "安贞", "回龙", "翠成", "芍药", "亚运")
_ENDS = ("花园", "家园", "里", "小区", "公寓", "新城", "苑", "北里")


def rows(seed: int, communities: int = 48, each: int = 9) -> Iterator[list[str]]:
    """Rows in the columns' order. A square metre costs 30,000 yuan and more, by community, storey and age."""
    dice = random.Random(seed)
    names = [f"{part}{end}" for part in _PARTS for end in _ENDS][:communities]
    levels = {part: dice.gauss(0, 0.25) for part in _PARTS}
    for name in names:
        level, year = levels[name[:2]] + dice.gauss(0, 0.08), dice.randint(1985, 2015)
        for _ in range(each):
            rooms = dice.randint(1, 4)
            area = round(25 * rooms + dice.uniform(10, 40), 2)
            floor = dice.choice(("底", "低楼", "中楼", "高楼", "顶"))
            unit = 3_000_000 * 2.718 ** (level + 0.01 * (year - 2000) - 0.05 * (floor == "顶") + dice.gauss(0, 0.06))
            district = "朝阳" if name[0] in "望安翠" else "海淀"
            yield [
                str(round(unit * area)), str(area), "北京", district, name, f"{rooms}.0", "1", floor, "18.0", str(year)
            ]  # fmt: skip


def csv(seed: int, **shape: int) -> bytes:
    """The market as a file."""
    return ("\n".join([COLUMNS, *(",".join(row) for row in rows(seed, **shape))]) + "\n").encode()
