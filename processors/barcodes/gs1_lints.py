"""Checks of values beyond characters and length: check digits, dates, codes (GS1 General Specifications §3, §7.9).

Each check takes one part of a value and the year of the event and gives what it expected, or None where all is well.
The part has its characters and length right when it comes here.
"""

from collections.abc import Callable
from typing import Final

from processors.barcodes.check_digits import check_characters, check_digit, digit_right
from processors.barcodes.country_codes import COUNTRY_LETTERS, COUNTRY_NUMBERS, CURRENCY_NUMBERS
from processors.barcodes.gs1_dates import day_number

Lint = Callable[[str, int], str | None]

_HEX: Final = frozenset("0123456789abcdefABCDEF")


def padding(value: str, _: int) -> str | None:
    """Of base64url: one or two `=` only at the end, and only where they fill the length to a multiple of three.

    Three as in the reference of the GS1 syntax dictionary, although four characters of base64 belong together.
    """
    text = value.rstrip("=")
    pads = len(value) - len(text)
    right = "=" not in text and (pads == 0 or (pads <= 2 and len(value) % 3 == 0))
    return None if right else "base64url characters without = or filled with it"


def _check_digit(value: str, _: int) -> str | None:
    return None if digit_right(value) else f"check digit {check_digit(value[:-1])}, got {value[-1]}"


def _check_characters(value: str, _: int) -> str | None:
    if len(value) < 3:
        return "at least 3 characters, the last two check characters"
    right = check_characters(value[:-2])
    return None if value[-2:] == right else f"check characters {right}, got {value[-2:]}"


def _date_or_month(value: str, year: int) -> str | None:
    return None if day_number(value, year) is not None else "a date YYMMDD"


def _day(value: str, year: int) -> str | None:
    return "a date YYMMDD with a day from 01" if value[4:] == "00" else _date_or_month(value, year)


def _long_date(value: str, _: int) -> str | None:
    year = int(value[:4])
    right = year > 0 and value[6:] != "00" and day_number(value[2:], year) is not None
    return None if right else "a date YYYYMMDD"


def _below(limit: int, unit: str) -> Lint:
    return lambda value, _: None if int(value) < limit else f"{unit} below {limit}"


def _hours_and_minutes(value: str, _: int) -> str | None:
    # 9999 says that no time is given (AI 4324, 4325).
    right = value == "9999" or (int(value[:2]) < 24 and int(value[2:]) < 60)
    return None if right else "a time HHMM"


def _piece_of_total(value: str, _: int) -> str | None:
    piece, total = int(value[:2]), int(value[2:])
    return None if 0 < piece <= total else "a piece from 01 to the total, then the total"


def _position_in_sequence(value: str, _: int) -> str | None:
    right = value[0] in "123456789" and value[1] == "/" and value[2] in "123456789" and value[0] <= value[2]
    return None if right else "a position, a slash and the number of births, such as 1/2"


def _percent_encoded(value: str, _: int) -> str | None:
    for rest in value.split("%")[1:]:
        if len(rest) < 2 or rest[0] not in _HEX or rest[1] not in _HEX:
            return "two hexadecimal digits after each %"
    return None


def _iban(value: str, _: int) -> str | None:
    if not (value.isalnum() and value.upper() == value and len(value) > 4 and value[2:4].isdigit()):
        return "an IBAN: two capital letters, two digits, capital letters and digits"
    if value[:2] not in COUNTRY_LETTERS:
        return "an IBAN that starts with a country"
    right = int("".join(str(int(character, 36)) for character in value[4:] + value[:4])) % 97 == 1
    return None if right else "an IBAN whose check digits fit"


def _digits_from(place: int) -> Lint:
    """The company prefix, of at least four digits, begins there."""

    def check(value: str, _: int) -> str | None:
        prefix = value[place : place + 4]
        right = len(prefix) == 4 and prefix.isdigit()
        return None if right else "a GS1 company prefix of at least 4 digits"

    return check


def _test(right: Callable[[str], bool], expected: str) -> Lint:
    return lambda value, _: None if right(value) else expected


LINTS: Final[dict[str, Lint]] = {
    "csum": _check_digit,
    "csumalpha": _check_characters,
    "gcppos1": _digits_from(0),
    "gcppos2": _digits_from(1),
    "yymmd0": _date_or_month,
    "yymmdd": _day,
    "yyyymmdd": _long_date,
    "hh": _below(24, "hours"),
    "mi": _below(60, "minutes"),
    "ss": _below(60, "seconds"),
    "hhmi": _hours_and_minutes,
    "pieceoftotal": _piece_of_total,
    "posinseqslash": _position_in_sequence,
    "pcenc": _percent_encoded,
    "iban": _iban,
    "iso3166": _test(COUNTRY_NUMBERS.__contains__, "a country number of ISO 3166"),
    "iso3166999": _test(lambda value: value == "999" or value in COUNTRY_NUMBERS, "a country number or 999"),
    "iso3166alpha2": _test(COUNTRY_LETTERS.__contains__, "a country of ISO 3166, two letters"),
    "iso4217": _test(CURRENCY_NUMBERS.__contains__, "a currency number of ISO 4217"),
    "iso5218": _test(lambda value: value in "0129", "0, 1, 2 or 9"),
    "yesno": _test(lambda value: value in "01", "0 or 1"),
    "zero": _test(lambda value: value == "0", "0"),
    "nonzero": _test(lambda value: value.strip("0") != "", "a number that is not zero"),
    "nozeroprefix": _test(lambda value: value == "0" or value[0] != "0", "a number without zeros before it"),
    "winding": _test(lambda value: value in "019", "0, 1 or 9"),
    "hyphen": _test(lambda value: value == "-", "a minus sign"),
    "importeridx": _test(lambda value: value.isalnum() or value in "-_", "a letter, a digit, - or _"),
    "hasnondigit": _test(lambda value: not value.isdigit(), "at least one character that is no digit"),
    "mediatype": _test(lambda value: "01" <= value <= "10" or value >= "80", "a media type 01 to 10 or 80 to 99"),
    "latitude": _test(lambda value: int(value) <= 1_800_000_000, "a latitude from 0000000000 to 1800000000"),
    "longitude": _test(lambda value: int(value) <= 3_600_000_000, "a longitude from 0000000000 to 3600000000"),
}
"""Check by its name in the table."""

UNCHECKED: Final = frozenset(["packagetype", "couponcode", "couponposoffer"])
"""Named in the table, not checked: the list of package types grows by itself, coupons never stand on stock."""
