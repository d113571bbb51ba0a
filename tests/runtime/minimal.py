"""A minimal processor for tests of the loop: sums quantities per item into one stock row, one reply a movement.

What a movement asks for stands in its `notes`: `refuse CODE`, `bug`, `barrier TOPIC`, `code N` (ordinals of an
item-wide progressive), `code company N`, `claim TEXT`.
"""

from collections.abc import Sequence

from processors.domain import keys
from processors.domain.decision import Barrier, Decision, Emit
from processors.domain.events import Reply, ReplyLot
from processors.domain.master import MasterData
from processors.domain.message import Continuation, Index, Message, Trail
from processors.domain.movement import Movement
from processors.domain.progressives import Claim, Claimed, Counter, Grants, Need, OrdinalsShort
from processors.domain.refusals import Reason, Refusal
from processors.domain.registers import CounterRow, LotRow, SerialRow, StockRow
from processors.domain.view import COUNTERS, LOTS, SERIALS, STATE, STOCK, View


class MinimalProcessor:
    name = "ledger"
    inputs = ("master-data", "movements", "register-edits")
    order = ("master-register", "movements", "register-edits")
    registers = (STOCK, LOTS, SERIALS, COUNTERS, STATE)
    state = STATE
    indexes: Sequence[Index] = ()
    trails: Sequence[Trail] = ()

    def __init__(self) -> None:
        self.decided: list[str] = []

    def weight(self, message: Message, master: MasterData) -> int:
        return max(1, int(message.value.packages or 1)) if isinstance(message.value, Movement) else 1

    def needs(self, messages: Sequence[Message], view: View, master: MasterData) -> list[Need]:
        found: dict[str, Need] = {}
        for message in messages:
            wanted = _wanted(message)
            if wanted is not None:
                counter, count = wanted
                before = found[counter.key].count if counter.key in found else 0
                row = view.get(COUNTERS, keys.join(counter.key, str(message.partition)))
                found[counter.key] = Need(counter, message.partition, before + count, row)
        return list(found.values())

    def decide(self, message: Message, view: View, master: MasterData, grants: Grants, claimed: Claimed) -> Decision:
        if message.topic == "master-data":
            return Decision(records=[Emit("master-register", message.key, message.value)])
        value = message.value
        id = value.movement_id if isinstance(value, Movement) else value.edit_id
        notes = value.notes or "" if isinstance(value, Movement) else ""
        self.decided.append(id)
        verb, _, argument = notes.partition(" ")
        if verb == "bug":
            raise ZeroDivisionError("a planted bug")
        reply = Reply(message.topic, id, "done", (), (), (), None, (id,), message.time_ms)
        if verb == "refuse" and not (argument == "item-unknown" and master.items):
            refusal = Refusal((Reason(argument, "as the notes ask"),))
            reply.status, reply.reasons = "refused", refusal.reasons
            return Decision(records=[Emit("replies", id, reply, message.key)], refusal=refusal)
        if not isinstance(value, Movement):
            return self._edit(message, view, reply)
        decision = Decision()
        key = keys.join(value.item_class, value.item_code, "", "W", "", "")
        row = view.get(STOCK, key)
        stock = (row.stock if row else 0) + (value.quantity or 0)
        decision.rows.append(
            (
                STOCK,
                key,
                StockRow(
                    value.item_class, value.item_code, None, "W", None, None, stock, 0, stock, 0, "pc", id,
                    message.time_ms, message.time_ms,
                ),
            )
        )  # fmt: skip
        reply.stock_after = stock
        if verb == "code":
            reply.lots = self._codes(message, view, grants, decision)
        elif verb == "claim":
            if argument in claimed:
                refusal = Refusal((Reason("lot-exists", f"{argument} belongs to {claimed[argument]}"),))
                reply.status, reply.reasons, reply.stock_after = "refused", refusal.reasons, None
                return Decision(records=[Emit("replies", id, reply, message.key)], refusal=refusal)
            lot_key = keys.join(value.item_class, value.item_code, "", argument)
            decision.claims.append(Claim(argument, message.key, message.partition, "lot-register", lot_key))
            decision.rows.append((LOTS, lot_key, a_lot(value, argument, message.time_ms)))
        elif verb == "barrier":
            decision.barriers.append(Barrier(f"b-{id}", argument or None, f"3 {message.key}"))
        decision.records.append(Emit("replies", id, reply, message.key))
        return decision

    def _edit(self, message: Message, view: View, reply: Reply) -> Decision:
        key = keys.join(message.value.item_class, message.value.item_code, "", "W", "", "")
        if view.get(STOCK, key) is None:
            refusal = Refusal((Reason("lot-unknown", "no stock yet"),))
            reply.status, reply.reasons = "refused", refusal.reasons
            return Decision(records=[Emit("replies", reply.request_id, reply, message.key)], refusal=refusal)
        return Decision(records=[Emit("replies", reply.request_id, reply, message.key)])

    def _codes(self, message: Message, view: View, grants: Grants, decision: Decision) -> tuple[ReplyLot, ...]:
        wanted = _wanted(message)
        assert wanted is not None
        counter, count = wanted
        key = keys.join(counter.key, str(message.partition))
        row = view.get(COUNTERS, key)
        first = row.next_ordinal if row else 0
        granted = grants.get((counter.key, message.partition), ())
        free = [n for low, high in granted for n in range(max(low, first), high + 1)][:count]
        if len(free) < count:
            raise OrdinalsShort(counter, message.partition, count - len(free))
        item = counter.item or (None, None, None)
        decision.rows.append(
            (
                COUNTERS,
                key,
                CounterRow(
                    counter.code_type, "lot", "item" if counter.item else "company", *item, "", message.partition,
                    free[-1] + 1, "", str(free[-1]), None, None, free[-1] + 1, 0, message.time_ms,
                ),
            )
        )  # fmt: skip
        return tuple(ReplyLot(str(n), 0, True, n, ()) for n in free)

    def resume(
        self, continuation: Continuation, view: View, master: MasterData, grants: Grants, claimed: Claimed
    ) -> Decision:
        left, key = continuation.text.split(" ", 1)
        reply = Reply("movements", f"{continuation.id}-{left}", "done", (), (), (), None, (), continuation.time_ms)
        decision = Decision(records=[Emit("replies", reply.request_id, reply, key)])
        if int(left) > 1:
            decision.barriers.append(Barrier(continuation.id, None, f"{int(left) - 1} {key}"))
        return decision

    def claim_of(self, row: LotRow | SerialRow, key: str, partition: int, master: MasterData) -> Claim | None:
        if not isinstance(row, LotRow):
            return None
        return Claim(row.lot_code, keys.join(row.item_class, row.item_code), partition, "lot-register", key)


def _wanted(message: Message) -> tuple[Counter, int] | None:
    if not isinstance(message.value, Movement):
        return None
    verb, _, argument = (message.value.notes or "").partition(" ")
    if verb != "code":
        return None
    scope, _, count = argument.partition(" ") if argument.startswith("company") else ("item", "", argument)
    item = None if scope == "company" else (message.value.item_class, message.value.item_code, "")
    return Counter("lot", "T", item, ""), int(count)


def a_lot(value: Movement, lot_code: str, time_ms: int) -> LotRow:
    return LotRow(
        value.item_class, value.item_code, "", lot_code, None, None, None, None, None, None, None, None, None, None,
        None, 0, None, None, None, None, None, True, False, 0, 0, 0, 0, 1, time_ms, time_ms,
    )  # fmt: skip
