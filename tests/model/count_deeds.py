"""A seeded teller of counts: goods that move and get lost, documents that arrive in any order, and people who count.

The teller walks through time. Beside what it tells it keeps the shelves as they are, so that only what stands there is
moved. Deeds are plain dictionaries; a story stays a story when deeds are left out, as long as its shelves are possible.
"""

import random
from typing import Any

from tests.model.naive_codes import Form
from tests.model.shelves import Goods, Place, place_of, sides

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
ITEMS = {"SALT": (False, False), "SUGAR": (False, False), "MILK": (True, False), "PUMP": (False, True),
         "TYRE": (True, True)}  # fmt: skip
"""Item → lot-managed, serial-managed."""
PLACES: tuple[Place, ...] = (("W1", "A"), ("W1", "B"), ("W2", None), ("W3", "A"), ("W3", "B"))
ZONES = ("UTC", "Europe/Rome", "America/New_York")
TYPES = ("EXACT", "RECOUNT", "PERCENT", "VALUE", "BLIND")
ZEROS = ("ZERO", "ZEROASK")
"""Types of lists that take what nobody read for gone."""
WEIGHTS = {"load": 22, "unload": 18, "transfer": 10, "fake": 6, "lose": 7, "misplace": 6, "find": 3, "open": 8,
           "count": 45, "close": 9, "cancel": 1, "review": 6, "break": 1}  # fmt: skip

FEATURES = {
    "serials": True,
    "zero": True,
    "late-into-zero": True,
    "report": True,
    "as-of": True,
    "finds": True,
    "twins": True,
    "zero-asks": True,
}
"""What a story may tell. `twins`: two lists of an inventory may go through the same places and take unread for gone."""


class Teller:
    """One story. `features` that are given replace those above."""

    def __init__(self, seed: int, **features: bool) -> None:
        self.draw = random.Random(seed)
        self.may = {**FEATURES, **features}
        self.at = 0
        self.deeds: list[Form] = []
        self.stands: dict[tuple[Goods, Place], int] = {}
        self.lists: dict[str, Form] = {}
        """Those that are open: their inventory, type, warehouse, places, as_of, the moment to which they are busy."""
        self.names = 0
        items = [item for item, (_, serials) in ITEMS.items() if self.may["serials"] or not serials]
        self.items = self.draw.sample(items, self.draw.choice([1, 1, 2, 3]))
        self.places = self.draw.sample(PLACES, self.draw.choice([1, 2, 2, 3]))
        checks = any(ITEMS[item][1] for item in self.items) or self.draw.random() < 0.5
        company = {"zone": self.draw.choice(ZONES), "negative": self.draw.random() < 0.5, "checks": checks}
        self.deeds.append({"do": "company", "at": 0, **company})
        self.reading: dict[Any, int] = {}
        """Inventory and row → until when somebody reads it: not two at once, who would add to each other's reads."""
        self.unquiet: dict[str, int] = {}
        """Item → until when its serials are being read: nothing of it gets lost meanwhile."""

    def tell(self, steps: int) -> list[Form]:
        for _ in range(3):
            self._load()
        actions = list(WEIGHTS)
        for _ in range(steps):
            self.at += self.draw.choice([0, SECOND, 20 * SECOND, MINUTE, 10 * MINUTE, HOUR, 5 * HOUR])
            (action,) = self.draw.choices(actions, [WEIGHTS[action] for action in actions])
            getattr(self, f"_{action}")()
        for name in sorted(self.lists):
            self._close_list(name)
        return self.deeds

    def _name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    # Goods

    def _goods(self) -> tuple[str, str | None]:
        item = self.draw.choice(self.items)
        return item, self.draw.choice(["L1", "L2"]) if ITEMS[item][0] else None

    def _standing(self) -> tuple[Goods, Place, int] | None:
        """Something that stands somewhere, all pieces of a row with serials being one."""
        rows = [(goods, place, amount) for (goods, place), amount in self.stands.items() if amount > 0]
        return self.draw.choice(rows) if rows else None

    def _load(self) -> None:
        draw = self.draw
        item, lot = self._goods()
        place = draw.choice(self.places)
        deed: Form = {"do": "move", "item": item, "lot": lot, "to": place, "quantity": str(draw.randrange(1, 8))}
        if ITEMS[item][1]:
            out = [f"{item[0]}{lot or ''}{n}" for n in range(6)]
            out = [serial for serial in out if self._may_come((item, lot, serial))]
            deed["serials"] = out[: draw.choice([1, 1, 2, 3])]
            deed["quantity"] = str(len(deed["serials"]))
            if not deed["serials"]:
                return
        self._move(deed)

    def _may_come(self, goods: Goods, place: Place | None = None) -> bool:
        """A piece comes to where it was before if all of its documents were in time: else their order would be lost."""
        if goods[2] is None:
            return True
        of = [deed for deed in self.deeds if deed["do"] in ("move", "drift")]
        of = [deed for deed in of if goods in (it for it, _, _ in sides(deed))]
        told = all(deed["do"] == "move" and deed.get("real", True) and deed["arrives"][0] == deed["at"] for deed in of)
        if place is None:
            return told and not any(self.stands.get((goods, it)) for it in PLACES)
        return told or not any(place == it for deed in of for _, it, _ in sides(deed))

    def _elsewhere(self, deed: Form | None) -> list[Place]:
        """Other places to which goods may go."""
        if deed is None:
            return []
        goods = next(sides(deed))[0]
        return [place for place in self.places if place != deed["from"] and self._may_come(goods, place)]

    def _leaving(self, deed: Form) -> Form | None:
        found = self._standing()
        if found is None:
            return None
        (item, lot, serial), place, amount = found
        deed |= {"item": item, "lot": lot, "from": place, "quantity": str(self.draw.randrange(1, amount + 1))}
        if serial is not None:
            deed["serials"] = [serial]
        return deed

    def _unload(self) -> None:
        deed = self._leaving({"do": "move"})
        if deed:
            self._move(deed)

    def _transfer(self) -> None:
        deed = self._leaving({"do": "move"})
        others = self._elsewhere(deed)
        if deed and others:
            self._move(deed | {"to": self.draw.choice(others)})

    def _fake(self) -> None:
        """A document of what never happened, taken back later."""
        draw = self.draw
        deed: Form | None
        if draw.random() < 0.5:
            item, lot = self._goods()
            deed = {"do": "move", "item": item, "lot": lot, "to": draw.choice(self.places), "quantity": "3"}
            if ITEMS[item][1]:
                deed |= {"serials": [self._name("F")], "quantity": "1"}
        else:
            deed = self._leaving({"do": "move"})
        if deed:
            self._move(deed | {"real": False})

    def _move(self, deed: Form) -> None:
        """Give a movement its moment and the moments at which its document arrives."""
        draw = self.draw
        deed |= {"id": self._name("m"), "at": self.at, "stamp": draw.choice(["occurred", "occurred", "now"])}
        late = draw.choice([0, 0, 0, 0, MINUTE, HOUR, 8 * HOUR, 30 * HOUR])
        if draw.random() < 0.06:
            late = 200 * HOUR
        if late:
            deed["stamp"] = "occurred"
        deed["arrives"] = [self.at + late]
        if draw.random() < 0.15:
            deed["arrives"].append(self.at + late + draw.choice([MINUTE, 20 * HOUR, 220 * HOUR]))
            deed["stamp"] = "occurred"
        if deed.get("real") is False:
            deed["reversed"] = deed["arrives"][0] + draw.choice([SECOND, HOUR, 30 * HOUR, 230 * HOUR])
        self.deeds.append(deed)
        self._take(deed)

    def _take(self, deed: Form) -> None:
        if deed.get("real", True):
            for goods, place, amount in sides(deed):
                self.stands[goods, place] = self.stands.get((goods, place), 0) + int(amount)

    def _break(self) -> None:
        """A warehouse is without a template of adjustments for a while."""
        place, until = self.draw.choice(self.places), self.at + self.draw.choice([HOUR, 30 * HOUR])
        self.deeds.append({"do": "break", "warehouse": place[0], "at": self.at, "until": until})

    # What nobody writes down

    def _quiet(self, item: str, places: list[Any]) -> bool:
        """Goods vanish, and come up, unseen only while nobody goes through them one by one."""
        walked = any(
            it["type"] in ZEROS and any(place and place[0] == it["warehouse"] for place in places)
            for it in self.lists.values()
        )
        return not walked and self.unquiet.get(item, -1) < self.at

    def _drift(self, deed: Form | None) -> None:
        if deed and self._quiet(deed["item"], [deed.get("from"), deed.get("to")]):
            deed["at"] = self.at
            self.deeds.append(deed)
            self._take(deed)

    def _lose(self) -> None:
        self._drift(self._leaving({"do": "drift"}))

    def _misplace(self) -> None:
        deed = self._leaving({"do": "drift"})
        others = self._elsewhere(deed)
        if deed and others:
            self._drift(deed | {"to": self.draw.choice(others)})

    def _find(self) -> None:
        item, lot = self._goods()
        deed: Form = {"do": "drift", "item": item, "lot": lot, "to": self.draw.choice(self.places), "quantity": "2"}
        if ITEMS[item][1]:
            deed |= {"serials": [self._name("X")], "quantity": "1"}
        if self.may["finds"]:
            self._drift(deed)

    # Counts

    def _open(self) -> None:
        draw = self.draw
        if len(self.lists) > 2:
            return
        inventory = self._name("i")
        self.deeds.append({"do": "inventory", "inventory": inventory, "at": self.at})
        zero = self.may["zero"] and draw.random() < 0.25
        as_of = draw.choice([0, -1]) if self.may["as-of"] and not zero and draw.random() < 0.15 else None
        for _ in range(draw.choice([1, 1, 2])):
            warehouse = draw.choice(self.places)[0]
            kind = draw.choice(ZEROS if self.may["zero-asks"] else ZEROS[:1]) if zero else draw.choice(TYPES)
            mine = [deed for deed in self.deeds if deed.get("inventory") == inventory and deed["do"] == "list"]
            if zero and not self.may["twins"] and any(deed["warehouse"] == warehouse for deed in mine):
                continue
            if self.may["report"] and not zero and draw.random() < 0.1:
                kind = "REPORT"
            name = self._name("l")
            places = [place for place in self.places if place[0] == warehouse]
            if len(places) > 1 and draw.random() < 0.3:
                places = places[:1]
            deed: Form = {"do": "list", "inventory": inventory, "list": name, "type": kind, "warehouse": warehouse,
                          "places": places, "whole": len(places) == len([p for p in PLACES if p[0] == warehouse]),
                          "at": self.at, "as_of": as_of}  # fmt: skip
            self.deeds.append(deed)
            self.lists[name] = {**deed, "busy": self.at}
            if kind in ZEROS:
                self._walk(name)

    def _walk(self, name: str) -> None:
        """Somebody goes through the whole scope, place by place, and reads what is there."""
        step = self.draw.choice([SECOND, MINUTE, 20 * MINUTE])
        begin = self.at + self.draw.choice([SECOND, HOUR])
        goods = {(item, lot) for item in self.items for lot in (("L1", "L2") if ITEMS[item][0] else (None,))}
        rows = [(*it, place) for it in sorted(goods, key=repr) for place in self.lists[name]["places"]]
        self.draw.shuffle(rows)
        step += 10 * SECOND
        self.deeds.append({"do": "walk", "id": self._name("r"), "list": name, "at": begin, "step": step, "rows": rows})
        self.lists[name]["busy"] = begin + step * len(rows) + MINUTE

    def _count(self) -> None:
        draw = self.draw
        open_ = [name for name, it in sorted(self.lists.items()) if it["type"] not in ZEROS]
        if not open_:
            return
        name = draw.choice(open_)
        found = self._standing()
        places = self.lists[name]["places"]
        moved = self.deeds[-1]
        if moved["do"] == "move" and moved.get("from") in places and draw.random() < 0.5:
            # Just as it goes: what moves at the very moment of a count has moved.
            (item, lot, _), place, _ = next(sides(moved))
            self.at = moved["at"]
        elif found and found[1] in places and draw.random() < 0.7:
            (item, lot, _), place, _ = found
        else:
            (item, lot), place = self._goods(), draw.choice(places)
        if self.lists[name]["as_of"] is not None and ITEMS[item][1]:
            return
        key = (self.lists[name]["inventory"], item, lot, place)
        if self.reading.get(key, -1) >= self.at:
            return
        mode = draw.choice(["at once", "at once", "split", "ask", "add", "replace"])
        if mode == "add" and self._has_sisters(name):
            mode = "at once"  # a line of another list, which may close before the second half is read
        deed: Form = {"do": "count", "id": self._name("r"), "list": name, "item": item, "lot": lot, "place": place,
                      "at": self.at, "mode": mode, "sent": draw.choice([0, 0, SECOND, 40 * MINUTE]),
                      "skew": draw.choice([0, 0, HOUR, -7 * MINUTE]), "twice": draw.random() < 0.2}  # fmt: skip
        if ITEMS[item][1]:
            deed |= {"mode": "serials", "step": draw.choice([SECOND, 10 * MINUTE]), "sent": 0}
        deed["again"] = self.at + draw.choice([MINUTE, 2 * HOUR])
        end = max(deed["again"] + 6 * SECOND, self.at + 12 * deed.get("step", 0)) + deed["sent"]
        if ITEMS[item][1]:
            self.unquiet[item] = max(self.unquiet.get(item, 0), end)
        self.reading[key] = end
        self.lists[name]["busy"] = max(self.lists[name]["busy"], end)
        self.deeds.append(deed)

    def _has_sisters(self, name: str) -> bool:
        inventory = self.lists[name]["inventory"]
        return sum(deed["do"] == "list" and deed["inventory"] == inventory for deed in self.deeds) > 1

    def _close(self) -> None:
        if self.lists:
            self._close_list(self.draw.choice(sorted(self.lists)))

    def _close_list(self, name: str) -> None:
        it = self.lists.pop(name)
        at = max(self.at, it["busy"]) + SECOND
        self.deeds.append({"do": "close", "list": name, "at": at, "whole": self.draw.random() < 0.1})
        if self.draw.random() < 0.6:
            self.deeds.append({"do": "close", "list": name, "at": at + HOUR, "whole": False})
        if it["type"] in ZEROS:
            self.at = at  # nothing that is told from now on happened while they walked
            if not self.may["late-into-zero"]:
                self._hasten(it["warehouse"], at)

    def _hasten(self, warehouse: str, at: int) -> None:
        """Documents of goods that nobody read arrive in time."""
        for deed in self.deeds:
            touched = [place_of(deed[name])[0] for name in ("from", "to") if deed.get(name)]
            if deed["do"] == "move" and warehouse in touched:
                deed["arrives"] = [deed["at"], *deed["arrives"][1:]]
                if "reversed" in deed:
                    deed["reversed"] = deed["at"] + SECOND

    def _cancel(self) -> None:
        ignore = [name for name, it in sorted(self.lists.items()) if it["type"] not in ZEROS]
        if ignore:
            name = self.draw.choice(ignore)
            at = max(self.at, self.lists.pop(name)["busy"]) + SECOND
            self.deeds.append({"do": "cancel", "list": name, "at": at})

    def _review(self) -> None:
        self.deeds.append({"do": "review", "at": self.at})


def list_of(deeds: list[Form], name: str) -> Form:
    """The deed that opened a list."""
    return next(deed for deed in deeds if deed["do"] == "list" and deed["list"] == name)
