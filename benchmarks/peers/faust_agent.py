"""Posting as a Faust agent with a table.

Tuning: the table in memory (its fastest store; the changelog in Kafka restores it), lz4 and a linger of 5 ms on the
producer, the web server and the leader election off, a session of 10 s in place of 60, and
static membership, so that a process that is started again takes its partitions at once. Its own commit interval of
2.8 s is kept: each commit waits for a flush of the producer, and with 0.1 or 1 s it did less in the same time.
"""

import io
import json
import os
from pathlib import Path
from typing import Any

import faust
from fastavro import parse_schema, schemaless_reader

SCHEMA = parse_schema(json.loads(Path(os.environ["PEER_SCHEMA"]).read_text()))
HEADER_BYTES = 5  # magic byte and schema id

app = faust.App(
    os.environ["PEER_GROUP"],
    broker=f"kafka://{os.environ['PEER_BOOTSTRAP_SERVERS']}",
    datadir=os.environ["PEER_STATE_DIR"],
    store="memory://",
    processing_guarantee=os.environ["PEER_GUARANTEE"],
    topic_partitions=int(os.environ["PEER_PARTITIONS"]),
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    consumer_group_instance_id=os.environ["PEER_INSTANCE"],
    broker_session_timeout=10.0,
    broker_heartbeat_interval=1.0,
    producer_compression_type="lz4",
    producer_linger=0.005,
    web_enabled=False,
)
movements = app.topic("movements", key_type=str, key_serializer="raw", value_serializer="raw")
results = app.topic("peer-results", key_type=str, key_serializer="raw", value_serializer="json")
stock = app.Table("stock", default=int)


@app.agent(movements)
async def post(stream: faust.StreamT[bytes]) -> None:
    async for item, value in stream.items():
        movement: Any = schemaless_reader(io.BytesIO(value[HEADER_BYTES:]), SCHEMA)
        quantity = int(movement["quantity"].scaleb(6))
        stock[item] += quantity if movement["template"] == "IN" else -quantity
        await results.send(key=item, value={"movement_id": movement["movement_id"], "stock_after": stock[item]})


if __name__ == "__main__":
    app.main()
