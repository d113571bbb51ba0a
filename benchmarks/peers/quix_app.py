"""Posting as a Quix Streams application with state, exactly once.

Tuning: a checkpoint (transaction) every 100 ms or 10,000 messages instead of every 5 s, lz4 and a linger of 2 ms on
the producer, a session and a transaction time-out of 10 s (the client's own: 45 and 60 s), static membership, so that
a process that is started again takes its partitions at once. State in RocksDB, as always with Quix.
"""

import io
import json
import os
from pathlib import Path
from typing import Any

from fastavro import parse_schema, schemaless_reader
from quixstreams import Application, State

SCHEMA = parse_schema(json.loads(Path(os.environ["PEER_SCHEMA"]).read_text()))
HEADER_BYTES = 5  # magic byte and schema id

app = Application(
    broker_address=os.environ["PEER_BOOTSTRAP_SERVERS"],
    consumer_group=os.environ["PEER_GROUP"],
    state_dir=os.environ["PEER_STATE_DIR"],
    processing_guarantee="exactly-once",
    auto_offset_reset="earliest",
    commit_interval=0.1,
    commit_every=10_000,
    consumer_extra_config={
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 1000,
        "group.instance.id": os.environ["PEER_INSTANCE"],
        "fetch.wait.max.ms": 100,
    },
    producer_extra_config={"compression.type": "lz4", "linger.ms": 2, "transaction.timeout.ms": 10_000},
    loglevel="WARNING",
)
movements = app.topic("movements", key_deserializer="str", value_deserializer="bytes")
results = app.topic("peer-results", key_serializer="str", value_serializer="json")


def post(value: bytes, state: State) -> dict[str, Any]:
    movement: Any = schemaless_reader(io.BytesIO(value[HEADER_BYTES:]), SCHEMA)
    quantity = int(movement["quantity"].scaleb(6))
    stock = state.get("stock", 0) + (quantity if movement["template"] == "IN" else -quantity)
    state.set("stock", stock)
    return {"movement_id": movement["movement_id"], "stock_after": stock}


app.dataframe(movements).apply(post, stateful=True).to_topic(results)

if __name__ == "__main__":
    app.run()
