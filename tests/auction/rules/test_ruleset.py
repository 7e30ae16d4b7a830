"""The law as data: every number, written down a second time from the texts, and the way a ruleset is kept."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.kernel.crypto import canonical
from auction.kernel.errors import DomainError
from auction.rules.ruleset import PRACTICE, Ruleset, available, from_data, load

#: article (- is the court's practice) | key | value and unit
NUMBERS = """
REF 1 | ref_start | 30 days
REF 11(1) | net_inquiry | 3 days
REF 11(2) | net_inquiry_extension | 3 days
REF 11(4) | net_inquiry_reissue | 3 days
REF 19(1) | valuation | 30 days
REF 19(2) | valuation_extension | 15 days
REF 19(2) | valuation_extensions_max | 2 count
REF 19(2) | valuation_ask_before | 5 days
REF 19(4) | valuation_reissue | 15 days
REF 12 | net_inquiry_correction | 3 days
REF 20 | valuation_correction | 3 days
REF 16 | valuation_agencies | 3 count
REF 21(1) | report_service | 3 days
REF 21(2) | report_publicity | 15 days
REF 22(1), 23(1) | report_objection | 5 days
REF 13(1) | net_inquiry_mean | true flag
REF 4(1), 5(1), 7(1), 14 | price_method_order | agreement directed_inquiry network_inquiry appraisal list
REF 27(1) | ref_validity_max | 12 months
REF 27(3) | ref_grace | 6 months
REF 22(2), 23(1) | price_objection_open | true flag
REF 30 | sale_start | 10 days
REF 32(2) | reissued_report_fee | 0.30 ratio
REF 9(3) | platform_delist_bar | 5 years
REF 15(2) | valuer_delist_bar | 5 years
- | valuation_deviation | 0.30 ratio
OJA 10(2) | reserve_min | 0.70 ratio
OJA 26(1) | cut_max | 0.20 ratio
OJA 17(1) | deposit_min | 0.05 ratio
OJA 17(1) | deposit_max | 0.20 ratio
OJA 17(2) | creditor_exempt | true flag
OJA 20(1), 27 | increment_set | true flag
- | increment_min | 1 fen
- | increment_warn_above | 0.20 ratio
- | increment_warn_below | 0.0005 ratio
SALE 6(1) | no_surplus_answer | 5 days
SHIP 12 | ship_reserve_min | 0.80 ratio
SHIP 12 | ship_cut_max | 0.20 ratio
SHIP 13 | ship_sale_min | 0.50 ratio
SALE 32(2) | direct_sale_min | 0.50 ratio
OJA 27 | panel_required | true flag
- | panel_min | 3 count
CPL 40(1) | panel_odd | true flag
CPL 45 | panel_majority | true flag
- | late_reasons | stay objection reference_price parties other list
OJA 12(1) | notice_first_movable | 15 days
OJA 12(1) | notice_first_immovable | 30 days
OJA 26(1) | notice_second_movable | 7 days
OJA 26(1) | notice_second_immovable | 15 days
- | notice_sell_off_movable | 7 days
- | notice_sell_off_immovable | 15 days
- | renege_as_first | true flag
OJA 16(1) | notify_before | 3 days
OJA 16(1) | unreachable_publicity | 5 days
OJA 16(1) | receipt_must_be_proven | true flag
COMP 85 | preferential_shareholders | 20 days
CIV 726 | preferential_lessee | 15 days
CIV 727 | lessee_before_auction | 5 days
SALE 11(1) | creditors_before_auction | 5 days
- | supplement | 5 days
OJA 11 | min_bidders | 1 count
OJA 20(2) | window_min | 24 hours
OJA 20(2) | extension_window | 5 minutes
OJA 20(2) | extension_length | 5 minutes
- | implausible_increments | 20 count
- | implausible_ratio | 2 ratio
- | settling | 1 seconds
- | intake_wait | 10 seconds
- | intake_lost_window | 30 seconds
- | full_age | 18 years
- | outage_last_stretch | 30 minutes
- | outage_moves_from | 10 seconds
- | outage_suspends_over | 600 seconds
- | outage_suspends_anywhere_over | 2 hours
- | outage_recovery | 10 minutes
- | check_failure_suspends_over | 60 seconds
OJA 28(4) | resume | 5 days
- | resume_notice_min | 24 hours
- | resume_bidding_min | 10 minutes
CPLI 467 | guaranteed_suspension_max | 1 years
- | interest_review | 1 working_days
- | winner_barred_decision | 5 working_days
- | company_control | 0.5 ratio
- | company_alert | 0.1 ratio
- | company_own_shares | 0.1 ratio
OJA 23 | deposit_refund | 24 hours
OJA 25 | winner_deposit_transfer | 24 hours
OJA 25 | balance_set | true flag
- | balance_min | 1 days
- | balance_warn_over | 60 days
SALE 20 | ruling_service | 10 days
SALE 27 | handover | 15 days
OJA 6(7) | assistance_notice | true flag
OJA 26(1) | relist | 30 days
- | relist_warn | 25 days
- | sell_off_announce | 15 days
- | sell_off_announce_warn | 10 days
- | sell_off_window | 60 days
- | sell_off_contest | 24 hours
- | sell_off_price | 1 ratio
- | sell_off_prepay | 1 ratio
- | sell_off_forfeit_min | 0.05 ratio
- | sell_off_forfeit_max | 0.20 ratio
SALE 16(1) | taking_at_reserve | true flag
SALE 16(2) | taking_first | secured_creditor list
- | taking_answer | 10 days
- | taking_difference | 10 days
SALE 25(2) | return_after_sell_off | true flag
SALE 24 | return_movable | true flag
SALE 14 | stop_when_satisfied | true flag
- | group_end_gap | 60 minutes
EQ 10 | own_sale_equity_max | 3 months
- | own_sale_release | 10 days
- | own_sale_other_max | 60 days
- | renege_grace | 3 days
- | due_day_max | 60 days
OJA 24(1) | forfeit_order | costs shortfall case_debt related_debt list
OJA 24(1) | measure_forfeiture | true flag
OJA 24(2) | measure_resale_bar | true flag
SALE 22(2) | measure_top_up | true flag
CPL 114, 118, 119 | measure_fine | true flag
CPL 114, 118, 119 | measure_detention | true flag
- | measure_publication | true flag
- | measure_term_bar | false flag
- | malicious_factors | no_means delay_for_debtor repeated price_above_twice_valuation collusion list
- | malicious_price_ratio | 2 ratio
CPL 118(1) | fine_person_max | 10000000 fen
CPL 118(1) | fine_unit_min | 5000000 fen
CPL 118(1) | fine_unit_max | 100000000 fen
CPL 118(2) | detention_max | 15 days
- | publication_max | 24 months
CPL 119 | review_does_not_stop | true flag
- | effect_after_review | publication term_bar list
CPLI 185 | sanction_review_request | 3 days
CPLI 185 | sanction_review_decision | 5 days
- | standing_start | 80 count
- | standing_most | 100 count
- | standing_paid_in_time | 4 count
- | standing_paid_late | 10 count
- | standing_reneged | 40 count
- | standing_reneged_maliciously | 80 count
- | standing_half_life | 365 days
- | standing_kept | 5 years
- | standing_contested | 0.5 ratio
- | standing_answer | 15 days
CPL 236 | objection_decision | 15 days
CPL 236 | objection_review_request | 10 days
EXEC 8 | objection_review_decision | 30 days
EXEC 8 | objection_review_extension | 30 days
CPL 238 | outsider_decision | 15 days
CPL 238 | outsider_suit | 15 days
MORT 2 | mortgaged_home_grace | 6 months
OBJ 20 | delivery_title_grace | 3 months
OBJ 20 | sole_home_rent_min | 5 years
OBJ 20 | sole_home_rent_max | 8 years
- | clearance_plan_bands | D E list
- | clearance_band_min | 20 count
- | clearance_model_min | 200 count
- | clearance_model_min_late | 30 count
- | bulk_at_once | 5 count
- | bulk_around | 30 days
- | bulk_period | 180 days
- | bulk_sales_min | 10 count
- | bulk_end_gap | 30 minutes
- | question_answer | 3 working_days
- | question_most_waiting | 3 count
- | question_most_daily | 10 count
OJA 29 | auction_data_retention | 10 years
REF 8(2) | inquiry_data_retention | 10 years
CSL 21 | network_log_retention | 6 months
PIPL 56 | impact_report_retention | 3 years
NDR 12 | data_sharing_retention | 3 years
NDR 10 | defect_report | 24 hours
- | break_glass_open | 30 minutes
- | keep_sessions | 2 days
- | keep_codes | 2 days
- | keep_failures | 2 days
- | keep_idempotency | 2 days
- | keep_mails | 180 days
- | keep_looks | 180 days
- | keep_drafts | 30 days
- | keep_papers | 180 days
- | keep_idle_persons | 1095 days
- | look_up_span | 24 hours
- | look_up_most | 30 count
- | look_up_outside_most | 2 count
- | look_up_same_span | 30 days
- | look_up_same_most | 3 count
- | look_up_night_from | 22 hours
- | look_up_night_to | 6 hours
- | look_up_night_most | 2 count
- | witness_silent | 15 minutes
- | changes_most | 3 count
- | change_near | 3 days
- | signal_kept | 365 days
- | signal_most_phone | 4 count
- | signal_most_email | 4 count
- | signal_most_address | 8 count
- | signal_most_bank_account | 8 count
- | signal_most_payer | 8 count
- | signal_most_device | 4 count
- | signal_most_ip | 4 count
- | near_name_edits | 1 count
- | near_name_ratio | 0.85 ratio
- | pattern_window | 2 years
- | pattern_joint_min | 4 count
- | pattern_overlap | 0.6 ratio
- | pattern_chance | 0.01 ratio
- | pattern_own_run | 3 count
- | pattern_push_bids | 2 count
- | pattern_quiet_from | 0.9 ratio
- | pattern_alert | 0.6 ratio
- | pattern_weight_deposit_source_shared | 0.7 ratio
- | pattern_weight_wins_in_turn | 0.6 ratio
- | pattern_weight_turns_in_closed_circle | 0.6 ratio
- | pattern_weight_companion | 0.5 ratio
- | pattern_weight_accompanied | 0.5 ratio
- | pattern_weight_spares_companion | 0.3 ratio
- | pattern_weight_loses_beside | 0.5 ratio
- | pattern_weight_wins_beside | 0.5 ratio
- | pattern_weight_loses_together | 0.4 ratio
- | pattern_weight_meets_beyond_chance | 0.3 ratio
- | pattern_weight_answers_each_other | 0.25 ratio
- | pattern_weight_in_step | 0.25 ratio
- | pattern_weight_pushes_and_leaves | 0.4 ratio
- | pattern_weight_follows_seller | 0.4 ratio
- | pattern_weight_raises_own_lead | 0.3 ratio
OJA 14(2) | agents_confirmed | true flag
- | board_soon | 3 days
- | import_rows_max | 500 count
CPL 85(3) | period_rolls | true flag
HOL 2 | fixed_holidays | 01-01 05-01 05-02 10-01 10-02 10-03 list
HOL 2 | moving_holidays | spring_festival qingming dragon_boat mid_autumn list
"""
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in NUMBERS.strip().splitlines()]


@pytest.mark.parametrize(("article", "key", "expected"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_the_number_stands_beside_its_article(ruleset: Ruleset, article: str, key: str, expected: str) -> None:
    parameter = ruleset.parameters[key]
    text, unit = expected.rsplit(" ", 1)
    if unit == "list":
        assert ruleset.texts(key) == tuple(text.split())
    elif unit == "flag":
        assert ruleset.flag(key) is (text == "true")
    elif unit == "ratio":
        assert ruleset.ratio(key) == Fraction(text)
    else:
        assert ruleset.number(key) == int(text)
    assert parameter.unit == unit
    assert ruleset.basis(key).code == (PRACTICE if article == "-" else article)
    assert ruleset.basis(key).by_law is (article != "-")


def test_no_number_is_left_out_of_the_table(ruleset: Ruleset) -> None:
    assert sorted(ruleset.parameters) == sorted(row[1] for row in ROWS)


@pytest.mark.parametrize(
    ("key", "zh", "en"),
    [
        (
            "notice_first_immovable",
            "《最高人民法院关于人民法院网络司法拍卖若干问题的规定》第十二条第一款",
            (
                "Provisions of the Supreme People's Court on Several Issues concerning Online Judicial Auctions "
                "(2016), article 12, paragraph 1"
            ),
        ),
        (
            "handover",
            "《最高人民法院关于人民法院民事执行中拍卖、变卖财产的规定》（2020年修正）第二十七条",
            (
                "Provisions of the Supreme People's Court on Auction and Sale of Property in Civil Enforcement "
                "(as amended in 2020), article 27"
            ),
        ),
        (
            "measure_fine",
            "《中华人民共和国民事诉讼法》（2023年修正）第一百一十四条、第一百一十八条、第一百一十九条",
            "Civil Procedure Law (as amended in 2023), article 114 and article 118 and article 119",
        ),
        ("implausible_increments", "法院惯例", "the court's practice"),
    ],
)
def test_a_basis_is_cited_in_both_languages(ruleset: Ruleset, key: str, zh: str, en: str) -> None:
    assert (ruleset.basis(key).zh, ruleset.basis(key).en) == (zh, en)


@pytest.mark.parametrize("key", [row[1] for row in ROWS if row[0] == "-"])
def test_the_courts_practice_is_never_passed_off_as_an_article(ruleset: Ruleset, key: str) -> None:
    citation = ruleset.basis(key)
    assert not citation.by_law
    assert "第" not in citation.zh
    assert "article" not in citation.en


@pytest.mark.parametrize(
    ("key", "seconds"),
    [("window_min", 86_400), ("extension_window", 300), ("extension_length", 300), ("settling", 1)],
)
def test_running_times_come_out_in_seconds(ruleset: Ruleset, key: str, seconds: int) -> None:
    assert ruleset.seconds(key) == seconds
    assert ruleset.span(key).total_seconds() == seconds


def test_a_number_asked_for_in_the_wrong_unit_is_our_mistake(ruleset: Ruleset) -> None:
    for wrong in (
        lambda: ruleset.days("window_min"),
        lambda: ruleset.seconds("relist"),
        lambda: ruleset.number("cut_max"),
        lambda: ruleset.number("renege_as_first"),
        lambda: ruleset.number("forfeit_order"),
        lambda: ruleset.ratio("relist"),
        lambda: ruleset.flag("relist"),
        lambda: ruleset.texts("relist"),
        lambda: ruleset.days("no_such_key"),
        lambda: ruleset.working_days("relist"),
    ):
        with pytest.raises(KeyError):
            wrong()


@pytest.mark.parametrize(
    ("read", "key", "value"),
    [
        ("days", "relist", 30),
        ("working_days", "winner_barred_decision", 5),
        ("months", "ref_grace", 6),
        ("years", "full_age", 18),
        ("count", "panel_min", 3),
        ("fen", "fine_person_max", 10_000_000),
    ],
)
def test_each_unit_has_its_own_accessor(ruleset: Ruleset, read: str, key: str, value: int) -> None:
    assert getattr(ruleset, read)(key) == value


def test_zero_is_a_number_and_a_note_may_be_left_out(ruleset: Ruleset) -> None:
    data = ruleset.as_data()
    entry = data["parameters"]["unsold"]["relist"]
    entry["value"] = 0
    del entry["note"]
    assert from_data(data).days("relist") == 0
    assert from_data(data).note("relist") == ""


def test_the_copy_has_the_shape_of_the_file(ruleset: Ruleset) -> None:
    parameters = ruleset.as_data()["parameters"]
    assert parameters["unsold"]["relist"] == {
        "value": 30,
        "unit": "days",
        "basis": {"document": "OJA", "version": "2016", "article": "26(1)"},
        "note": "within which bidding of the second round starts",
    }
    assert parameters["price"]["increment_set"]["basis"]["article"] == ["20(1)", "27"]
    assert parameters["renege"]["forfeit_order"]["value"] == ["costs", "shortfall", "case_debt", "related_debt"]
    assert parameters["renege"]["renege_grace"]["basis"] == PRACTICE


def test_a_document_without_an_edition_is_cited_without_one(ruleset: Ruleset) -> None:
    data = ruleset.as_data()
    data["documents"]["OJA"]["edition_en"] = ""
    assert from_data(data).basis("relist").en == (
        "Provisions of the Supreme People's Court on Several Issues concerning Online Judicial Auctions, "
        "article 26, paragraph 1"
    )


def test_an_unknown_ruleset_is_refused() -> None:
    for name in ("spc-1999", "", "../pyproject", "spc-2016.toml", "SPC-2016"):
        with pytest.raises(DomainError) as refusal:
            load(name)
        assert refusal.value.code == "ruleset_unknown"
        assert refusal.value.facts == {"name": name}


def test_every_shipped_ruleset_can_be_read_and_bars_nobody_for_a_term() -> None:
    assert "spc-2016" in available()
    for name in available():
        assert load(name).name == name
        assert not load(name).flag("measure_term_bar")


def test_the_copy_kept_on_an_auction_says_the_same(ruleset: Ruleset) -> None:
    copy = from_data(json.loads(json.dumps(ruleset.as_data())))
    assert copy == ruleset
    assert copy.as_data() == ruleset.as_data()
    assert copy.basis("notice_first_movable") == ruleset.basis("notice_first_movable")
    assert copy.note("supplement") == ruleset.note("supplement") != ""


def test_the_copy_can_stand_in_a_journal_entry(ruleset: Ruleset) -> None:
    assert canonical(ruleset.as_data())


def test_a_ruleset_cannot_be_changed(ruleset: Ruleset) -> None:
    with pytest.raises(TypeError):
        ruleset.parameters["relist"] = ruleset.parameters["resume"]  # type: ignore[index]
    ruleset.as_data()["parameters"]["unsold"]["relist"]["value"] = 31
    assert ruleset.days("relist") == 30


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("days", 1.5),
        ("days", -1),
        ("days", True),
        ("days", "30"),
        ("ratio", 0.2),
        ("ratio", "-0.2"),
        ("ratio", "1/5"),
        ("ratio", 1),
        ("flag", 1),
        ("list", []),
        ("list", "text"),
        ("list", ["a", 1]),
        ("list", 1),
        ("flag", "true"),
        ("moons", 1),
    ],
)
def test_a_value_that_does_not_fit_its_unit_is_refused(ruleset: Ruleset, unit: str, value: object) -> None:
    data = ruleset.as_data()
    data["parameters"]["unsold"]["relist"] |= {"unit": unit, "value": value}
    with pytest.raises(ValueError, match="relist"):
        from_data(data)


@pytest.mark.parametrize(
    "basis",
    [
        {"document": "OJA", "version": "2020", "article": "26"},
        {"document": "XYZ", "version": "2016", "article": "26"},
        {"document": "OJA", "version": "2016", "article": "26a"},
        {"document": "OJA", "version": "2016", "article": []},
        {"document": "OJA", "version": "2016"},
        "practice",
        None,
    ],
)
def test_a_basis_that_cites_nothing_we_hold_is_refused(ruleset: Ruleset, basis: object) -> None:
    data = ruleset.as_data()
    data["parameters"]["unsold"]["relist"]["basis"] = basis
    with pytest.raises(ValueError, match=r"relist|not a ruleset"):
        from_data(data)


def test_a_key_in_two_sections_or_with_unknown_fields_is_refused(ruleset: Ruleset) -> None:
    twice, extra = ruleset.as_data(), ruleset.as_data()
    twice["parameters"]["price"]["relist"] = twice["parameters"]["unsold"]["relist"]
    extra["parameters"]["unsold"]["relist"]["page"] = 3
    for data in (twice, extra, {}, {"name": "x"}):
        with pytest.raises(ValueError, match=r"relist|not a ruleset"):
            from_data(data)


@given(st.fractions(min_value=0, max_value=100, max_denominator=1000))
def test_ratios_are_exact(fraction: Fraction) -> None:
    data = load("spc-2016").as_data()
    text = f"{int(fraction * 1000) // 1000}.{int(fraction * 1000) % 1000:03d}"
    data["parameters"]["price"]["cut_max"]["value"] = text
    assert from_data(data).ratio("cut_max") == Fraction(int(fraction * 1000), 1000)
