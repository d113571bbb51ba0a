"""What is typed or scanned at `lotstream count`: each line one read, with the fields that it says."""

import pytest

from processors.cli.count_reads import Read, typed

GS = "\x1d"
LINK = "https://example.com/01/04006381333931?17=261231"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("4006381333931\n", Read("read", {"barcode": "4006381333931"})),
        (" Lot-ING-FLOUR-A 1 \r\n", Read("read", {"barcode": "Lot-ING-FLOUR-A 1"})),
        (f"]C110A{GS}21B{GS}\n", Read("read", {"barcode": f"]C110A{GS}21B{GS}"})),
        (LINK, Read("read", {"barcode": LINK})),
        ("\n", Read("confirm")),
        ("+\n", Read("confirm")),
        ("+ qty=3 lot=L1\n", Read("confirm", {"quantity": 3_000_000, "lot": "L1"})),
        ("+ =2.5\n", Read("confirm", {"quantity": 2_500_000})),
        ("+ 4006381333931\n", Read("confirm", {"barcode": "4006381333931"})),
        ("=12\n", Read("read", {"quantity": 12_000_000})),
        ("=0\n", Read("read", {"quantity": 0})),
        ("a\n", Read("answer", {"answer": "add"})),
        ("r\n", Read("answer", {"answer": "replace"})),
        ("x\n", Read("cancel")),
        ("item=ING|FLOUR loc=R-01", Read("read", {"item_class": "ING", "item_code": "FLOUR", "location": "R-01"})),
        (r"item=ING|A\|B unit=BAG", Read("read", {"item_class": "ING", "item_code": "A|B", "unit": "BAG"})),
        ("serial=\"A 1\" quantity=1", Read("read", {"serial": "A 1", "quantity": 1_000_000})),
        ("?", "help"),
        ("q", "quit"),
    ],
)  # fmt: skip
def test_a_line_is_a_barcode_fields_or_a_key(line: str, read: object) -> None:
    assert typed(line) == read


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("item=FLOUR", "expected item=CLASS|CODE, got item=FLOUR"),
        ("item=A|B|C", "expected item=CLASS|CODE"),
        ("qty=many", "expected a decimal such as 12.5, got 'many'"),
        ("lot=A colour=red", "got 'colour=red'; ? helps"),
        ('lot="A', "expected a second quote"),
        ("=1.2.3", "expected a decimal"),
    ],
)
def test_what_is_typed_wrong_is_told_and_not_sent(line: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as wrong:
        typed(line)
    assert told in str(wrong.value)
