"""Barcode rules and items of a file of master data (JSON lines), for commands that need no broker."""

from collections.abc import Iterable
from typing import Any, Final

import click

from processors.cli.record_lines import json_object, opened
from processors.contract.json_form import JsonFormError, from_json
from processors.contract.manifest import MANIFEST
from processors.domain.master import BarcodeRule, Item, MasterData
from processors.domain.master_checks import judge

_TOPIC: Final = MANIFEST["master-data"]


def read_barcode_master(lines: Iterable[str], name: str) -> MasterData:
    """Master data with the rules and items of the lines; records of other kinds and other topics are passed over.

    A line is `{"record": "Item", "value": {…}}`, or the fields beside `record`, as `publish` and `simulate` read them.
    UsageError with the line's number for what is no such record, and for a rule that the judge would refuse.
    """
    master = MasterData()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            form = json_object(line)
            if form.get("topic", _TOPIC.name) == _TOPIC.name:
                _put(master, form, where)
        except JsonFormError as error:
            raise click.UsageError("; ".join(f"{where}: {each}" for each in error.errors)) from None
        except (ValueError, RecursionError) as error:
            raise click.UsageError(f"{where}: {error}") from None
    return master


def _put(master: MasterData, form: dict[str, Any], where: str) -> None:
    record, fields, _ = opened(form, _TOPIC)
    if record not in (BarcodeRule, Item):
        return
    value: Any = from_json(record, fields)
    if isinstance(value, BarcodeRule) and (reasons := judge(value, master)):
        raise click.UsageError("; ".join(f"{where}: {reason.field}: {reason.message}" for reason in reasons))
    master.put(value)
