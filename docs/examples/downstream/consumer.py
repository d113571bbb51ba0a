"""Follow the lot register from any program: 30 lines, two libraries (`pip install confluent-kafka fastavro`).

Run: BOOTSTRAP_SERVERS=127.0.0.1:9092 python consumer.py   (schemas and their ids: the folder `schemas` of lotstream)
"""

import json
import os
from io import BytesIO
from pathlib import Path

from confluent_kafka import Consumer
from fastavro import schemaless_reader
from fastavro.schema import load_schema

SCHEMAS = Path(os.environ.get("SCHEMAS", Path(__file__).parents[3] / "schemas"))
schema = load_schema(SCHEMAS / "LotRegister.avsc")
consumer = Consumer({
    "bootstrap.servers": os.environ["BOOTSTRAP_SERVERS"],
    "group.id": os.environ.get("GROUP", "my-erp"),
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",  # what a worker took back is never seen
})  # fmt: skip
consumer.subscribe(["lot-register"])
while True:
    message = consumer.poll(1.0)
    if message is None or message.error():
        continue
    key, value = message.key().decode(), message.value()
    lot = None if value is None else schemaless_reader(BytesIO(value[5:]), schema)  # 0, then 4 bytes of schema id
    print(json.dumps({"key": key, "gone": True} if lot is None else {"key": key, **lot}, default=str), flush=True)
