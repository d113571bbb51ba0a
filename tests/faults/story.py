"""A small history by hand, sound in every respect, for tests of the checker to break in one place."""

import zlib
from typing import Any

from tests.faults.checker.history import Expected, History, Record, Value, key_of
from tests.faults.checker.partitions import partition_of

PIECE = 1_000_000
PARTITIONS = 2
TIME_MS = 1_790_000_000_000
LOT_ITEM, SERIAL_ITEM = ("LOT", "flour"), ("SER", "pump")
REGISTERS = ("stock-register", "lot-register", "serial-register", "counter-register")


class Story:
    """Two generated lots (one unloaded in part), a typed lot between them, two generated serials (one unloaded), a
    duplicate, a reused id, a refusal and poison; in one item-wide counter each.
    """

    def __init__(self) -> None:
        self.history = History(PARTITIONS)
        self.history.records = {topic: [] for topic in ("movements", "replies", "postings", "register-history")}
        self.history.records |= {"master-data": [], "movements.dead-letters": [], "master-data.dead-letters": []}
        self.history.rows = {topic: {} for topic in (*REGISTERS, "master-register")}
        self._offsets: dict[tuple[str, int], int] = {}
        self._stock: dict[tuple[str, ...], int] = {}
        self._master()
        self._tell()
        self._settle()

    def record(self, topic: str, number: int = 0) -> Record:
        """The `number`-th record of a topic."""
        return self.history.records[topic][number]

    def value(self, topic: str, number: int = 0) -> Value:
        value = self.record(topic, number).value
        assert value is not None, f"record {number} of {topic} has a value"
        return value

    def row(self, topic: str, *parts: str) -> Value:
        """The row of a register at the key of `parts`."""
        value = self.history.rows[topic][key_of(*parts).encode()].value
        assert value is not None, "rows have values"
        return value

    # what happened

    def _tell(self) -> None:
        self.load(LOT_ITEM, "M1", 5, [("LOT000000", 0)])
        self.load(LOT_ITEM, "M2", 3, [("LOT000001", None)])
        self.load(LOT_ITEM, "M3", 2, [("LOT000002", 2)])
        self.unload(LOT_ITEM, "M4", 4, "LOT000000", ())
        self.load(SERIAL_ITEM, "M5", 2, [], ("SER000000", "SER000001"))
        self.unload(SERIAL_ITEM, "M6", 1, None, ("SER000000",))
        self.again("M1", 0)
        self.refuse(LOT_ITEM, "M1", "movement-id-reused", notes="other")
        self.refuse(LOT_ITEM, "M7", "template-unknown", template="?")
        self.poison()

    def load(
        self, item: tuple[str, str], id: str, pieces: int, lots: list[tuple[str, int | None]], serials: Any = ()
    ) -> None:
        named = [{"lot_code": code, "quantity": pieces * PIECE, "serials": []} for code, n in lots if n is None]
        source = self.movement(item, id, pieces, template="L", lots=named)
        reply_lots: list[Value] = [
            {
                "lot_code": code,
                "quantity": pieces * PIECE,
                "generated": ordinal is not None,
                "ordinal": ordinal,
                "serials": [],
            }
            for code, ordinal in lots
        ]
        self.reply(source, "done", reply_lots, serials)
        lot = lots[0][0] if lots else None
        self.post(source, item, id, pieces, lot, serials)
        if lot is not None:
            self._lot_row(item, lot, pieces, lots[0][1])
        for ordinal, serial in enumerate(serials):
            self._serial_row(item, serial, ordinal)

    def unload(self, item: tuple[str, str], id: str, pieces: int, lot: str | None, serials: Any) -> None:
        lots = [{"lot_code": lot, "quantity": pieces * PIECE, "serials": []}] if lot else []
        source = self.movement(item, id, pieces, template="U", lots=lots, serials=[] if lot else list(serials))
        told = [{**lots[0], "generated": False, "ordinal": None}] if lots else []
        self.reply(source, "done", told, serials)
        self.post(source, item, id, -pieces, lot, serials)
        if lot is not None:
            row = self.row("lot-register", *item, "", lot)
            row["unloaded"] += pieces * PIECE
            row["stock"] -= pieces * PIECE
        for serial in serials:
            self.row("serial-register", *item, "", "", serial).update(state="out", warehouse=None)

    def again(self, id: str, number: int) -> None:
        """The same movement once more."""
        first = self.record("movements", number)
        copy = self.append("movements", first.partition, first.key, dict(first.value or {}))
        answer = self.value("replies", number)
        self.reply(copy, "duplicate", answer["lots"], answer["serials"])
        self.history.expected[copy.place] = Expected("duplicate", None, ("LOT000000",), ())

    def refuse(self, item: tuple[str, str], id: str, code: str, **values: Any) -> None:
        source = self.movement(item, id, 1, **{"template": "L", **values})
        self.reply(source, "refused", [], (), code)
        self.dead_letter(source, code)

    def poison(self) -> None:
        source = self.append("movements", 0, b"LOT|flour", None)
        source.raw = b"\1poison"
        self.dead_letter(source, "message-undecodable")

    # records

    def append(self, topic: str, partition: int, key: bytes | None, value: Value | None, **headers: bytes) -> Record:
        offset = self._offsets.get((topic, partition), 0)
        self._offsets[topic, partition] = offset + 1
        raw = None if value is None else repr(value).encode()
        record = Record(topic, partition, offset, TIME_MS + offset, key, value, raw, headers)
        self.history.records.setdefault(topic, []).append(record)
        return record

    def movement(self, item: tuple[str, str], id: str, pieces: int, **values: Any) -> Record:
        key = key_of(*item).encode()
        value = {
            "movement_id": id,
            "action": "post",
            "warehouse": "W",
            "quantity": pieces * PIECE,
            "unit": None,
            "item_class": item[0],
            "item_code": item[1],
            "variant": None,
            "lots": [],
            "serials": [],
            **values,
        }
        return self.append("movements", partition_of(key, PARTITIONS), key, value)

    def reply(self, source: Record, status: str, lots: Any, serials: Any, code: str = "") -> Record:
        value = {
            "request_id": (source.value or {})["movement_id"],
            "status": status,
            "reasons": [{"code": code}] if code else [],
            "lots": lots,
            "serials": list(serials),
            "stock_after": None,
            "movement_ids": [],
        }
        return self.follow("replies", source, value, 0)

    def follow(self, topic: str, source: Record, value: Value, number: int) -> Record:
        """An output of an input."""
        record = self.append(topic, source.partition, b"key", value)
        record.headers = {"ce_id": f"{source.topic}/{source.partition}/{source.offset}/{number}".encode()}
        return record

    def dead_letter(self, source: Record, code: str) -> Record:
        letter = self.append("movements.dead-letters", 0, source.key, source.value)
        letter.raw, letter.time_ms = source.raw, source.time_ms
        letter.headers = {
            "error-code": code.encode(),
            "__streams.errors.topic": b"movements",
            "__streams.errors.partition": str(source.partition).encode(),
            "__streams.errors.offset": str(source.offset).encode(),
        }
        return letter

    def post(self, source: Record, item: tuple[str, str], id: str, pieces: int, lot: str | None, serials: Any) -> None:
        place = (*item, "", "W", "", lot or "")
        self._stock[place] = self._stock.get(place, 0) + pieces * PIECE
        value = {
            "entry_id": f"{id}|1",
            "quantity": pieces * PIECE,
            "stock_after": self._stock[place],
            "offset": False,
            **_at(item, lot),
        }
        self.follow("postings", source, value, 1)
        row = self.history.rows["stock-register"].get(key_of(*place).encode())
        if row is None:
            row = self._row("stock-register", place, {**_at(item, lot), "loaded": 0, "unloaded": 0, "stock": 0})
        found = row.value or {}
        found["loaded" if pieces > 0 else "unloaded"] += abs(pieces) * PIECE
        found["stock"] += pieces * PIECE
        for number, code in enumerate([None, *serials] if lot else serials):
            entry = {
                "entry_id": f"{id}|{number}",
                "register": "lot" if code is None else "serial",
                "serial_code": code,
                "direction": "load" if pieces > 0 else "unload",
                **_at(item, lot),
            }
            self.follow("register-history", source, entry, number + 2)

    # rows

    def _row(self, topic: str, parts: tuple[str, ...], value: Value) -> Record:
        key = key_of(*parts).encode()
        partition = partition_of(key_of(*parts[:2]).encode(), PARTITIONS)
        offset = self._offsets.get((topic, partition), 0)
        self._offsets[topic, partition] = offset + 1
        record = self.history.rows[topic][key] = Record(topic, partition, offset, TIME_MS, key, value)
        return record

    def _lot_row(self, item: tuple[str, str], lot: str, pieces: int, ordinal: int | None) -> None:
        value = {
            **_at(item, lot),
            "variant": "",
            "code_type": "LT",
            "lot_type": None,
            "ordinal": ordinal,
            "supplier_lot": None,
            "initial_quantity": pieces * PIECE,
            "loaded": pieces * PIECE,
            "unloaded": 0,
            "stock": pieces * PIECE,
            "created_at": TIME_MS,
        }
        self._row("lot-register", (*item, "", lot), value)

    def _serial_row(self, item: tuple[str, str], serial: str, ordinal: int | None) -> None:
        value = {
            **_at(item, None),
            "variant": "",
            "serial_code": serial,
            "serial_code_type": "ST",
            "ordinal": ordinal,
            "state": "in_stock",
            "created_at": TIME_MS,
        }
        self._row("serial-register", (*item, "", "", serial), value)

    def _settle(self) -> None:
        """Counters, and what a reader, the stores and the group have, as they are behind all this."""
        self.counter("lot", "LT", LOT_ITEM, next_ordinal=3, assigned=2, skipped=1)
        self.counter("serial", "ST", SERIAL_ITEM, next_ordinal=2, assigned=2, skipped=0)
        history = self.history
        for rows in history.rows.values():
            for record in rows.values():
                record.raw = repr(record.value).encode()
        history.store = {
            topic: {key: record.raw or b"" for key, record in history.rows[topic].items()} for topic in REGISTERS
        }
        everything = [record for records in history.records.values() for record in records]
        everything += [record for topic in REGISTERS for record in history.rows[topic].values()]
        history.digests = {record.place: zlib.crc32(record.raw or b"") for record in everything}
        history.seen = dict(list(history.digests.items())[::2])
        history.committed = {
            place: offset for place, offset in self._offsets.items() if place[0] in ("movements", "master-data")
        }

    def counter(self, kind: str, code_type: str, item: tuple[str, str], **values: int) -> None:
        partition = partition_of(key_of(*item).encode(), PARTITIONS)
        value = {
            "code_type": code_type,
            "kind": kind,
            "scope": "item",
            "item_class": item[0],
            "item_code": item[1],
            "variant": None,
            "root_key": "",
            "partition": partition,
            "free": "",
            **values,
        }
        key = key_of(kind, code_type, *item).encode()
        self.history.rows["counter-register"][key] = Record(
            "counter-register", partition, len(self.history.rows["counter-register"]), TIME_MS, key, value
        )

    def _master(self) -> None:
        parts = [{"field": "item_class", "length": None, "fill": None}, {"field": "number", "length": 6, "fill": "0"}]
        rule = {
            "fill_gaps": False,
            "start_number": 0,
            "start_letters": "A",
            "parts": parts,
            "root": [],
            "scope": "item",
        }
        self.master("company", {"lot_code_scope": "item", "allow_negative_stock": False}, "company")
        self.master("warehouse", {"allow_negative_stock": False}, "W")
        self.master("template", {"direction": "load", "offset_template": None}, "W", "L")
        self.master("template", {"direction": "unload", "offset_template": None}, "W", "U")
        self.master("code_type", rule, "lot", "LT")
        self.master("code_type", rule, "serial", "ST")
        for item, serials in ((LOT_ITEM, False), (SERIAL_ITEM, True), (("SER", "motor"), True)):
            fields = dict.fromkeys(("characteristic", "product_category", "item_type"))
            value = {"item_class": item[0], "item_code": item[1], "serial_managed": serials, **fields}
            self.master("item", {**value, "serial_code_type": "ST", "alternative_units": []}, *item)

    def master(self, kind: str, value: Value, *id: str) -> None:
        key = key_of(kind, *id).encode()
        source = self.append("master-data", 0, key, value)
        accepted = self.follow("master-register", source, value, 0)
        self.history.rows["master-register"][key] = accepted


def _at(item: tuple[str, str], lot: str | None) -> Value:
    names = {"item_class": item[0], "item_code": item[1], "variant": None}
    return {**names, "warehouse": "W", "location": None, "lot_code": lot}
