"""Deeds as what is sent: documents of movements, commands and reads, each with the moment at which it arrives.

What somebody reads is what stands there at that moment. Values are in their JSON form (`contract.md` §2).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.model.count_deeds import ITEMS, PLACES, SECOND, list_of
from tests.model.naive_codes import Form
from tests.model.shelves import Shelves, place_of
from tests.model.stories import decimal, moment

START = datetime(2026, 5, 4, 6, tzinfo=UTC)
START_MS = round(START.timestamp() * 1000)
WAREHOUSES = sorted({warehouse for warehouse, _ in PLACES})
LIST_TYPES: tuple[Form, ...] = (
    {"code": "EXACT", "beyond_tolerance": "accept"},
    {"code": "RECOUNT", "tolerance_quantity": "1", "beyond_tolerance": "recount"},
    {"code": "PERCENT", "tolerance_percent": "20", "beyond_tolerance": "approval", "maintain_location": True},
    {"code": "VALUE", "tolerance_value": "7", "tolerance_quantity": "5", "beyond_tolerance": "approval"},
    {"code": "BLIND", "tolerance_percent": "50", "beyond_tolerance": "recount", "blind": True},
    {"code": "REPORT", "beyond_tolerance": "accept", "compensate_late": False},
    {"code": "ZERO", "uncounted": "zero", "beyond_tolerance": "accept"},
    {"code": "ZEROASK", "uncounted": "zero", "tolerance_quantity": "1", "beyond_tolerance": "approval"},
)


def master_data(company: Form) -> Iterator[tuple[str, Form]]:
    """Record and value, in an order in which each finds what it names."""
    day = START.date()
    yield "Company", {"open_from": str(day - timedelta(60)), "open_to": str(day + timedelta(300)),
                      "allow_negative_stock": company["negative"], "time_zone": company["zone"]}  # fmt: skip
    for warehouse in WAREHOUSES:
        yield "Warehouse", warehouse_of(company, warehouse)
    offsets: list[Form] = []
    for warehouse in WAREHOUSES:
        own: list[Form] = [
            {"code": "IN", "direction": "load", "integrate_initial_quantity": True},
            {"code": "NEW", "direction": "load"},
            {"code": "OUT", "direction": "unload"},
            {"code": "CL", "direction": "load", "physical_inventory": True},
            {"code": "CU", "direction": "unload", "physical_inventory": True},
        ]
        for of, location in PLACES:
            if of == warehouse:
                own.append({"code": f"I{location or ''}", "direction": "load", "integrate_initial_quantity": True,
                            "default_location": location})  # fmt: skip
            offsets.append(
                {"warehouse": warehouse, "code": _transfer((of, location)), "direction": "unload",
                 "offset_warehouse": of, "offset_template": f"I{location or ''}"}
            )  # fmt: skip
        for it in own:
            yield "Template", {"warehouse": warehouse, "description": "", "lot_management": True, **it}
    for it in offsets:
        yield "Template", {"description": "", "lot_management": True, **it}
    for it in LIST_TYPES:
        yield "ListType", {"description": "", "uncounted": "ignore", **it}
    for item, (lots, serials) in ITEMS.items():
        yield "Item", {
            "item_class": "FG", "item_code": item, "description": item, "unit": "PC", "lot_managed": lots,
            "serial_managed": serials, "withdrawal_policy": "manual", "serial_generation": "manual",
            "unit_cost": {"SALT": "2", "MILK": "3.5"}.get(item),
        }  # fmt: skip


def warehouse_of(company: Form, warehouse: str, unloads: str | None = "CU") -> Form:
    """`unloads`: the template of adjustments that take out."""
    locations = [{"location": it, "description": ""} for of, it in PLACES if of == warehouse and it]
    return {
        "code": warehouse, "description": "", "allow_negative_stock": company["negative"],
        "check_location_stock": warehouse == "W1" or company["checks"], "locations": locations,
        "adjustment_load_template": "CL", "adjustment_unload_template": unloads,
    }  # fmt: skip


def _transfer(place: Any) -> str:
    warehouse, location = place
    return f"{warehouse[1]}{location or ''}"


def sent(deeds: list[Form], shelves: Shelves) -> list[tuple[int, str, Form]]:
    """Moment of arrival, topic and value of all that is sent, in the order of arrival; `review` is left to the teller.

    Of master data only warehouses change. A review has the topic `review`: somebody looks then at what is to be counted
    again or approved.
    """
    lines: list[tuple[int, str, Form]] = []
    for deed in deeds:
        match deed["do"]:
            case "move":
                lines += _documents(deeds, deed)
            case "inventory" | "list" | "close" | "cancel":
                lines += [(deed["at"], "counts", it) for it in _commands(deeds, deed)]
            case "count":
                lines += [(at, "scans", it) for at, it in _reads(deeds, deed, shelves)]
            case "walk":
                for turn, (item, lot, place) in enumerate(deed["rows"]):
                    read = {"id": f"{deed['id']}-{turn}", "item": item, "lot": lot, "place": place, "mode": "walk",
                            "list": deed["list"], "at": deed["at"] + turn * deed["step"]}  # fmt: skip
                    lines += [(at, "scans", it) for at, it in _reads(deeds, read, shelves)]
            case "break":
                company = next(it for it in deeds if it["do"] == "company")
                for at, template in ((deed["at"], None), (deed["until"], "CU")):
                    lines.append((at, "master-data", warehouse_of(company, deed["warehouse"], template)))
            case "review":
                lines.append((deed["at"], "review", {}))
    return sorted(lines, key=lambda line: line[0])


def _documents(deeds: list[Form], deed: Form) -> Iterator[tuple[int, str, Form]]:
    document = document_of(deeds, deed)
    for at in deed["arrives"]:
        yield at, "movements", document
    if "reversed" in deed:
        yield deed["reversed"], "movements", reversal_of(deed)


def document_of(deeds: list[Form], deed: Form, *, occurred: bool = False) -> Form:
    """The document of a movement. `occurred`: with its moment, whatever its stamp."""
    source, target = deed.get("from"), deed.get("to")
    if source and target:
        template = _transfer(target)
    elif source:
        template = "OUT"
    else:
        template = "NEW" if _is_only_load(deeds, deed) else "IN"
    warehouse, location = source or target or ("", None)
    m: Form = {"movement_id": deed["id"], "action": "post", "item_class": "FG", "item_code": deed["item"],
               "warehouse": warehouse, "template": template, "effective_date": str(local(deeds, deed["at"]).date()),
               "quantity": deed["quantity"]}  # fmt: skip
    if location:
        m["location"] = location
    serials = {"serials": deed["serials"]} if deed.get("serials") else {}
    m |= {"lots": [{"lot_code": deed["lot"], "quantity": deed["quantity"], **serials}]} if deed.get("lot") else serials
    if occurred or deed["stamp"] == "occurred":
        m["occurred_at"] = time(deed["at"])
    return m


def reversal_of(deed: Form) -> Form:
    return {"movement_id": f"{deed['id']}-undone", "action": "reverse", "reverses": deed["id"], "item_class": "FG",
            "item_code": deed["item"], "effective_date": str(START.date())}  # fmt: skip


def _is_only_load(deeds: list[Form], deed: Form) -> bool:
    """Whether nothing else brings goods of the lot, or comes upon some: then the document makes the lot."""
    of = [it for it in deeds if it["do"] in ("move", "drift") and (it["item"], it.get("lot")) == _goods(deed)]
    return deed.get("lot") is not None and sum(it.get("from") is None for it in of) == 1


def _goods(deed: Form) -> tuple[str, str | None]:
    return deed["item"], deed.get("lot")


def _commands(deeds: list[Form], deed: Form) -> Iterator[Form]:
    kind = deed["do"]
    if kind == "inventory":
        yield {"command_id": f"{deed['inventory']}-open", "action": "open_inventory", "inventory": deed["inventory"],
               "by": "boss", "operator": "boss", "date": str(START.date()), "description": "stock-taking"}  # fmt: skip
        return
    opened = list_of(deeds, deed["list"])
    own = {"inventory": opened["inventory"], "list": deed["list"], "by": "boss"}
    match kind:
        case "list":
            locations = [] if deed["whole"] else [place_of(place)[1] for place in deed["places"]]
            command: Form = {
                **own, "command_id": f"{deed['list']}-open", "action": "open_list", "operator": "ann",
                "list_type": deed["type"], "warehouse": deed["warehouse"], "locations": locations,
            }  # fmt: skip
            if deed["as_of"] is not None:
                command["as_of"] = str(as_of(deeds, deed))
            yield command
        case "close":
            yield {**own, "command_id": f"{deed['list']}-close-{deed['at']}", "action": "close_list"}
        case "cancel":
            yield {**own, "command_id": f"{deed['list']}-cancel", "action": "cancel_list"}


def _reads(deeds: list[Form], deed: Form, shelves: Shelves) -> Iterator[tuple[int, Form]]:
    """The scans of one counted row with the moments at which they arrive."""
    row = (deed["item"], deed.get("lot"), place_of(deed["place"]))
    at, again, number = deed["at"], deed.get("again", deed["at"]), 0
    until = as_of_end(deeds, list_of(deeds, deed["list"]))

    def there(moment_: int) -> Fraction:
        return shelves.row(row, min(moment_, until))

    def scan(moment_: int, action: str, *names: str, **more: Any) -> tuple[int, Form]:
        nonlocal number
        number += 1
        value = {**read_of(deeds, deed["list"], row, moment_, *names), "action": action, "device": deed["id"], **more}
        value["scan_id"] = f"{deed['id']}-{number}"
        arrives = moment_ + deed.get("sent", 0)
        value["scanned_at"] = time(moment_ + deed.get("skew", 0))
        value["sent_at"] = time(arrives + deed.get("skew", 0))
        return arrives, value

    def confirm(moment_: int, answer: str | None, quantity: Fraction | None = None) -> tuple[int, Form]:
        amount = decimal(there(moment_) if quantity is None else quantity)
        more = {"answer": answer} if answer else {}
        return scan(moment_, "confirm", "item", "place", "lot", quantity=amount, **more)

    scans: list[tuple[int, Form]] = []
    if ITEMS[deed["item"]][1]:
        when = at
        for serial in shelves.serials(row):
            if shelves.there((*row[:2], serial), row[2], when):
                scans.append(scan(when, "confirm", "item", "place", "lot", serial=serial))
                when += deed.get("step", SECOND)
    elif deed["mode"] == "walk":
        if there(at):
            scans.append(confirm(at, "replace"))
    elif deed["mode"] == "split":
        scans += [scan(at, "read", "item", "place")]
        scans += [scan(at + SECOND, "read", "lot")] if row[1] else []
        scans.append(scan(at + 2 * SECOND, "confirm", quantity=decimal(there(at + 2 * SECOND)), answer="replace"))
    elif deed["mode"] == "add":
        half = Fraction(int(there(at) / 2))
        rest = there(again) - half
        scans.append(confirm(at, "replace", half))
        scans.append(confirm(again, "add", rest) if rest >= 0 else confirm(again, "replace"))
    else:
        scans.append(confirm(at, "replace"))
        if deed["mode"] == "replace":
            scans.append(confirm(again, "replace"))
        elif deed["mode"] == "ask":
            scans.append(confirm(again, None))
            scans.append(scan(again + 5 * SECOND, "answer", answer="replace", answers=scans[-1][1]["scan_id"]))
    for arrives, value in scans:
        yield arrives, value
        if deed.get("twice"):
            yield arrives + 3 * SECOND, value


def read_of(deeds: list[Form], name: str, row: Any, at: int, *names: str) -> Form:
    """A scan of a row; `names`: what of it is told."""
    item, lot, (_, location) = row
    told: Form = {"inventory": list_of(deeds, name)["inventory"], "list": name, "operator": "ann", "device": "gun",
                  "scanned_at": time(at), "sent_at": time(at)}  # fmt: skip
    if "item" in names:
        told |= {"item_class": "FG", "item_code": item}
    if "place" in names and location:
        told["location"] = location
    if "lot" in names and lot:
        told["lot"] = lot
    return told


def local(deeds: list[Form], at: int) -> datetime:
    """A moment of the story on the company's clock."""
    zone = next(deed["zone"] for deed in deeds if deed["do"] == "company")
    return (START + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))


def as_of(deeds: list[Form], opened: Form) -> Any:
    """The day as of which a list counts."""
    return local(deeds, opened["at"]).date() + timedelta(opened["as_of"])


def as_of_end(deeds: list[Form], opened: Form) -> int:
    """The last moment that a list looks at; far away where it has no day."""
    if opened["as_of"] is None:
        return 10**15
    zone = ZoneInfo(next(deed["zone"] for deed in deeds if deed["do"] == "company"))
    day = as_of(deeds, opened) + timedelta(1)
    end = datetime(day.year, day.month, day.day, tzinfo=zone)
    return round(end.timestamp() * 1000) - 1 - START_MS


def time(at: int) -> str:
    """A moment of the story as records have it."""
    return moment(START + timedelta(milliseconds=at))
