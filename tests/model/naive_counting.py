"""Counts once more, as plainly as they can be told: lists, reads, and what the ledger makes of counted lines.

Written from `domain.md` §9 and §10 and `architecture.md` §6. A book is a sum over all postings up to a moment; a
correction is posted where the rule says so, and nothing is kept that could be summed up instead. Inputs are the JSON
forms of `counts` and `scans`; decimals are fractions, moments milliseconds UTC. Only what the stories of counts tell is
understood: typed reads, in the management unit.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.model.naive_codes import Form
from tests.model.naive_events import happened, millis
from tests.model.naive_late import CountedLedger, Key, Row

PENDING = ("counted", "recount", "approval", "refused")
MINUTE = 60_000


class NaiveCounting:
    """All inventories, lists and lines; the ledger beside them, which settles what was counted."""

    def __init__(self) -> None:
        self.ledger = CountedLedger()
        self.inventories: dict[str, Form] = {}
        self.lists: dict[str, Form] = {}
        self.types: dict[str, Form] = {}
        self.sessions: dict[str, Form] = {}
        """By device: each of the stories' has one list and operator."""
        self.scans: dict[str, tuple[str, str | None]] = {}
        """Scan id → status and code of the answer."""
        self.commands: set[str] = set()

    @property
    def lines(self) -> list[Form]:
        return self.ledger.positions

    def take(self, topic: str, value: Form, now: datetime, record: str = "") -> Any:
        """One input with all that follows from it. Of a read: status and code; of a command: its codes."""
        match topic:
            case "master-data" if record == "ListType":
                self.types[value["code"]] = value
            case "scans":
                return self._scan(value, now)
            case "counts":
                return self._command(value, now)
            case _:
                return self.ledger.take({"topic": topic, "record": record, "value": value, "time": now.isoformat()})
        return None

    # Commands

    def _command(self, c: Form, now: datetime) -> tuple[str, ...]:
        if c["command_id"] in self.commands:
            return ()
        codes = getattr(self, "_" + c["action"])(c, now)
        if not codes:
            self.commands.add(c["command_id"])
            self._close_what_is_done()
        return tuple(codes)

    def _open_inventory(self, c: Form, now: datetime) -> list[str]:
        self.inventories[c["inventory"]] = {"state": "open"}
        return []

    def _open_list(self, c: Form, now: datetime) -> list[str]:
        if c["inventory"] not in self.inventories:
            return ["inventory-unknown"]
        if self.inventories[c["inventory"]]["state"] == "closed":
            return ["inventory-closed"]
        warehouse = self.ledger.warehouses[c["warehouse"]]
        if not (warehouse["adjustment_load_template"] and warehouse["adjustment_unload_template"]):
            return ["template-missing"]
        self.lists[c["list"]] = {
            "inventory": c["inventory"], "list": c["list"], "type": self.types[c["list_type"]], "state": "open",
            "warehouse": c["warehouse"], "locations": c["locations"], "opened": millis(now), "closed": None,
            "until": self._end_of(c["as_of"]) if c.get("as_of") else None, "settled": False,
        }  # fmt: skip
        return []

    def _end_of(self, day: str) -> int:
        zone = ZoneInfo(self.ledger.company.get("time_zone", "UTC"))
        after = date.fromisoformat(day) + timedelta(1)
        return millis(datetime(after.year, after.month, after.day, tzinfo=zone)) - 1

    def _close_list(self, c: Form, now: datetime) -> list[str]:
        it = self.lists.get(c["list"])
        if it is None:
            return ["list-unknown"]
        if it["state"] in ("closed", "cancelled"):
            return ["list-not-open"]
        if it["state"] == "closing":
            return []
        if it["state"] == "reviewing":
            self._settle_lines(it)  # (choice) what nobody read is looked for once
            return []
        it.update(state="closing", closed=millis(now))
        self._settle_what_waits()
        return []

    def _settle_what_waits(self) -> None:
        """Lists that take what nobody read for gone wait for all lists of the inventory in their warehouse."""
        for it in sorted(self.lists.values(), key=lambda it: str(it["list"])):
            sisters = [other for other in self.lists.values() if other["inventory"] == it["inventory"]
                       and other["warehouse"] == it["warehouse"]]  # fmt: skip
            open_ = any(other["state"] in ("open", "counting") for other in sisters)
            if it["state"] == "closing" and not it["settled"] and not (self._is_zero(it) and open_):
                it["settled"] = True
                self._settle(it)

    def _is_zero(self, it: Form) -> bool:
        return bool(it["type"].get("uncounted") == "zero")

    def _cancel_list(self, c: Form, now: datetime) -> list[str]:
        it = self.lists.get(c["list"])
        if it is None:
            return ["list-unknown"]
        if it["state"] in ("closed", "cancelled"):
            return ["list-not-open"]
        it["state"] = "cancelled"
        for line in self._of(it):
            if line["state"] in PENDING:
                line["state"] = "cancelled"
        self._settle_what_waits()
        return []

    def _line(self, c: Form) -> tuple[Form, Form] | None:
        it = self.lists.get(c["list"])
        of = [line for line in self._of(it) if line["goods"] == c["goods"]] if it else []
        return (it, of[0]) if it and of else None

    def _recount_line(self, c: Form, now: datetime) -> list[str]:
        found = self._line(c)
        if found is None:
            return ["line-unknown"]
        found[1]["state"] = "recount"
        return []

    def _reject_line(self, c: Form, now: datetime) -> list[str]:
        found = self._line(c)
        if found is None:
            return ["line-unknown"]
        found[1]["state"] = "rejected"
        return []

    def _approve_line(self, c: Form, now: datetime) -> list[str]:
        found = self._line(c)
        if found is None:
            return ["line-unknown"]
        it, line = found
        named = None if c.get("difference") is None else Fraction(c["difference"])
        if c.get("revision") != line["revision"] or (named != line["difference"] and line["state"] != "refused"):
            return ["line-changed"]
        line["approved"] = named
        self.ledger.settle(line, it)
        return []

    def _close_what_is_done(self) -> None:
        for it in self.lists.values():
            if it["state"] in ("closing", "reviewing") and it["settled"]:
                pending = any(line["state"] in PENDING for line in self._of(it))
                it["state"] = "reviewing" if pending else "closed"

    def _settle(self, it: Form) -> None:
        """Lines that wait; then what nobody read of the places that were gone through, and of all places."""
        self._settle_lines(it)
        held = [line for line in self.lines if line["inventory"] == it["inventory"] and line["state"] != "cancelled"
                and line["made"] == "count"]  # fmt: skip
        groups: dict[Row, list[Form]] = {}
        for line in self._of(it):
            if line["serial"] and line["made"] == "count" and line["state"] != "rejected":
                groups.setdefault(line["row"], []).append(line)
        for row, read in groups.items():
            first, last = min(line["from"] for line in read), max(line["moment"] for line in read)
            self.ledger.groups.append({"row": row, "first": first, "last": last, "inventory": it["inventory"],
                                       "list": it["list"],
                                       "compensate": it["type"].get("compensate_late", True)})  # fmt: skip
            for serial in self.ledger.standing(row, first, last):
                if (row[:3], row[5], serial) not in [_piece(line) for line in held]:
                    self._make(it, "missing", row, serial, first, last, Fraction(0))
        if self._is_zero(it):
            self._zero(it, held)

    def _settle_lines(self, it: Form) -> None:
        for line in self._of(it):
            if line["state"] in PENDING:
                self.ledger.settle(line, it)

    def _zero(self, it: Form, held: list[Form]) -> None:
        opened, closed = it["opened"], it["closed"]
        self.ledger.passed.append({**{name: it[name] for name in ("inventory", "list", "warehouse", "locations")},
                                   "first": opened, "last": closed,
                                   "compensate": it["type"].get("compensate_late", True)})  # fmt: skip
        for row in self.ledger.rows():
            if row[3] != it["warehouse"] or (it["locations"] and row[4] not in it["locations"]):
                continue
            if self.ledger.items[row[:2]]["serial_managed"]:
                for serial in self.ledger.standing(row, opened, closed):
                    if (row[:3], row[5], serial) not in [_piece(line) for line in held]:
                        self._make(it, "zero", row, serial, opened, closed, Fraction(0))
            elif row not in [line["row"] for line in held]:
                removed = self.ledger.lowest(row, opened, closed)
                # What another inventory has counted meanwhile somebody has seen.
                seen = any(opened <= line["moment"] <= closed for line in self.ledger.settled() if line["row"] == row)
                if removed > 0 and not seen:
                    book = self.ledger.book(row, closed)
                    self._make(it, "zero", row, None, opened, closed, book - removed, removed)

    def _make(
        self,
        it: Form,
        made: str,
        row: Row,
        serial: str | None,
        first: int,
        last: int,
        counted: Fraction,
        removed: Fraction = Fraction(0),
    ) -> None:
        line = _line(it, made, row, serial, counted, first, last, last)
        line.update(removed=removed, unread=it["closed"])
        known = any(other["goods"] == line["goods"] for other in self._of(it))
        newer = serial is not None and self.ledger.later_of_piece((*row[:2], row[2] or "", row[5], serial), row, first)
        if not known and not newer:
            self.lines.append(line)
            self.ledger.settle(line, it)

    def _of(self, it: Form) -> list[Form]:
        return [line for line in self.lines if line["list"] == it["list"]]

    # Reads

    def _scan(self, s: Form, now: datetime) -> tuple[str, str | None]:
        if s["scan_id"] in self.scans:
            return self.scans[s["scan_id"]]
        answer = self._read(s, now)
        if answer[0] != "refused":
            self.scans[s["scan_id"]] = answer
        return answer

    def _read(self, s: Form, now: datetime) -> tuple[str, str | None]:
        it = self.lists.get(s["list"])
        if it is None:
            return "refused", "list-unknown"
        if it["state"] not in ("open", "counting", "closing", "reviewing"):
            return "refused", "list-not-open"
        at = millis(datetime.fromisoformat(s["scanned_at"])) + millis(now)
        at -= millis(datetime.fromisoformat(s["sent_at"]))
        session = self.sessions.get(s["device"], {})
        if s["action"] == "answer":
            asked = session.get("asked")
            if asked is None or asked["scan"] != s["answers"]:
                return "refused", "field-invalid"
            line = asked["line"]
            if not self._takes(line):
                return "refused", "list-not-open"
            self._change(line, asked["read"], s["answer"])
            self.sessions[s["device"]] = {**session, "asked": None}
            return "accepted", None
        reviewed = it["state"] in ("closing", "reviewing")
        merged = self._merged(session, s, at)
        if s["action"] == "read":
            if not reviewed:  # (choice) a list under review takes notes too; the stories give it none
                self.sessions[s["device"]] = merged
            return "noted", None
        answer = self._confirm(it, merged, s, reviewed)
        if answer[0] != "refused":
            kept = {"location": merged.get("location")} if it["type"].get("maintain_location") else {}
            self.sessions[s["device"]] = {**kept, "asked": merged.get("asked")}
        return answer

    def _merged(self, session: Form, s: Form, at: int) -> Form:
        merged = dict(session)
        if s.get("item_code"):
            for name in ("lot", "serial", "quantity"):
                merged.pop(name, None)
            merged["item"] = s["item_code"]
        merged |= {name: s[name] for name in ("location", "lot", "serial", "quantity") if name in s}
        merged |= {"from": min(at, session.get("from", at)), "at": max(at, session.get("at", at))}
        return merged

    def _confirm(self, it: Form, session: Form, s: Form, reviewed: bool) -> tuple[str, str | None]:
        lots = self.ledger.items["FG", session["item"]]["lot_managed"]
        row: Row = ("FG", session["item"], None, it["warehouse"], session.get("location"),
                    session.get("lot") if lots else None)  # fmt: skip
        serial = session.get("serial")
        counted = Fraction(session.get("quantity", "1") if serial else session["quantity"])
        line = _line(it, "count", row, serial, counted, session["from"], session["at"], self._moment(it, session["at"]))
        if reviewed:
            wanted = [
                other for other in self._of(it) if other["goods"] == line["goods"] and other["state"] == "recount"
            ]
            if not wanted:
                return "refused", "list-not-open"
            self._change(wanted[0], line, "replace")
            return "accepted", None
        there = [other for other in self.lines if other["inventory"] == it["inventory"] and other["made"] == "count"
                 and other["state"] not in ("rejected", "cancelled")
                 and (_piece(other) == _piece(line) if serial else other["row"] == row)]  # fmt: skip
        if not there:
            it["state"] = "counting"
            self.lines.append(line)
            return "accepted", None
        if serial:
            return "refused", "serial-already-counted"
        if not self._takes(there[0]):
            return "refused", "list-not-open"
        if s.get("answer"):
            self._change(there[0], line, s["answer"])
            return "accepted", None
        session["asked"] = {"scan": s["scan_id"], "line": there[0], "read": line}
        return "ask", "ask-add-or-replace"

    def _moment(self, it: Form, at: int) -> int:
        return at if it["until"] is None else min(at, it["until"])

    def _takes(self, line: Form) -> bool:
        state = self.lists[line["list"]]["state"]
        return state in ("open", "counting") or (state in ("closing", "reviewing") and line["state"] == "recount")

    def _change(self, line: Form, read: Form, answer: str) -> None:
        it = self.lists[line["list"]]
        if answer == "add":
            read = {**read, "counted": read["counted"] + line["counted"], "from": min(read["from"], line["from"]),
                    "at": max(read["at"], line["at"])}  # fmt: skip
        recounted = line["state"] == "recount"
        line.update(counted=read["counted"], at=read["at"], moment=self._moment(it, read["at"]), state="counted",
                    revision=line["revision"] + 1, approved=None, difference=None, book=None)  # fmt: skip
        line.update({"from": read["from"], "made": "count"})
        if recounted:
            line["recounted"] = True
            self.ledger.settle(line, it)
            self._close_what_is_done()


def _line(
    it: Form, made: str, row: Row, serial: str | None, counted: Fraction, first: int, last: int, moment: int
) -> Form:
    return {
        "inventory": it["inventory"], "list": it["list"], "made": made, "row": row, "serial": serial,
        "goods": (row, serial), "counted": counted, "from": first, "at": last, "moment": moment, "state": "counted",
        "revision": 1, "recounted": False, "approved": None, "book": None, "difference": None, "effects": [],
        "moved": False, "removed": Fraction(0), "unread": 0,
        "own": made == "count",
    }  # fmt: skip


def _piece(line: Form) -> tuple[Any, ...]:
    """A piece, wherever it stands."""
    return line["row"][:3], line["row"][5], line["serial"]


__all__ = ["Key", "NaiveCounting", "happened"]
