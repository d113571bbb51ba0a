"""Codes that are unique across the company: how they are claimed, and by which rows (architecture §5)."""

from processors.domain import keys
from processors.domain.master import Item, MasterData
from processors.domain.progressives import Claim
from processors.domain.registers import LotRow, SerialRow


def claim_text(kind: str, code: str) -> str:
    """What is claimed for a code: its kind (`lot`, `serial`) and itself."""
    return keys.join(kind, code)


def lots_company_wide(master: MasterData) -> bool:
    """True where lot codes, typed or generated, are unique across the company."""
    return master.company.lot_code_scope == "company"


def serials_company_wide(item: Item, master: MasterData) -> bool:
    """True where the serials of an item, typed or generated, are unique across the company: its code type says so."""
    return _company_wide(item.serial_code_type, master)


def claim_of(row: LotRow | SerialRow, key: str, partition: int, master: MasterData) -> Claim | None:
    """The claim that a committed row holds, None where its code is unique in its item only."""
    owner = keys.join(row.item_class, row.item_code, row.variant)
    if isinstance(row, LotRow):
        if not lots_company_wide(master):
            return None
        return Claim(claim_text("lot", row.lot_code), owner, partition, "lot-register", key)
    if not _company_wide(row.serial_code_type, master):
        return None
    return Claim(claim_text("serial", row.serial_code), owner, partition, "serial-register", key)


def _company_wide(serial_code_type: str | None, master: MasterData) -> bool:
    if serial_code_type is None:
        return False
    code_type = master.code_types.get(("serial", serial_code_type))
    return code_type is not None and code_type.scope == "company"
