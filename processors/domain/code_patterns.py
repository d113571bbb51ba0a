"""Can two code types give the same code? The pattern of each part, and the shortest code that both patterns hold.

A code type's pattern is every code it can give for any field values. It is exact part by part: characters and lengths
of each field, cutting and filling, start values, the letters that years and months have. Taken together it is a little
wider than the truth: parts count as independent of each other, so 31 February and two different values of a field that
stands in two parts are in it. So no overlap means that no code can ever be given by both; an overlap is an example.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from processors.domain.code_fields import DATE_WIDTHS
from processors.domain.codes import CODE_LENGTH_MAX
from processors.domain.master import CodePart, CodeType

DIGITS: Final = "0123456789"
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TEXT_LENGTHS: Final = {"item_class": 3}
"""Most characters of a text field, where it is not 50."""

Word = tuple[int, ...]
"""A set of characters for each place, as bits over an alphabet."""


class Growing(Word):
    """A word whose last place may repeat: what has no length, up to the end of the code."""


def overlap(
    one: CodeType, other: CodeType, year_letters: Mapping[int, str], month_letters: Mapping[int, str]
) -> str | None:
    """A shortest code that both code types can give, None where there is none of at most 50 characters.

    `year_letters` and `month_letters` are those of the master data; a new one may make two patterns meet.
    """
    fills = (part.fill or "" for code_type in (one, other) for part in code_type.parts)
    alphabet = _Alphabet.of([*fills, *year_letters.values(), *month_letters.values()])
    letters = {"year_letter": set(year_letters.values()), "month_letter": set(month_letters.values())}
    return _shortest_common(_pattern(one, alphabet, letters), _pattern(other, alphabet, letters), alphabet)


@dataclass(frozen=True, slots=True)
class _Alphabet:
    """The characters that patterns name, and one that stands for all others."""

    characters: str

    @staticmethod
    def of(named: Iterable[str]) -> "_Alphabet":
        extra = sorted(set("".join(named)) - set(DIGITS + LETTERS))
        other = next(character for character in map(chr, range(ord("a"), 0x10000)) if character not in extra)
        return _Alphabet(DIGITS + LETTERS + "".join(extra) + other)

    @property
    def any(self) -> int:
        return (1 << len(self.characters)) - 1

    def set(self, characters: str) -> int:
        return sum(1 << self.characters.index(character) for character in set(characters))

    def word(self, text: str) -> Word:
        return tuple(1 << self.characters.index(character) for character in text)

    def example(self, bits: int) -> str:
        """Digits before letters before the rest, so that an example looks like a code."""
        return self.characters[(bits & -bits).bit_length() - 1]


@dataclass(slots=True)
class _Node:
    """A state of a pattern: where each set of characters leads, and whether a code may end here."""

    edges: list[tuple[int, "_Node"]] = field(default_factory=list)
    end: bool = False


def _pattern(code_type: CodeType, alphabet: _Alphabet, letters: Mapping[str, set[str]]) -> _Node:
    """The start of an automaton for the code type: one tree of words a part, each joined to the next."""
    start = _Node()
    entries = [start]
    for part in code_type.parts:
        root, ends = _tree(_words(part, code_type, alphabet, letters))
        for entry in entries:
            entry.edges.extend(root.edges)
        entries = ends
    for entry in entries:
        entry.end = True
    return start


def _tree(words: Iterable[Word]) -> tuple[_Node, list[_Node]]:
    """A tree of the words, equal beginnings shared, and the nodes where a word ends. A word has at least one place."""
    root, children, ends = _Node(), dict[tuple[int, int], _Node](), dict[int, _Node]()
    for word in words:
        node = root
        for bits in word[:-1]:
            node = _child(node, bits, children)
        if isinstance(word, Growing):
            # A node of its own: its loop must not let the words grow that share its beginning.
            last = _Node()
            last.edges.append((word[-1], last))
            node.edges.append((word[-1], last))
        else:
            last = _child(node, word[-1], children)
        ends[id(last)] = last
    return root, list(ends.values())


def _child(node: _Node, bits: int, children: dict[tuple[int, int], _Node]) -> _Node:
    child = children.get((id(node), bits))
    if child is None:
        child = children[id(node), bits] = _Node()
        node.edges.append((bits, child))
    return child


def _words(part: CodePart, code_type: CodeType, alphabet: _Alphabet, letters: Mapping[str, set[str]]) -> list[Word]:
    """Every value that a part may show."""
    length, fill, digit = part.length, part.fill, alphabet.set(DIGITS)
    match part.field:
        case "number":
            return _filled(_numbers(code_type.start_number, length, alphabet), part, alphabet)
        case "letters":
            return _letters(code_type, length, alphabet)
        case "insert_day" | "expiry_day":
            values = [alphabet.word(f"{day:02d}") for day in range(1, 32)]
        case "insert_month" | "expiry_month":
            values = [alphabet.word(f"{month:02d}") for month in range(1, 13)]
        case "insert_year" | "expiry_year":
            values = [(digit,) * 4]
        case "year_letter" | "month_letter":
            values = [alphabet.word(letter) for letter in sorted(letters[part.field]) if letter]
        case name if length is None and name not in TEXT_LENGTHS:
            return [Growing((alphabet.any,))]
        case name:
            most = min(TEXT_LENGTHS.get(name, CODE_LENGTH_MAX), length or CODE_LENGTH_MAX)
            values = [(alphabet.any,) * count for count in range(1, most + 1)]
    if length is not None:
        dated = part.field in DATE_WIDTHS
        values = [word[-length:] if dated else word[:length] for word in values]
    words = _filled(values, part, alphabet)
    if length and fill and not part.field.startswith("insert_"):
        words.append(alphabet.word(fill * length))
    return words


def _filled(words: list[Word], part: CodePart, alphabet: _Alphabet) -> list[Word]:
    if not (part.length and part.fill):
        return words
    filled = alphabet.set(part.fill)
    return [(filled,) * (part.length - len(word)) + word for word in words]


def _numbers(start: int, length: int | None, alphabet: _Alphabet) -> list[Word]:
    """Numbers from `start` with at most `length` digits, without leading zeros."""
    first, digit, shortest = alphabet.set(DIGITS[1:]), alphabet.set(DIGITS), str(start)
    words = _from(shortest, DIGITS, alphabet)
    if length is None:
        return [*words, Growing((first, *(digit,) * len(shortest)))]
    return words + [(first, *(digit,) * (count - 1)) for count in range(len(shortest) + 1, length + 1)]


def _letters(code_type: CodeType, length: int | None, alphabet: _Alphabet) -> list[Word]:
    """Letters from the start letters on; only these where a number without a length never lets them advance."""
    start = code_type.start_letters.rjust(length or 0, "A")
    if any(part.field == "number" and part.length is None for part in code_type.parts):
        return [alphabet.word(start)]
    letter = alphabet.set(LETTERS)
    words = _from(start, LETTERS, alphabet)
    return words if length is not None else [*words, Growing((letter,) * (len(start) + 1))]


def _from(start: str, order: str, alphabet: _Alphabet) -> list[Word]:
    """Texts as long as `start`, equal to it or after it in `order`."""
    whole, words = alphabet.set(order), [alphabet.word(start)]
    for place, character in enumerate(start):
        after = order[order.index(character) + 1 :]
        if after:
            rest = (whole,) * (len(start) - place - 1)
            words.append((*alphabet.word(start[:place]), alphabet.set(after), *rest))
    return words


def _shortest_common(one: _Node, other: _Node, alphabet: _Alphabet) -> str | None:
    """Breadth first over pairs of states: the first pair at which both may end spells a shortest common code."""
    queue, seen = deque([(one, other, "")]), {(id(one), id(other))}
    while queue:
        left, right, code = queue.popleft()
        if left.end and right.end:
            return code
        if len(code) == CODE_LENGTH_MAX:
            continue
        for bits, left_next in left.edges:
            for more, right_next in right.edges:
                if bits & more and (id(left_next), id(right_next)) not in seen:
                    seen.add((id(left_next), id(right_next)))
                    queue.append((left_next, right_next, code + alphabet.example(bits & more)))
    return None
