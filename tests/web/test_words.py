"""The browser writes amounts exactly as the server does: the scripts' module against the kernel's."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from auction.kernel.money import in_words, parse_yuan, yuan

WORDS = Path(__file__).parents[2] / "web" / "static" / "js" / "words.js"
NODE = shutil.which("node")
PROGRAM = """
import { inWords, parseYuan, yuan } from %s;
const asked = JSON.parse(process.argv[1]);
const answers = asked.amounts.map((fen) => [yuan(fen), inWords(fen), parseYuan(yuan(fen))]);
console.log(JSON.stringify({ answers, typed: asked.typed.map(parseYuan) }));
"""


def said_by_the_browser(amounts: list[int], typed: list[str]) -> dict[str, list[object]]:
    asked = json.dumps({"amounts": amounts, "typed": typed})
    program = PROGRAM % json.dumps(WORDS.as_uri())
    done = subprocess.run(
        [NODE or "node", "--input-type=module", "-e", program, asked], capture_output=True, text=True, check=True
    )
    answer: dict[str, list[object]] = json.loads(done.stdout)
    return answer


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_amounts_read_the_same_in_the_browser_and_on_the_server() -> None:
    chance = random.Random(20260101)
    amounts = [1, 5, 10, 99, 100, 101, 110, 1000, 1001, 10_010, 100_500, 1_000_100, 256_600_000, 10**10 - 1]
    amounts += [chance.randrange(1, 10 ** chance.randrange(2, 11)) for _ in range(500)]
    answers = said_by_the_browser(amounts, [])["answers"]
    assert answers == [[yuan(fen), in_words(fen), fen] for fen in amounts]


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_great_amounts_keep_their_places() -> None:
    great = {
        10_000_000_000: "人民币壹亿元整",
        90_000_800_000: "人民币玖亿零捌仟元整",
        1_002_000_000_000: "人民币壹佰亿贰仟万元整",
        536_327_811_801_304: "人民币伍万叁仟陆佰叁拾贰亿柒仟捌佰壹拾壹万捌仟零壹拾叁元零肆分",
    }
    answers = said_by_the_browser(list(great), [])["answers"]
    assert [answer[1] for answer in answers] == list(great.values())  # type: ignore[index]


@pytest.mark.skipif(NODE is None, reason="needs node")
def test_what_people_type_is_read_alike_or_refused_alike() -> None:
    typed = ["2,566,000", "2566000.5", "¥ 2,566,000 元", "0.01", "12.345", "-1", "abc", "", "1e6", "99999999999999999"]
    expected: list[int | None] = []
    for text in typed:
        try:
            expected.append(parse_yuan(text))
        except ValueError:
            expected.append(None)
    assert said_by_the_browser([], typed)["typed"] == expected
