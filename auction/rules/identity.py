"""Identity numbers: how they are spelled, whether they can be right, what they say, how they are shown.

Checked are form, calendar and check characters only. Whether the region or the organisation code inside exists is
not: people were born, and bodies founded, before the codes now in use.
"""

import re
from datetime import date, datetime

from stdnum.cn import ric, uscc

from ..kernel.clock import SHANGHAI
from ..kernel.errors import invalid

RESIDENT_ID = "resident_id"
USCC = "uscc"
PASSPORT = "passport"

_FORMS = {
    RESIDENT_ID: re.compile(r"[0-9]{17}[0-9X]"),
    USCC: re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}"),  # the alphabet of GB 32100: no I, O, S, V, Z
    PASSPORT: re.compile(r"[0-9A-Z]{6,20}"),
}
ID_TYPES = tuple(_FORMS)

#: Full-width forms of ASCII, as Chinese input methods type them, and small letters: to ASCII capitals.
_PLAIN = {code + wide: chr(code).upper() for wide in (0, 0xFEE0) for code in range(0x21, 0x7F)}


def normalise(id_type: str, number: str) -> str:
    """The one spelling of a number under which it is checked and matched; it need not be a right number.

    Full-width characters become ASCII ones, white space is dropped, ASCII letters become capitals: in all three
    types of number a letter has no case. Digits of other scripts are left, and then fail the check.
    """
    return "".join(number.translate(_PLAIN).split())


def check(id_type: str, number: str, today: date, field: str = "id_number") -> str:
    """The normalised number, if it can be a right one on the day `today` (a moment counts as its day in Shanghai).

    resident_id: 17 digits and a digit or X, a calendar birth date not in the future, the check character of GB 11643.
    uscc: the alphabet and the check character of GB 32100. passport: 6 to 20 letters and digits.
    Raises DomainError invalid with `identity_invalid` for `field`, or `not_one_of` for `id_type`.
    """
    form = _FORMS.get(id_type)
    if form is None:
        raise invalid("id_type", "not_one_of", allowed=ID_TYPES)
    plain = normalise(id_type, number)
    if form.fullmatch(plain) is None or not _holds(id_type, plain, _day(today)):
        raise invalid(field, "identity_invalid")
    return plain


def birth_date(number: str) -> date:
    """The birth date in a resident number. ValueError where there is none."""
    plain = normalise(RESIDENT_ID, number)
    if _FORMS[RESIDENT_ID].fullmatch(plain) is None:
        raise ValueError("not a resident number")
    return date(int(plain[6:10]), int(plain[10:12]), int(plain[12:14]))


def age_on(number: str, day: date) -> int:
    """Full years of age on a day, by birthdays. ValueError where the number holds no birth date.

    Who was born on 29 February is a year older on 1 March in a common year: the one doubtful day counts as not yet,
    because what somebody does before his full age is void, and what waits a day is not.
    """
    born = birth_date(number)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def mask(id_type: str, number: str) -> str:
    """A number for reading: at most the first six and last two characters, and never more than half of it."""
    plain = normalise(id_type, number)
    head, tail = min(6, len(plain) // 3), min(2, len(plain) // 6)
    return plain[:head] + "*" * (len(plain) - head - tail) + plain[len(plain) - tail :]


def _day(today: date) -> date:
    return today.astimezone(SHANGHAI).date() if isinstance(today, datetime) else today


def _holds(id_type: str, plain: str, today: date) -> bool:
    """Whether a number of the right form has the right check character and, where it names one, a possible birth."""
    if id_type == USCC:
        return plain[-1] == str(uscc.calc_check_digit(plain))
    if id_type == PASSPORT:
        return True
    try:
        born = birth_date(plain)
    except ValueError:
        return False
    return born <= today and plain[-1] == str(ric.calc_check_digit(plain))
