"""Avro's primitive encodings, with tables and bounded caches: what the generated coders call.

Decoders take (data, position) and give (value, next position). Positions only grow and a slice never reaches past the
end, so the coders check the end once, after the last field. What is wrong with the data comes out as ValueError or
IndexError; the codec turns both into `Undecodable`.
"""

from collections.abc import Callable
from typing import Any, Final

from processors.domain.quantity import MAX as DECIMAL_MAX

CACHE_MAX: Final = 65_536
"""Entries of one cache; it is emptied when full, which costs less than keeping an order."""
INT_MAX: Final = 2**31 - 1
LONG_MAX: Final = 2**63 - 1
DAY_MIN: Final = -719_162
DAY_MAX: Final = 2_932_896
"""Years 1 to 9999: days beyond are no dates."""
TIME_MIN: Final = DAY_MIN * 86_400_000
TIME_MAX: Final = (DAY_MAX + 1) * 86_400_000 - 1


def varint(number: int) -> bytes:
    """Zigzag varint of a 64-bit integer."""
    number = number << 1 if number >= 0 else (~number << 1) | 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


LENGTHS: Final = tuple(varint(n) for n in range(4096))
"""Prefixes of lengths; longer ones are computed."""
SPANS: Final = tuple((n >> 1) + 1 if n < 128 and n % 2 == 0 else 0 for n in range(256))
"""First byte of a length-prefixed value → its size with that byte; 0 where the length takes more than one byte."""
DECIMAL_SPANS: Final = tuple((n >> 1) + 1 if n in (2, 4, 6, 8, 10, 12, 14) else 0 for n in range(256))
"""The same for decimals of up to 7 bytes, which are in range whatever they hold; 0 for all others."""
SMALL: Final = tuple((n >> 1) ^ -(n & 1) for n in range(128))
"""Integers of one byte."""


def read_long(data: bytes, p: int) -> tuple[int, int]:
    shift = number = 0
    while True:
        byte = data[p]
        p += 1
        number |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 63:
            raise ValueError("an integer of more than 10 bytes")
    if number >> 64:
        raise ValueError("an integer beyond 64 bits")
    return (number >> 1) ^ -(number & 1), p


def read_int(data: bytes, p: int) -> tuple[int, int]:
    number, p = read_long(data, p)
    if not -INT_MAX - 1 <= number <= INT_MAX:
        raise ValueError(f"expected an integer of 32 bits, got {number}")
    return number, p


def read_bytes(data: bytes, p: int) -> tuple[bytes, int]:
    length, p = read_long(data, p)
    if length < 0:
        raise ValueError(f"a negative length {length}")
    end = p + length
    if end > len(data):
        raise IndexError("a length beyond the end")
    return data[p:end], end


def read_text(data: bytes, p: int) -> tuple[str, int]:
    raw, p = read_bytes(data, p)
    return raw.decode(), p


def read_decimal(data: bytes, p: int) -> tuple[int, int]:
    """Millionths; refuses what does not fit 18 digits."""
    raw, p = read_bytes(data, p)
    if not 0 < len(raw) <= 16:
        raise ValueError(f"expected a decimal of 1 to 16 bytes, got {len(raw)}")
    number = int.from_bytes(raw, "big", signed=True)
    if not -DECIMAL_MAX <= number <= DECIMAL_MAX:
        raise ValueError(f"expected a decimal of at most 18 digits, got {number} millionths")
    return number, p


DATES: Final[dict[bytes, int]] = {}
TIMES: Final[dict[bytes, int]] = {}
"""Encoded form → value, for the sizes that today's dates (3 bytes) and times (6 bytes) have."""


def read_date(data: bytes, p: int) -> tuple[int, int]:
    day, end = read_long(data, p)
    if not DAY_MIN <= day <= DAY_MAX:
        raise ValueError(f"expected a date of the years 1 to 9999, got day {day}")
    if end - p == 3:
        keep(DATES, data[p:end], day)
    return day, end


def read_time(data: bytes, p: int) -> tuple[int, int]:
    time, end = read_long(data, p)
    if not TIME_MIN <= time <= TIME_MAX:
        raise ValueError(f"expected a time of the years 1 to 9999, got {time} ms")
    if end - p == 6:
        keep(TIMES, data[p:end], time)
    return time, end


def read_array(data: bytes, p: int, item: Callable[[bytes, int], tuple[Any, int]]) -> tuple[tuple[Any, ...], int]:
    """Items of one array. Memory stays within the data's size: every item takes at least a byte of it."""
    if data[p] == 2:
        value, end = item(data, p + 1)
        if data[end] == 0:
            return (value,), end + 1
    items: list[Any] = []
    while True:
        count, p = read_long(data, p)
        if count == 0:
            return tuple(items), p
        if count < 0:
            count = -count
            _, p = read_long(data, p)
        if count > len(data) - p:
            raise ValueError(f"an array of {count} items in {len(data) - p} bytes")
        for _ in range(count):
            value, p = item(data, p)
            items.append(value)


def read_texts(data: bytes, p: int) -> tuple[tuple[str, ...], int]:
    """An array of text, without a call for each of the short ones (a movement may hold 50,000 serials)."""
    items: list[Any] = []
    while True:
        count, p = read_long(data, p)
        if count == 0:
            return tuple(items), p
        if count < 0:
            count = -count
            _, p = read_long(data, p)
        if count > len(data) - p:
            raise ValueError(f"an array of {count} items in {len(data) - p} bytes")
        for _ in range(count):
            q = p + SPANS[data[p]]
            if q == p:
                value, q = read_text(data, p)
            else:
                value = data[p + 1 : q].decode()
            items.append(value)
            p = q


def read_changes(data: bytes, p: int) -> tuple[dict[str, str | None], int]:
    """A map of text to text or null."""

    def entry(data: bytes, p: int) -> tuple[tuple[str, str | None], int]:
        name, p = read_text(data, p)
        branch, p = read_long(data, p)
        if branch == 0:
            return (name, None), p
        if branch != 1:
            raise ValueError(f"expected branch 0 or 1 of a nullable value, got {branch}")
        value, p = read_text(data, p)
        return (name, value), p

    entries, p = read_array(data, p, entry)
    return dict(entries), p


def keep(cache: dict[Any, Any], key: object, value: object) -> None:
    """Put an entry into a bounded cache."""
    if len(cache) >= CACHE_MAX:
        cache.clear()
    cache[key] = value


def _whole(value: object, low: int, high: int, expected: str) -> int:
    if type(value) is not int:
        raise TypeError(f"expected {expected}, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"expected {expected}, got {value}")
    return value


def int_bytes(value: object) -> bytes:
    return varint(_whole(value, -INT_MAX - 1, INT_MAX, "an integer of 32 bits"))


def long_bytes(value: object) -> bytes:
    return varint(_whole(value, -LONG_MAX - 1, LONG_MAX, "an integer of 64 bits"))


def date_bytes(value: object) -> bytes:
    return varint(_whole(value, DAY_MIN, DAY_MAX, "a day number of the years 1 to 9999"))


def time_bytes(value: object) -> bytes:
    return varint(_whole(value, TIME_MIN, TIME_MAX, "milliseconds UTC of the years 1 to 9999"))


def decimal_bytes(value: object) -> bytes:
    """Minimal two's complement, big-endian, with its length."""
    number = _whole(value, -DECIMAL_MAX, DECIMAL_MAX, "millionths of at most 18 digits")
    size = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return LENGTHS[size] + number.to_bytes(size, "big", signed=True)


def text_bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r}")
    return bytes_bytes(value.encode())


def bytes_bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"expected bytes, got {value!r}")
    return length_bytes(len(value)) + value


def length_bytes(length: int) -> bytes:
    return LENGTHS[length] if length < 4096 else varint(length)


def array_bytes(value: object, item: Callable[[Any], bytes]) -> bytes:
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"expected a tuple, got {value!r}")
    if len(value) == 1:
        return b"\2" + item(value[0]) + b"\0"
    return b"".join((length_bytes(len(value)), *[item(part) for part in value], b"\0")) if value else b"\0"


def texts_bytes(value: object) -> bytes:
    """An array of text, the short ones without a call for each."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"expected a tuple of texts, got {value!r}")
    if not value:
        return b"\0"
    parts = [length_bytes(len(value))]
    for text in value:
        raw = text.encode()
        parts.append(LENGTHS[len(raw)] if len(raw) < 4096 else varint(len(raw)))
        parts.append(raw)
    parts.append(b"\0")
    return b"".join(parts)


def changes_bytes(value: object) -> bytes:
    """A map of text to text or null."""
    if not isinstance(value, dict):
        raise TypeError(f"expected a dict, got {value!r}")
    entries = [text_bytes(name) + (b"\0" if text is None else b"\2" + text_bytes(text)) for name, text in value.items()]
    return array_bytes(entries, bytes) if entries else b"\0"
