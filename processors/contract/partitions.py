"""Which partition a route lies in: murmur2 as the Java client's, so that every producer agrees (`contract.md` §1)."""

from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF
_CACHE_MAX: Final = 65_536


def murmur2(data: bytes) -> int:
    """32-bit murmur2 of `data`, signed, as the Java client's `Utils.murmur2` and librdkafka's `murmur2_random`."""
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = h * _M & _MASK ^ k
    if whole < length:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    h ^= h >> 15
    return h - 0x1_0000_0000 if h & 0x8000_0000 else h


_hashes: dict[str | bytes, int] = {}


def partition_of(route: str | bytes, count: int) -> int:
    """The partition, 0 to `count` - 1, of a route. Hashes are kept for the routes seen lately."""
    positive = _hashes.get(route)
    if positive is None:
        data = route.encode() if isinstance(route, str) else route
        positive = murmur2(data) & 0x7FFFFFFF
        if len(_hashes) >= _CACHE_MAX:
            _hashes.clear()
        _hashes[route] = positive
    return positive % count
