"""Large recalls: written out in few pieces, and put together without the collector looking on."""

import gc
import json

import pytest

from processors.domain.lineage_graph import Goods
from processors.edge.trace import forms, recall_rows
from processors.edge.trace.collecting import without_collections
from processors.edge.trace.forms import recall_json
from processors.edge.trace.recall import recall
from processors.edge.trace.recall_rows import rows_of, write_csv
from tests.edge.api.company import Company

FLOUR = Goods("ING", "FLOUR", None, "MIL00001", None)


@pytest.mark.parametrize(("chunk", "pieces"), [(1000, 1), (3, 3), (8, 1)])
def test_a_recall_is_sent_in_pieces_of_many_rows_that_make_one_whole(
    company: Company, monkeypatch: pytest.MonkeyPatch, chunk: int, pieces: int
) -> None:
    for module in (forms, recall_rows):
        monkeypatch.setattr(module, "CHUNK", chunk)
    with company.store.read() as connection:
        found = recall(connection, FLOUR, company.now_ms)
    rows = list(rows_of(found))
    assert len(rows) == 8
    sent = list(recall_json(found, lag={"records": 0}))
    assert len(sent) == 2 + pieces
    form = json.loads("".join(sent))
    assert (form["rows"], form["lag"], form["lots"]) == (rows, {"records": 0}, 3)
    assert len(list(write_csv(found))) == 1 + pieces, "a turn of the server for each"


def test_the_collector_rests_until_the_last_answer_is_put_together_and_goes_on_after_an_error() -> None:
    assert gc.isenabled()
    with without_collections():
        with pytest.raises(ValueError, match="broken"), without_collections():
            raise ValueError("broken")
        assert not gc.isenabled()
    assert gc.isenabled()
