"""Over random code types: a code leads back to its ordinal, and no two ordinals give one code (domain.md §6)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.domain.code_fields import LOT_FIELDS, SERIAL_FIELDS, CodeFields
from processors.domain.code_progressive import running
from processors.domain.code_type_checks import rule_wrong
from processors.domain.codes import CODE_LENGTH_MAX, compose, invert
from processors.domain.master import CodePart, CodeType, MasterData
from processors.domain.refusals import Reason

TEXT = st.none() | st.text("AZ019-|*. é\n", min_size=0, max_size=6)
DAY = st.none() | st.integers(-10_000, 40_000)
FIELDS = st.builds(
    CodeFields,
    *[TEXT] * 6,
    *[DAY] * 2,
    *[TEXT] * 6,
    year_letters=st.dictionaries(st.integers(1950, 2060), st.sampled_from("ABZ9"), max_size=50),
    month_letters=st.dictionaries(st.integers(1, 12), st.sampled_from("ABZ9"), max_size=12),
)


@st.composite
def code_types(draw: st.DrawFn) -> CodeType:
    """Any code type that the judge lets in: 1 to 5 parts in any order, with a progressive."""
    kind = draw(st.sampled_from(["lot", "serial"]))
    fields = [name for name in (LOT_FIELDS if kind == "lot" else SERIAL_FIELDS) if name not in ("number", "letters")]
    names = draw(st.lists(st.sampled_from(fields), max_size=3))
    names += draw(st.sampled_from([["number"], ["letters"], ["number", "letters"]]))
    parts = []
    for name in draw(st.permutations(names)):
        length = draw(st.none() | st.integers(1, 4))
        fill = draw(st.none() | st.sampled_from("0*A" if name == "number" else "0*A1"))
        parts.append(CodePart(name, length, fill))
    lengths = {part.field: part.length for part in parts}
    start = draw(st.integers(0, 10 ** (lengths.get("number") or 6) - 1))
    letters = draw(st.text("ABYZ", min_size=1, max_size=lengths.get("letters") or 3))
    rule = CodeType(kind, "RND", "", start_number=start, start_letters=letters, parts=tuple(parts))  # type: ignore[arg-type]
    assert rule_wrong(rule, MasterData()) == []
    return rule


def an_ordinal(rule: CodeType, draw: st.DataObject) -> int:
    """Mostly where something happens: the beginning, around the wrap of the number, the end."""
    run = running(rule)
    last = 10**9 if run.capacity is None else run.capacity + 1
    near = st.sampled_from(
        [0, 1, (run.cycle or 26) - 1, run.cycle or 26, (run.cycle or 26) + 1, last - 2, last - 1, last]
    )
    return draw.draw(st.integers(0, last) | near.map(abs))


@settings(max_examples=600, deadline=None)
@given(code_types(), FIELDS, st.data())
def test_a_code_leads_back_to_its_ordinal(rule: CodeType, fields: CodeFields, data: st.DataObject) -> None:
    ordinal = an_ordinal(rule, data)
    code = compose(rule, fields, ordinal)
    if isinstance(code, str):
        assert 1 <= len(code) <= CODE_LENGTH_MAX
        assert invert(rule, fields, code) == ordinal


@settings(max_examples=300, deadline=None)
@given(code_types(), FIELDS, st.data())
def test_no_two_ordinals_give_one_code(rule: CodeType, fields: CodeFields, data: st.DataObject) -> None:
    first = an_ordinal(rule, data)
    made = [compose(rule, fields, ordinal) for ordinal in range(max(0, first - 30), first + 30)]
    codes = [code for code in made if isinstance(code, str)]
    assert len(set(codes)) == len(codes)


@settings(max_examples=300, deadline=None)
@given(code_types(), FIELDS, st.text("ABZ019*-", max_size=8))
def test_a_typed_code_has_an_ordinal_only_if_that_ordinal_gives_it(
    rule: CodeType, fields: CodeFields, code: str
) -> None:
    ordinal = invert(rule, fields, code)
    if isinstance(ordinal, int):
        assert compose(rule, fields, ordinal) == code


@settings(max_examples=200, deadline=None)
@given(code_types(), FIELDS, st.data())
def test_a_progressive_gives_codes_up_to_its_end_and_none_after(
    rule: CodeType, fields: CodeFields, data: st.DataObject
) -> None:
    capacity = running(rule).capacity
    code = compose(rule, fields, an_ordinal(rule, data))
    if capacity is None or (isinstance(code, Reason) and code.code != "progressive-exhausted"):
        return
    after = compose(rule, fields, capacity)
    assert isinstance(after, Reason)
    assert after.code == "progressive-exhausted"
    assert isinstance(compose(rule, fields, capacity - 1), str)
