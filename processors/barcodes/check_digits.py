"""Check digits and check characters of GS1 (General Specifications §7.9)."""

from functools import lru_cache
from typing import Final

from processors.barcodes.gs1_identifiers import CHARACTERS

_PRIMES: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
_SET_32: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PLACES: Final = {character: place for place, character in enumerate(CHARACTERS["X"])}


@lru_cache(maxsize=16384)
def digit_right(digits: str) -> bool:
    """True where the last of the digits is the check digit of those before it (§7.9.1). Only ASCII digits.

    Remembered, since a count reads the same trade items over and over.
    """
    codes = digits.encode()
    # A character's code is 48 + its digit; 48 × any weight of 1 and 3 is taken off modulo 10 by counting places.
    odd, even = codes[-1::-2], codes[-2::-2]
    return (sum(odd) + 3 * sum(even) - 48 * (len(odd) + 3 * len(even))) % 10 == 0


def check_digit(digits: str) -> str:
    """The check digit that belongs after these ASCII digits."""
    return str(-sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits))) % 10)


def check_characters(text: str) -> str:
    """The pair of check characters after a text of at most 23 characters of set 82 (§7.9.5)."""
    total = sum(_PLACES[character] * prime for character, prime in zip(reversed(text), _PRIMES, strict=False)) % 1021
    return _SET_32[total // 32] + _SET_32[total % 32]
