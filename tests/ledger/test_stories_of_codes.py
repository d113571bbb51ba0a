"""What people run into with generated codes: told through `lotstream simulate`, and by two workers at once."""

from processors.cli.wiring import ledger
from processors.contract.json_form import from_json
from processors.contract.manifest import MASTER_RECORDS
from processors.domain.movement import Movement
from tests.ledger.user_company import Line, Told, code_type, company, item, movement, reversal
from tests.runtime.world import CODEC, Worker, World

RUN = code_type("lot", "RUN", ("number", 6))
FORTY = [item(f"I{n:02d}", lot_managed=True, lot_code_type="RUN") for n in range(40)]
RECORDS = {record.__name__: record for record in MASTER_RECORDS}


def two_lots_each(times: int) -> list[Line]:
    lots = [{"quantity": "1"}, {"quantity": "1"}]
    return [movement(f"m{n}", f"I{n % 40:02d}", "PRD", "2", "2026-03-10", lots=lots) for n in range(40 * times)]


def test_a_company_wide_counter_gives_each_of_forty_items_codes_of_its_own_without_a_gap() -> None:
    told = Told(*company(RUN, *FORTY, lot_code_scope="company"), *two_lots_each(2))

    codes = [lot["lot_code"] for reply in told.replies() for lot in reply["lots"]]
    assert sorted(codes) == [f"{n:06d}" for n in range(160)]
    rows = told.register("counter-register").values()
    assert len(rows) > 5
    assert sum(row["assigned"] for row in rows) == 160


def at_work(workers: list[Worker]) -> None:
    """Turn and turn about until neither has anything left."""
    while sum(worker.loop.turn(0) for worker in workers):
        pass


def test_forty_items_may_use_it_at_once_on_several_partitions_and_workers() -> None:
    world = World(lambda: ledger(CODEC, 50_000))
    workers = [world.worker(f"ledger-{n}") for n in range(2)]
    for line in company(RUN, *FORTY, lot_code_scope="company"):
        world.send(from_json(RECORDS[line["record"]], line["value"]), "master-data")
    at_work(workers)
    for line in two_lots_each(5):
        world.send(from_json(Movement, line["value"]))
    at_work(workers)

    replies = world.replies()
    codes = [lot.lot_code for reply in replies for lot in reply.lots]
    assert [reply.status for reply in replies] == ["done"] * 200
    assert len(set(codes)) == len(codes) == 400
    assert sorted(codes) == [f"{n:06d}" for n in range(400)]
    assert len({record.partition for record in world.broker.records("counter-register")}) == 4


def test_a_code_type_whose_root_holds_the_year_begins_anew_at_midnight_of_the_company() -> None:
    year = code_type("lot", "YEAR", ("insert_year", 2), ("number", 3), root=["insert_year"], fill_gaps=True)
    jam = item("JAM", lot_managed=True, lot_code_type="YEAR")
    moments = ["2026-12-31T22:30:00Z", "2026-12-31T22:59:59Z", "2026-12-31T23:00:00Z", "2027-01-01T08:00:00Z"]
    made = [movement(f"m{n}", "JAM", "PRD", "1", "2026-12-31", time=time) for n, time in enumerate(moments)]
    told = Told(
        *company(year, jam, open_to="2027-12-31"),
        *made,
        reversal("undo", "JAM", "m0", "2027-01-02"),
        movement("new", "JAM", "PRD", "1", "2027-01-02"),
        made[0],
    )

    assert told.answers() == ["done", "done", "done", "done", "done", "done", "duplicate"]
    codes = [lot["lot_code"] for reply in told.replies() for lot in reply["lots"]]
    assert codes == ["26000", "26001", "27000", "27001", "26000", "27002", "26000"]
    counters = {
        row["root_key"]: (row["next_ordinal"], row["free"]) for row in told.register("counter-register").values()
    }
    assert counters == {"2026": (2, "0"), "2027": (3, "")}


def test_variants_that_share_a_lot_code_are_two_lots() -> None:
    shirt = item("SHIRT", lot_managed=True, withdrawal_policy="fifo",
                 variants=[{"variant": it, "description": it} for it in ("RED", "BLUE")])  # fmt: skip
    invoice = {"document_type": "sales_invoice", "document_number": "1"}

    def moved(movement_id: str, template: str, amount: str, **fields: str) -> Line:
        lots = [{"lot_code": "L1", "quantity": amount}]
        return movement(movement_id, "SHIRT", template, amount, "2026-03-10", lots=lots, **invoice, **fields)

    told = Told(
        *company(shirt),
        moved("red", "PRD", "5", variant="RED"),
        moved("blue", "PRD", "7", variant="BLUE"),
        moved("too many", "SAL", "6", variant="RED"),
        moved("sold", "SAL", "6", variant="BLUE"),
        moved("which", "SAL", "1"),
    )

    assert told.answers() == ["done", "done", "stock-insufficient", "done", "lot-unknown"]
    assert told.why("which") == ["item 'SHIRT' without a variant has no lot 'L1'; load it first"]
    assert {key: row["stock"] for key, row in told.register("lot-register").items()} == {
        "FG|SHIRT|RED|L1": "5", "FG|SHIRT|BLUE|L1": "1",
    }  # fmt: skip


def test_all_reasons_are_told_though_a_code_is_claimed_in_the_same_batch() -> None:
    plates = code_type("serial", "PLATE", ("number", 4), scope="company")
    both = {"unit": "PC", "lot_managed": True, "serial_managed": True, "serial_code_type": "PLATE"}
    items = [item("SAW", unit="PC", serial_managed=True, serial_code_type="PLATE"), item("TYRE", **both),
             item("MILK", lot_managed=True)]  # fmt: skip
    world = World(lambda: ledger(CODEC, 50_000))
    world.counts = dict.fromkeys(world.counts, 1)
    world.broker = type(world.broker)(world.counts)
    worker = world.worker()
    for line in company(plates, *items, lot_code_scope="company"):
        world.send(from_json(RECORDS[line["record"]], line["value"]), "master-data")
    worker.work()
    serials = {"serials": ["H4"]}
    world.send(from_json(Movement, movement("m1", "SAW", "PRD", "1", "2026-03-10", **serials)["value"]))
    worker.work()
    x6 = {"lot_code": "X6", "quantity": "1"}
    for line in (
        movement("m2", "MILK", "PRD", "1", "2026-03-10", lots=[x6]),
        movement("m3", "TYRE", "PRD", "1", "2026-03-10", lots=[{"lot_code": "X7", "quantity": "1"} | serials]),
        movement("m4", "TYRE", "PRD", "1", "2026-03-10", lots=[x6 | serials]),
    ):
        world.send(from_json(Movement, line["value"]))
    worker.work()

    answers = [[reason.code for reason in reply.reasons] for reply in world.replies()]
    assert answers == [[], [], ["serial-in-stock"], ["lot-exists", "serial-in-stock"]]
