"""Registry files as they come: every line is a row or a refusal with its line, its field and a code."""

import io
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.imports import (
    ControlRow,
    RefusedRow,
    RelativeRow,
    StaffRow,
    read_control,
    read_relatives,
    read_staff,
)
from risk.imports.lines import LONGEST_LINE, lines_of, rows_of
from risk.imports.spooled import Refusals

TODAY, OWN_MOST = date(2026, 3, 2), Fraction(1, 10)
STAFF = "body_type,body_code,name,id_number,position,from,to"
RELATIVES = "id_number,relative_name,relative_id_number,relation"
CONTROL = "company_uscc,company_name,holder_id,role,share,from,to"
COMPANY, HOLDING = "91350100M000100Y43", "91110000600037341L"

Number = Callable[[int], str]


def staff(*lines: str, header: str = STAFF, encoding: str = "utf-8", end: str = "\n") -> list[StaffRow | RefusedRow]:
    return read_bytes(end.join([header, *lines, ""]).encode(encoding))


def read_bytes(data: bytes) -> list[StaffRow | RefusedRow]:
    return list(read_staff(io.BytesIO(data), TODAY))


def relatives(*lines: str) -> list[RelativeRow | RefusedRow]:
    return list(read_relatives(io.BytesIO("\n".join([RELATIVES, *lines]).encode()), TODAY))


def refusals(rows: Iterable[object]) -> list[tuple[int, str | None, str]]:
    return [(row.line, row.field, row.code) for row in rows if isinstance(row, RefusedRow)]


def test_a_staff_row_is_read_as_it_stands(number: Number) -> None:
    rows = staff(
        f"court,C1,张三,{number(1)},审判员,2020-01-01,2024-12-31",
        f"provider,PLATFORM,李四,{number(2)},engineer,2021-02-03,",
        f"agency,91350100m000100y43,O'Neil,{number(3)},valuer,2022-01-01,2022-01-01",
    )
    assert rows == [
        StaffRow(2, "court", "C1", "张三", number(1), "审判员", date(2020, 1, 1), date(2024, 12, 31)),
        StaffRow(3, "provider", "PLATFORM", "李四", number(2), "engineer", date(2021, 2, 3), None),
        StaffRow(4, "agency", "91350100M000100Y43", "O'Neil", number(3), "valuer", date(2022, 1, 1), date(2022, 1, 1)),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_same_file_reads_the_same_in_every_encoding_and_with_every_line_end(
    encoding: str, end: str, number: Number
) -> None:
    lines = (f"court,C1,欧阳修,{number(1)},院长,2020-01-01,", f"court,C1,王小二,{number(2)},书记员,2020-01-01,")
    assert staff(*lines, encoding=encoding, end=end) == staff(*lines)
    assert not refusals(staff(*lines))


def test_columns_are_found_by_the_header_and_not_by_their_place(number: Number) -> None:
    rows = staff(
        f",2020-01-01,法官,{number(1)},张三,C1,court", header="to,from,position,id_number,name,body_code,body_type"
    )
    assert rows == staff(f"court,C1,张三,{number(1)},法官,2020-01-01,")


@pytest.mark.parametrize(
    ("header", "field", "code"),
    [
        ("", None, "header_missing"),
        ("   ", None, "header_missing"),
        ("body_type,body_code,name,id_number,position,from", "to", "column_missing"),
        (STAFF + ",remark", "remark", "column_unknown"),
        (STAFF + ",", "", "column_unknown"),
        (STAFF + ",to", "to", "column_repeated"),
        (STAFF.replace(",", ";"), STAFF.replace(",", ";"), "column_unknown"),
        (STAFF.upper(), "BODY_TYPE", "column_unknown"),
        (RELATIVES, "relative_name", "column_unknown"),
        ('body_type,"body_code', None, "quotes_unbalanced"),
    ],
)
def test_a_file_with_another_header_is_refused_at_its_first_line(
    header: str, field: str | None, code: str, number: Number
) -> None:
    assert refusals(staff(f"court,C1,张三,{number(1)},法官,2020-01-01,", header=header)) == [(1, field, code)]


def test_an_empty_file_is_refused() -> None:
    assert refusals(read_bytes(b"")) == [(1, None, "header_missing")]


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("bank,C1,张三,{id},法官,2020-01-01,", "body_type", "not_one_of"),
        ("Court,C1,张三,{id},法官,2020-01-01,", "body_type", "not_one_of"),
        (",C1,张三,{id},法官,2020-01-01,", "body_type", "required"),
        ("court,,张三,{id},法官,2020-01-01,", "body_code", "required"),
        ("provider,,张三,{id},法官,2020-01-01,", "body_code", "required"),
        ("provider,platform,张三,{id},法官,2020-01-01,", "body_code", "unknown_provider"),
        ("court,C1,  ,{id},法官,2020-01-01,", "name", "required"),
        ("court,C1," + "张" * 201 + ",{id},法官,2020-01-01,", "name", "too_long"),
        ("court,C1,张\x00三,{id},法官,2020-01-01,", "name", "control_characters"),
        ("court,C1,张\u2028三,{id},法官,2020-01-01,", "name", "control_characters"),
        ("court,C1,张\u202e三,{id},法官,2020-01-01,", "name", "control_characters"),
        ("court,C1,张三,,法官,2020-01-01,", "id_number", "required"),
        ("court,C1,张三,110105194912310021,法官,2020-01-01,", "id_number", "identity_invalid"),
        ("court,C1,张三,91350100M000100Y43,法官,2020-01-01,", "id_number", "identity_invalid"),
        ("court,C1,张三,1.10105E+17,法官,2020-01-01,", "id_number", "identity_invalid"),
        ("court,C1,张三,{id},,2020-01-01,", "position", "required"),
        ("court,C1,张三,{id},法官,,", "from", "required"),
        ("court,C1,张三,{id},法官,2020-02-30,", "from", "date_invalid"),
        ("court,C1,张三,{id},法官,20200101,", "from", "date_invalid"),
        ("court,C1,张三,{id},法官,2020-W01-1,", "from", "date_invalid"),
        ("court,C1,张三,{id},法官,2020/1/1,", "from", "date_invalid"),
        ("court,C1,张三,{id},法官,２０２０-01-01,", "from", "date_invalid"),
        ("court,C1,张三,{id},法官,2020-01-01,现任", "to", "date_invalid"),
        ("court,C1,张三,{id},法官,2020-01-01,2019-12-31", "to", "ends_before_start"),
        ("court,C1,张三,{id},法官,2020-01-01", None, "column_count"),
        ("court,C1,张三,{id},法官,2020-01-01,,", None, "column_count"),
        (",,,,,,", "body_type", "required"),
        ('court,C1,"张三,{id},法官,2020-01-01,', None, "quotes_unbalanced"),
        ('court,C1,"张"三,{id},法官,2020-01-01,', None, "quotes_unbalanced"),
        ("court,C1," + "x" * 200_000 + ",{id},法官,2020-01-01,", None, "line_too_long"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_field_and_its_neighbours_are_read(
    line: str, field: str | None, code: str, number: Number
) -> None:
    before, after = (f"court,C1,王五,{number(n)},法官,2020-01-01," for n in (7, 8))
    rows = staff(before, line.format(id=number(1)), after)
    assert refusals(rows) == [(3, field, code)]
    assert [row.line for row in rows] == [2, 3, 4]


def test_quotes_blank_lines_spaces_and_formulas_do_no_harm(number: Number) -> None:
    rows = staff(
        f'"court","C1","张, ""三""",{number(1)},法官,2020-01-01,',
        "",
        "  ",
        f" court , C1 , =HYPERLINK(1) ,{number(2)[:6]} {number(2)[6:]}, @SUM(1+1)|cmd , 2020-01-01 ,",
    )
    assert [(row.line, row.name, row.position) for row in rows if isinstance(row, StaffRow)] == [
        (2, '张, "三"', "法官"),
        (5, "=HYPERLINK(1)", "@SUM(1+1)|cmd"),
    ]
    assert rows[1].id_number == number(2)  # type: ignore[union-attr]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_break_inside_quotes_is_refused_once_at_its_first_line(encoding: str, end: str, number: Number) -> None:
    rows = staff(
        f'court,C1,"张{end}""小""{end}三",{number(1)},法官,2020-01-01,',
        f"court,C1,王五,{number(2)},法官,2020-01-01,",
        encoding=encoding,
        end=end,
    )
    assert refusals(rows) == [(2, "name", "line_break")]
    assert [(row.line, row.name) for row in rows if isinstance(row, StaffRow)] == [(5, "王五")]


def test_line_breaks_around_a_cell_and_in_columns_nobody_asks_for_do_no_harm() -> None:
    data = b'a,b,note\n"1\n",2,"first\nsecond"\n3,4,\n'
    rows = list(rows_of(io.BytesIO(data), ("a", "b"), others=True))
    assert rows == [(2, {"a": "1", "b": "2", "note": "first\nsecond"}), (5, {"a": "3", "b": "4", "note": ""})]


@pytest.mark.parametrize("further", [1, 3, 2_000])
def test_a_stray_mark_spoils_its_own_line_only_however_far_the_next_one_is(further: int, number: Number) -> None:
    good = [f"court,C1,王五,{number(2)},法官,2020-01-01," for _ in range(further)]
    stray = f'court,C1,"张三,{number(1)},法官,2020-01-01,'
    rows = staff(stray, *good, stray)
    assert refusals(rows) == [(2, None, "quotes_unbalanced"), (further + 3, None, "quotes_unbalanced")]
    assert len(rows) == further + 2


@pytest.mark.parametrize("wrong", ["E1234567", COMPANY, "110105194912310021"])
def test_where_a_person_is_wanted_the_refusal_says_a_resident_number_is(wrong: str, number: Number) -> None:
    for row in (
        *relatives(f"{wrong},张,{number(1)},spouse", f"{number(1)},张,{wrong},spouse"),
        *staff(f"court,C1,张三,{wrong},法官,2020-01-01,"),
    ):
        assert isinstance(row, RefusedRow) and row.facts == {"reason": "resident_id"}
    (row,) = control(f"{COMPANY},某公司,E1234567,shareholder,0.5,2020-01-01,")
    assert isinstance(row, RefusedRow) and row.facts == {"reason": "holder"}


def test_the_last_line_needs_no_end(number: Number) -> None:
    rows = read_bytes(f"{STAFF}\ncourt,C1,张三,{number(1)},法官,2020-01-01,".encode())
    assert [type(row) for row in rows] == [StaffRow]


@pytest.mark.parametrize(("many", "other"), [("utf-8", "gbk"), ("gbk", "utf-8"), ("utf-8-sig", "gbk")])
def test_a_line_in_another_encoding_than_the_rest_is_not_misread(many: str, other: str, number: Number) -> None:
    lines = [f"court,C1,张三丰,{number(n)},法官,2020-01-01,\n" for n in range(1, 6)]
    mixed = (STAFF + "\n" + lines[0] + lines[1]).encode(many) + lines[2].encode(other)
    rows = read_bytes(mixed + "".join(lines[3:]).encode(many.removesuffix("-sig")))
    assert refusals(rows) == [(4, None, "encoding_unknown")]
    assert {row.name for row in rows if isinstance(row, StaffRow)} == {"张三丰"}


def test_short_names_in_gbk_that_could_be_utf_8_are_still_read_as_gbk(number: Number) -> None:
    lines = [f"court,C1,{name},{number(n)},{name},2020-01-01," for n, name in enumerate(("模", "张三", "李四"))]
    assert lines[0].encode("gbk").decode("utf-8") != lines[0]
    assert staff(*lines, encoding="gbk") == staff(*lines)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_in_another_encoding_is_refused(encoding: str, number: Number) -> None:
    rows = staff(f"court,C1,张三,{number(1)},法官,2020-01-01,", encoding=encoding)
    assert [(line, code) for line, _, code in refusals(rows)] == [(1, "encoding_unknown")]


def test_a_repeated_row_is_given_again_and_a_contradicting_one_refused(number: Number) -> None:
    rows = staff(
        f"court,C1,张三,{number(1)},法官,2020-01-01,",
        f"court,C1,张三,{number(1)},法官,2020-01-01,",
        f"court,C1,张三,{number(1)},法官,2020-01-01,2024-01-01",
        f"court,C1,张山,{number(1)},法官,2020-01-01,",
        f"court,C1,张三,{number(1)},庭长,2020-01-01,2024-01-01",
        f"court,C2,张三,{number(1)},法官,2020-01-01,2024-01-01",
    )
    assert refusals(rows) == [(4, None, "contradicts_line"), (5, None, "contradicts_line")]
    assert [row.facts for row in rows if isinstance(row, RefusedRow)] == [{"line": 2}, {"line": 2}]


def test_a_relatives_row_is_read_as_it_stands(number: Number) -> None:
    rows = relatives(
        *(
            f"{number(1)},张小三,{number(n)},{name}"
            for n, name in enumerate(("spouse", "parent", "child", "sibling", "grandparent", "grandchild"), start=2)
        )
    )
    assert rows[0] == RelativeRow(2, number(1), "张小三", number(2), "spouse")
    assert refusals(rows) == []


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("{a},张,{b},cousin", "relation", "not_one_of"),
        ("{a},张,{b},parent_in_law", "relation", "not_one_of"),
        ("{a},张,{b},配偶", "relation", "not_one_of"),
        ("{a},张,{b},", "relation", "required"),
        ("{a},,{b},spouse", "relative_name", "required"),
        ("{a},张,{a},spouse", "relative_id_number", "own_relative"),
        ("123,张,{b},spouse", "id_number", "identity_invalid"),
        ("{a},张,E1234567,spouse", "relative_id_number", "identity_invalid"),
        ("{a},张,{b}", None, "column_count"),
    ],
)
def test_what_is_no_near_relation_cannot_be_imported(line: str, field: str | None, code: str, number: Number) -> None:
    assert refusals(relatives(line.format(a=number(1), b=number(2)))) == [(2, field, code)]


def test_two_people_stand_in_one_relation(number: Number) -> None:
    rows = relatives(f"{number(1)},张,{number(2)},spouse", f"{number(1)},张,{number(2)},sibling")
    assert refusals(rows) == [(3, None, "contradicts_line")]


def control(*lines: str, header: str = CONTROL, encoding: str = "utf-8") -> list[ControlRow | RefusedRow]:
    return list(read_control(io.BytesIO("\n".join([header, *lines]).encode(encoding)), TODAY, OWN_MOST))


def test_a_control_row_is_read_as_it_stands(number: Number) -> None:
    rows = control(
        f"{COMPANY},某公司,{number(1)},shareholder,0.51,2020-01-01,2024-12-31",
        f"{COMPANY.lower()},某公司,{HOLDING},actual_controller,,2020-01-01,",
    )
    assert rows == [
        ControlRow(
            2, COMPANY, "某公司", "resident_id", number(1), "shareholder", 510_000, date(2020, 1, 1), date(2024, 12, 31)
        ),
        ControlRow(3, COMPANY, "某公司", "uscc", HOLDING, "actual_controller", None, date(2020, 1, 1), None),
    ]


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("", None),
        ("0", 0),
        ("1", 1_000_000),
        ("1.000", 1_000_000),
        ("0.5", 500_000),
        (".5", 500_000),
        ("0.500001", 500_001),
        ("0.3333333333333333", 333_333),
        ("0.9999999", 1_000_000),
    ],
)
def test_a_share_is_read_to_the_nearest_millionth(written: str, share: int | None, number: Number) -> None:
    (row,) = control(f"{COMPANY},某公司,{number(1)},shareholder,{written},2020-01-01,")
    assert isinstance(row, ControlRow) and row.share == share


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("{id},某公司,{id},shareholder,0.5,2020-01-01,", "company_uscc", "identity_invalid"),
        (",某公司,{id},shareholder,0.5,2020-01-01,", "company_uscc", "required"),
        ("{c},,{id},shareholder,0.5,2020-01-01,", "company_name", "required"),
        ("{c},某公司,,shareholder,0.5,2020-01-01,", "holder_id", "required"),
        ("{c},某公司,E1234567,shareholder,0.5,2020-01-01,", "holder_id", "identity_invalid"),
        ("{c},某公司,{c},actual_controller,,2020-01-01,", "holder_id", "own_controller"),
        ("{c},某公司,{id},owner,0.5,2020-01-01,", "role", "not_one_of"),
        ("{c},某公司,{id},,0.5,2020-01-01,", "role", "required"),
        *(
            (f"{{c}},某公司,{{id}},shareholder,{share},2020-01-01,", "share", "share_unreadable")
            for share in ("1.01", "-0.1", "51%", "1e-1", "0.5.1", "半", "nan", "０.５", "=0.5", "+0.5", "2", "00.5")
        ),
        ("{c},某公司,{id},shareholder,0.5,,", "from", "required"),
        ("{c},某公司,{id},shareholder,0.5,2020-13-01,", "from", "date_invalid"),
        ("{c},某公司,{id},shareholder,0.5,2020-01-01,2019-01-01", "to", "ends_before_start"),
        ("{c},某公司,{id},shareholder,0,5,2020-01-01,", None, "column_count"),
        ('{c},"某公司,{id},shareholder,0.5,2020-01-01,', None, "quotes_unbalanced"),
    ],
)
def test_what_says_nothing_of_control_is_refused_with_line_and_field(
    line: str, field: str | None, code: str, number: Number
) -> None:
    good = f"{COMPANY},某公司,{number(7)},director,,2020-01-01,"
    rows = control(good, line.format(c=COMPANY, id=number(1)), good)
    assert refusals(rows) == [(3, field, code)]
    assert [row.line for row in rows] == [2, 3, 4]


def test_a_company_may_hold_shares_of_its_own_and_two_rows_about_the_same_must_agree(number: Number) -> None:
    rows = control(
        f"{COMPANY},某公司,{COMPANY},shareholder,0.1,2020-01-01,",
        f"{COMPANY},某公司,{number(1)},shareholder,0.5,2020-01-01,",
        f"{COMPANY},某公司,{number(1)},director,,2020-01-01,",
        f"{COMPANY},某公司,{number(1)},shareholder,0.4,2020-01-01,",
        f"{COMPANY},某公司,{number(1)},shareholder,0.4,2021-01-01,",
        f"{COMPANY},某公司,{number(1)},shareholder,0.50,2020-01-01,",
    )
    assert refusals(rows) == [(5, None, "contradicts_line")]


@pytest.mark.parametrize(
    ("share", "code"), [("0.1", None), ("0.100001", "own_shares"), ("1", "own_shares"), ("", "own_shares")]
)
def test_a_company_holds_no_more_of_itself_than_the_ruleset_believes(share: str, code: str | None) -> None:
    rows = control(f"{COMPANY},某公司,{COMPANY},shareholder,{share},2020-01-01,")
    assert refusals(rows) == ([(2, "share", code)] if code else [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_hostile_cells_of_a_control_file_are_data(encoding: str, number: Number) -> None:
    rows = control(
        f'{COMPANY},"=CMD|\'/C calc\'!A0, ""有限""公司",{number(1)},shareholder,0.6,2020-01-01,', encoding=encoding
    )
    assert [row.company_name for row in rows if isinstance(row, ControlRow)] == ["=CMD|'/C calc'!A0, \"有限\"公司"]


@given(st.binary(max_size=200), st.integers(1, 40))
def test_lines_are_the_same_however_the_blocks_fall(data: bytes, size: int) -> None:
    class Slow(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(min(size, wanted or size))

    assert list(lines_of(Slow(data))) == data.splitlines()


def test_a_line_without_end_is_cut_and_the_next_one_read() -> None:
    lines = list(lines_of(io.BytesIO(b"a\n" + b"x" * 10 * LONGEST_LINE + b"\r\nb\r" + b"y" * 3)))
    assert [len(line) for line in lines] == [1, LONGEST_LINE + 1, 1, 3]


def test_refusals_are_kept_in_order_however_many() -> None:
    many = [RefusedRow(n, "name", "required", {"value": "张" * 50}) for n in range(20_000)]
    kept = Refusals(many)
    assert len(kept) == len(many)
    assert kept == many and list(kept) == list(kept)
    assert many[3] in kept and RefusedRow(1, None, "", {}) not in kept


def test_memory_does_not_grow_with_the_file(number: Number) -> None:
    """Ten times the lines, refused or contradicting or good, in the same memory."""

    def peak(lines: int) -> int:
        rows = (
            f"{COMPANY},公司{n},{number(n % 50_000)},director,,{1990 + n // 50_000}-01-01,{'x' if n % 3 == 0 else ''}"
            for n in range(lines)
        )
        file = io.BytesIO("\n".join([CONTROL, *rows]).encode())
        tracemalloc.start()
        try:
            for _ in read_control(file, TODAY, OWN_MOST):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20_000) < 1.5 * peak(2_000) + 100_000


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    assert refusals(read_bytes(data))
    for row in read_bytes((STAFF + "\n").encode() + data):
        assert isinstance(row, RefusedRow) and row.line >= 1
