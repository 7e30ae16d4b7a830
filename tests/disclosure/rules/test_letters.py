"""Letters as courts word them: values are filled in, and nothing a template language can do besides is possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auction.kernel.errors import DomainError
from disclosure.rules.letters import LONGEST, VALUES, check_wording, filled, letters

#: Ways out of a template, as they are tried on any that takes texts from people.
ATTACKS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ court.__class__ }}",
    "{{ court['__class__'] }}",
    "{{ court|attr('__class__') }}",
    "{{ court.format(court) }}",
    "{{ '%s'|format(court) }}",
    "{{ '{0.__class__}'.format(court) }}",
    "{{ self._TemplateReference__context }}",
    "{{ self }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner }}",
    "{{ namespace() }}",
    "{{ range(10**9) }}",
    "{{ dict() }}",
    "{{ config }}",
    "{{ request }}",
    "{{ g }}",
    "{{ 7*7 }}",
    "{{ 10**10**10 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ [court] }}",
    "{{ (court,) }}",
    "{{ {'a': court} }}",
    "{{ court ~ court }}",
    "{{ court if court else court }}",
    "{{ court is defined }}",
    "{{ court == court }}",
    "{{ not court }}{{ 1 }}",
    "{% for x in court %}{{ x }}{% endfor %}",
    "{% set x = court %}",
    "{% macro m() %}{% endmacro %}",
    "{% import 'x' as y %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'base.html' %}",
    "{% from 'x' import y %}",
    "{% call court() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with x=court %}{% endwith %}",
    "{% block b %}{% endblock %}",
    "{% raw %}{{ court }}",
    "{% if court.x %}a{% endif %}",
    "{% if court == 'a' %}a{% endif %}",
    "{% autoescape true %}{% endautoescape %}",
    "{{ court",
    "{% if court %}",
    "{{ }}",
    "{{ password }}",
    "{{ unit.session }}",
    "{% if court %}" * 60 + "x" + "{% endif %}" * 60,
    "{{ " + "(" * 500 + "court" + ")" * 500 + " }}",
]


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_whatever_is_more_than_filling_in_is_refused(text: str) -> None:
    for ask in (check_wording, lambda wording: filled(wording, {"court": "某法院"})):
        if text.count("(") > 400:
            continue
        with pytest.raises(DomainError) as caught:
            ask(text)
        assert caught.value.code == "invalid"
        assert caught.value.errors[0].field == "text"
        assert caught.value.errors[0].code.startswith("wording_")


def test_a_wall_of_brackets_never_breaks_the_reader() -> None:
    try:
        check_wording(ATTACKS[-1])
    except DomainError as error:
        assert error.errors[0].code == "wording_unreadable"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        ("  \n", "required"),
        ("长" * (LONGEST + 1), "too_long"),
        ("\u202e", "control_characters"),
        ("a\x00", "control_characters"),
        ("{{ recipient }}：本院不负责腾退。", "phrase_forbidden"),
        ("拍卖{{ lot_title }}，一切税费由买受人承担。", "phrase_forbidden"),
    ],
)
def test_a_text_that_is_none_is_refused(text: str, code: str) -> None:
    with pytest.raises(DomainError) as caught:
        check_wording(text)
    assert caught.value.errors[0].code == code


@pytest.mark.parametrize("kind", sorted(letters()))
def test_the_shipped_wordings_hold_and_fill_in(kind: str) -> None:
    text = letters()[kind].text
    values = {name: f"【{name}】" for name in VALUES}
    written = "\n".join(filled(text, values))
    assert "【case_number】" in written and "{" not in written and "＿＿＿＿＿＿】" not in written
    bare = "\n".join(filled(text, {}))
    assert "＿＿＿＿＿＿" in bare and "【" not in bare


def test_conditions_and_paragraphs() -> None:
    text = "{{ recipient }}：\n\n{% if is_lessee %}承租人。\n\n{% endif %}"
    text += "{% if not is_shareholder %}止。{% else %}股东。{% endif %}"
    assert filled(text, {"recipient": "甲", "is_lessee": "是"}) == ("甲：", "承租人。", "止。")
    assert filled(text, {"recipient": "甲", "is_shareholder": "是"}) == ("甲：", "股东。")


@given(st.dictionaries(st.sampled_from(sorted(VALUES)), st.text(max_size=60)))
def test_a_value_is_never_read_as_a_template(values: dict[str, str]) -> None:
    hostile = values | {"court": "{{ 7*7 }}{% for x in y %}"}
    assert "{{ 7*7 }}{% for x in y %}" in "".join(filled("{{ court }}", hostile))
