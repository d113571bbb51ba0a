"""Barcode rules and items of a file of master data (JSON lines), for commands that need no broker."""

import json
from collections.abc import Iterable
from typing import Any, Final

import click

from processors.contract.json_form import JsonFormError, from_json
from processors.contract.manifest import MANIFEST
from processors.contract.schema_files import record_name
from processors.domain.master import BarcodeRule, Item, MasterData
from processors.domain.master_checks import judge

_RECORDS: Final = {record_name(record): record for record in MANIFEST["master-data"].records}


def read_barcode_master(lines: Iterable[str], name: str) -> MasterData:
    """Master data with the rules and items of the lines; records of other kinds and other topics are passed over.

    A line is `{"record": "Item", "value": {…}}`, or the fields beside `record`, as `publish` and `simulate` read them.
    UsageError with the line's number for what is no such record, and for a rule that the judge would refuse.
    """
    master = MasterData()
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            form = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise click.UsageError(f"{name}:{number}: expected JSON, got {error}") from None
        if not isinstance(form, dict):
            raise click.UsageError(f"{name}:{number}: expected a JSON object")
        if form.get("topic", "master-data") != "master-data":
            continue
        record = _RECORDS.get(str(form.get("record")))
        if record is None:
            expected = " ".join(_RECORDS)
            raise click.UsageError(f"{name}:{number}: record: expected one of {expected}, got {form.get('record')!r}")
        if record in (BarcodeRule, Item):
            _put(master, record, form, f"{name}:{number}")
    return master


def _put(master: MasterData, record: Any, form: dict[str, Any], where: str) -> None:
    fields = form["value"] if isinstance(form.get("value"), dict) else {**form}
    for around in ("record", "topic", "time") if fields is not form.get("value") else ():
        fields.pop(around, None)
    try:
        value = from_json(record, fields)
    except JsonFormError as error:
        raise click.UsageError("; ".join(f"{where}: {each}" for each in error.errors)) from None
    if isinstance(value, BarcodeRule) and (reasons := judge(value, master)):
        raise click.UsageError("; ".join(f"{where}: {reason.field}: {reason.message}" for reason in reasons))
    master.put(value)
