"""The company of the benchmarks: its master data, and movements that load and unload lots or generate serials."""

from collections.abc import Iterator

from processors.domain import quantity
from processors.domain.calendar import parse_day
from processors.domain.master import CodePart, CodeType, Company, Item, MasterRecord, Template, Warehouse
from processors.domain.movement import Movement, MovementLot

TODAY = parse_day("2026-11-21")
LOTS_AN_ITEM = 5
MOVEMENTS_A_LOT = 3
"""One load of 12, two unloads of 4."""


def lot_item(number: int) -> Item:
    """A lot-managed item; its lot codes are a number of five digits where the movement names none."""
    return Item(
        "FOO", item_code(number), f"Item {number}", (), None, None, None, "KG", (), (), True, False, "fefo",
        lot_code_type="LOT", lot_validity_days=30,
    )  # fmt: skip


def serial_item(number: int) -> Item:
    """A serial-managed item; serials are its code and a number of eight digits."""
    return Item(
        "MAC", item_code(number), f"Machine {number}", (), None, None, None, "PC", (), (), False, True, "manual",
        serial_code_type="SER", serial_generation="auto",
    )  # fmt: skip


def item_code(number: int) -> str:
    return f"I{number:05d}"


def master(items: list[Item]) -> list[MasterRecord]:
    """Everything that movements of these items need, in an order that can be judged."""
    year = parse_day("2026-01-01"), parse_day("2026-12-31")
    return [
        Company(*year),
        CodeType("lot", "LOT", "Lot number", parts=(CodePart("number", 5, "0"),)),
        CodeType("serial", "SER", "Serial number", parts=(CodePart("item_code"), CodePart("number", 8, "0"))),
        Warehouse("W1", "Main"),
        Template("W1", "IN", "Load", "load", lot_management=True, create_serials=True),
        Template("W1", "OUT", "Unload", "unload", lot_management=True),
        *items,
    ]


def lot_movements(items: int, count: int) -> Iterator[Movement]:
    """`count` movements over so many items, item after item in each round: a lot is loaded, then unloaded twice.

    Every fifth lot has a generated code, the others a typed one.
    """
    made = 0
    while True:
        for place in range(LOTS_AN_ITEM * MOVEMENTS_A_LOT):
            lot, step = divmod(place, MOVEMENTS_A_LOT)
            turn = made // (items * LOTS_AN_ITEM * MOVEMENTS_A_LOT)
            generated = lot == 0
            code = f"{turn:05d}" if generated else f"L{turn:04d}-{lot}"
            template, amount = ("IN", 12) if step == 0 else ("OUT", 4)
            for number in range(items):
                if made == count:
                    return
                named = None if generated and step == 0 else code
                yield _movement(
                    f"M{made:08d}", template, "FOO", number, amount, (MovementLot(named, amount * quantity.ONE),)
                )
                made += 1


def serial_load(movement_id: str, number: int, pieces: int) -> Movement:
    """A load of so many pieces of a machine, all of whose serials are generated."""
    return _movement(movement_id, "IN", "MAC", number, pieces, ())


def _movement(
    movement_id: str, template: str, item_class: str, number: int, amount: int, lots: tuple[MovementLot, ...]
) -> Movement:
    unit = "KG" if item_class == "FOO" else "PC"
    return Movement(
        movement_id, "post", None, template, "W1", amount * quantity.ONE, None, item_class, item_code(number), None,
        unit, TODAY, document_type="stock_record", document_number=f"D{movement_id}", document_date=TODAY, lots=lots,
        user="benchmark",
    )  # fmt: skip
