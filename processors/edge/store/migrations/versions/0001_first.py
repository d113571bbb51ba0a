"""The tables of the first release.

A column is `name:type`, with `?` where it may be null; the first line of a table is its primary key. Indexes stand
below: name, table, columns.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from processors.edge.store.column_types import CODE, Days, Millionths, Milliseconds

revision = "0001"
down_revision = None

TABLES = {
    "adjustments": """
        topic_partition:int topic_offset:long
        adjustment_id:code kind:code supersedes:code? inventory:code list:code line:code item_class:code
        item_code:code variant:code? warehouse:code location:code? lot_code:code? serial_code:code? counted:decimal
        book:decimal difference:decimal unit:code direction:code template:code? unit_cost:decimal? value:decimal?
        reason_code:code? operator:code counted_at:time settled_at:time movement_id:code? group:code?
    """,
    "alerts": """
        topic_partition:int topic_offset:long
        alert_id:code kind:code item_class:code? item_code:code? variant:code? lot_code:code? serial_code:code?
        warehouse:code? location:code? inventory:code? list:code? message:code at:time
    """,
    "count_line_register": """
        record_key:code
        inventory:code list:code line:code item_class:code item_code:code variant:code? warehouse:code location:code?
        lot_code:code? serial_code:code? counted:decimal unit:code reads:long revision:long state:code reason:code?
        counted_from:time counted_at:time operator:code device:code book:decimal? difference:decimal?
        adjustment_id:code? moved_during_count:bool value:decimal? approved_by:code? topic_partition:int
        topic_offset:long
    """,
    "count_list_register": """
        record_key:code
        inventory:code list:code list_type:code operator:code warehouse:code locations:code state:code as_of:day?
        lines:long matched:long positive:long negative:long value_positive:decimal value_negative:decimal pending:long
        opened_at:time closed_at:time? description:code? settlement:long waits_for:code? closed_by:code?
        topic_partition:int topic_offset:long
    """,
    "counter_register": """
        record_key:code
        code_type:code kind:code scope:code item_class:code? item_code:code? variant:code? root_key:code
        partition:long next_ordinal:long free:code last_code:code? last_number:code? last_letters:code? assigned:long
        skipped:long updated_at:time topic_partition:int topic_offset:long
    """,
    "dead_letters": """
        topic:code topic_partition:int topic_offset:long
        record_key:bytes? value:bytes? headers:text decoded:text? error_code:code error_kind:code error_message:text
        error_attempt:int error_exception:text? error_stacktrace:text? error_partition:int? error_offset:long?
        refused_at:time
    """,
    "inventory_register": """
        record_key:code
        inventory:code date:day description:code notes:code? operator:code state:code lists:long lists_closed:long
        opened_at:time closed_at:time? topic_partition:int topic_offset:long
    """,
    "lineage": """
        topic_partition:int topic_offset:long
        transformation_id:code role:code item_class:code item_code:code variant:code? lot_code:code? serial_code:code?
        quantity:decimal movement_id:code account:code? occurred_at:time
    """,
    "lot_register": """
        record_key:code
        item_class:code item_code:code variant:code lot_code:code code_type:code? lot_type:code? ordinal:long?
        supplier:code? producer:code? supplier_lot:code? customer_lot:code? start_date:day? expiry_date:day?
        warn_from:day? block_from:day? initial_quantity:decimal packages:long? notes:code? label_type:code?
        status:code? evaluation:code? available:bool closed:bool loaded:decimal unloaded:decimal stock:decimal
        committed:decimal generation:long created_at:time updated_at:time found:bool topic_partition:int
        topic_offset:long
    """,
    "master_register": """
        record_key:code
        kind:code id:code record:text topic_partition:int topic_offset:long
    """,
    "offsets": """
        topic:code partition:int
        next_offset:long end_offset:long record_time:time? topic_id:code
    """,
    "postings": """
        topic_partition:int topic_offset:long
        entry_id:code movement_id:code template:code item_class:code item_code:code variant:code? warehouse:code
        location:code? lot_code:code? quantity:decimal unit:code unit_cost:decimal? stock_after:decimal
        occurred_at:time posted_at:time offset:bool reverses:code? adjustment_id:code? document_type:code?
        document_number:code? document_date:day? account:code? project:code? user:code?
    """,
    "projection": """
        name:code
        state:code message:text? looked_at:time
    """,
    "register_history": """
        topic_partition:int topic_offset:long
        entry_id:code register:code item_class:code item_code:code variant:code? lot_code:code? serial_code:code?
        generation:long direction:code force_closed:bool quantity:decimal unit:code packages:long? inserted_at:time
        occurred_at:time status:code? document_type:code? document_number:code? document_date:day? warehouse:code
        location:code? template:code account:code? project:code? movement_id:code reversed:bool
    """,
    "replies": """
        topic_partition:int topic_offset:long
        request_topic:code request_id:code status:code reasons:text lots:text serials:text stock_after:decimal?
        movement_ids:text decided_at:time
    """,
    "reservation_register": """
        record_key:code
        item_class:code item_code:code variant:code? warehouse:code location:code? lot_code:code? serial_code:code?
        document_type:code document_number:code committed:decimal consumed:decimal reserved_at:time updated_at:time
        topic_partition:int topic_offset:long
    """,
    "scan_feedback": """
        topic_partition:int topic_offset:long
        scan_id:code inventory:code list:code operator:code device:code status:code code:code? message:code
        session:text line:text? decided_at:time
    """,
    "serial_register": """
        record_key:code
        item_class:code item_code:code variant:code lot_code:code? lot_type:code? lot_code_type:code? serial_code:code
        serial_code_type:code? ordinal:long? state:code warehouse:code? location:code? start_date:day?
        expiry_date:day? customer_code:code? supplier_code:code? supplier:code? cancelled:bool force_closed:bool
        reserved:bool reserved_for:code? first_document_type:code? first_document_number:code?
        first_document_date:day? generation:long created_at:time updated_at:time topic_partition:int topic_offset:long
    """,
    "stock_register": """
        record_key:code
        item_class:code item_code:code variant:code? warehouse:code location:code? lot_code:code? loaded:decimal
        unloaded:decimal stock:decimal committed:decimal unit:code last_movement_id:code last_moved_at:time
        updated_at:time last_counted_at:time? topic_partition:int topic_offset:long
    """,
}
INDEXES = """
    adjustments_by_adjustment_id adjustments adjustment_id
    adjustments_by_inventory_line adjustments inventory list line
    adjustments_by_item_class_counted_at adjustments item_class item_code counted_at
    alerts_by_alert_id alerts alert_id
    alerts_by_at alerts at
    count_line_register_by_item_class_item_code count_line_register item_class item_code
    count_line_register_by_state count_line_register state
    count_list_register_by_state count_list_register state
    counter_register_by_code_type counter_register code_type
    dead_letters_by_error_code dead_letters error_code
    dead_letters_by_refused_at dead_letters refused_at
    lineage_by_item_class_serial_code lineage item_class item_code lot_code serial_code
    lineage_by_lot_code lineage lot_code
    lineage_by_transformation_id lineage transformation_id
    lot_register_by_customer_lot lot_register customer_lot
    lot_register_by_expiry_date lot_register expiry_date
    lot_register_by_item_code lot_register item_code
    lot_register_by_lot_code lot_register lot_code
    lot_register_by_supplier_lot lot_register supplier_lot
    master_register_by_kind master_register kind
    postings_by_document_number postings document_number
    postings_by_item_class_occurred_at postings item_class item_code occurred_at
    postings_by_movement_id postings movement_id
    postings_by_posted_at postings posted_at
    register_history_by_document_number register_history document_number
    register_history_by_item_class_occurred_at register_history item_class item_code lot_code serial_code occurred_at
    register_history_by_lot_code register_history lot_code
    register_history_by_movement_id register_history movement_id
    replies_by_decided_at replies decided_at
    replies_by_request_id replies request_id
    reservation_register_by_document_number reservation_register document_number
    reservation_register_by_item_class_item_code reservation_register item_class item_code
    scan_feedback_by_inventory_list scan_feedback inventory list
    scan_feedback_by_scan_id scan_feedback scan_id
    serial_register_by_item_code serial_register item_code
    serial_register_by_lot_code serial_register lot_code
    serial_register_by_reserved_for serial_register reserved_for
    serial_register_by_serial_code serial_register serial_code
    serial_register_by_warehouse_location serial_register warehouse location
    stock_register_by_item_code stock_register item_code
    stock_register_by_lot_code stock_register lot_code
    stock_register_by_warehouse_location stock_register warehouse location
"""
TYPES: dict[str, Any] = {
    "code": CODE, "text": sa.Text(), "bytes": sa.LargeBinary(), "bool": sa.Boolean(), "int": sa.Integer(),
    "long": sa.BigInteger(), "decimal": Millionths(), "day": Days(), "time": Milliseconds(),
}  # fmt: skip


def upgrade() -> None:
    for table, described in TABLES.items():
        key, rest = described.strip().split("\n", 1)
        columns = [_column(each, each in key.split()) for each in (*key.split(), *rest.split())]
        op.create_table(table, *columns, sqlite_with_rowid=False)
    for described in INDEXES.strip().splitlines():
        index, table, *names = described.split()
        op.create_index(index, table, names)


def _column(described: str, primary_key: bool) -> sa.Column[Any]:
    name, kind = described.split(":")
    return sa.Column(
        name, TYPES[kind.rstrip("?")], primary_key=primary_key, autoincrement=False, nullable=kind.endswith("?")
    )
