"""What the ledger decides lies under the keys and on the routes that the manifest gives, whatever the names hold."""

from dataclasses import replace

import pytest

from processors.contract.manifest import key_of, route_of
from processors.domain import keys
from processors.domain.master import Item, Variant
from tests.ledger.ledger_story import CHEESE, FILTER, PUMP, SALT, Ledger, a_lot, a_movement

ODD = "A|B\\"


@pytest.mark.parametrize("item", [CHEESE, PUMP, FILTER, SALT], ids=lambda item: item.item_code)
@pytest.mark.parametrize("variant", [None, ODD])
def test_the_ledger_and_the_manifest_agree_on_every_key(item: Item, variant: str | None) -> None:
    odd = replace(item, item_code=ODD, variants=(Variant(ODD, "odd"),) if variant else ())
    ledger = Ledger(odd)
    lots = (a_lot(ODD, "2"), a_lot(None, "1")) if item.lot_managed else ()
    decision = ledger.send(a_movement(odd, "IN", "3", movement_id=f"m{ODD}", variant=variant, lots=lots))
    assert decision.refusal is None, decision.refusal
    assert {register.topic for register, _, _ in decision.rows} >= {"stock-register", "ledger-state"}
    route = keys.join(odd.item_class, ODD)
    for register, key, row in decision.rows:
        assert key_of(register.topic, row) == key
        assert route_of(register.topic, key, row) in (route, None)
    for emit in decision.records:
        assert key_of(emit.topic, emit.value) == emit.key
        assert (emit.route or emit.key) == route
