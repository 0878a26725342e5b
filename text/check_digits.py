"""Whether a number can be what it looks like: the check digits and fixed parts of identity and card numbers."""

import re
from datetime import date
from typing import Final

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PROVINCE: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_CARD_BEGINNING: Final = re.compile(r"[3-6]|9[0-9]")
"""Card issuers in use in China (UnionPay 62 and its older 4x to 6x and 9x, Visa, Mastercard, JCB): no date begins so."""


def is_resident_id(digits: str) -> bool:
    """Whether 18 characters (the last 0-9 or X), or 15 digits, name a province and a day of birth (GB 11643).

    The check digit is judged by `has_resident_check`: a typing error is no licence to print a birthday.
    """
    if not _PROVINCE.match(digits):
        return False
    if len(digits) == 15:
        return _is_day("19" + digits[6:12])
    return len(digits) == 18 and "X" not in digits[:17] and _is_day(digits[6:14])


def has_resident_check(digits: str) -> bool:
    """Whether the last of 18 characters is the check digit of ISO 7064 MOD 11-2 over the others."""
    body = digits[:17]
    if len(digits) != 18 or not body.isdecimal():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return digits[17] == "10X98765432"[total % 11]


def is_hong_kong_id(letters: str, digits: str, check: str) -> bool:
    """Whether `check` (0-9 or A) belongs to one or two letters and six digits of a Hong Kong identity card."""
    values = [ord(letter) - 55 for letter in letters.upper()] + [int(digit) for digit in digits]
    if len(letters) == 1:
        values.insert(0, 36)
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return (11 - total % 11) % 11 == int(check.upper(), 16)


def is_card(digits: str) -> bool:
    """Whether 16 to 19 digits begin as a bank card and end with their check digit (Luhn, ISO/IEC 7812-1)."""
    if not 16 <= len(digits) <= 19 or not _CARD_BEGINNING.match(digits):
        return False
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def _is_day(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2099
    except ValueError:
        return False
