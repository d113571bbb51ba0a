"""What the loop asks of a processor. The ledger is one; a test or a benchmark may bring its own."""

from collections.abc import Sequence
from typing import Any, Protocol

from processors.domain import keys
from processors.domain.decision import Decision
from processors.domain.master import MasterData
from processors.domain.message import Continuation, Index, Message, Trail
from processors.domain.progressives import Claim, Claimed, Grants, Need
from processors.domain.registers import LotRow, SerialRow, StateRow
from processors.domain.view import Register, View

MASTER_INPUT = "master-data"
"""The input that task 0 judges; what is accepted goes to `master-register`."""


class Processor(Protocol):
    """Rules over keyed rows: pure, so that the loop may ask the same again and get the same."""

    @property
    def name(self) -> str:
        """Group name and prefix of the worker slots."""
        ...

    @property
    def inputs(self) -> Sequence[str]: ...

    @property
    def order(self) -> Sequence[str]:
        """Topics from highest to lowest: a message may wait, once, for those above its own (architecture §4)."""
        ...

    @property
    def registers(self) -> Sequence[Register[Any]]: ...

    @property
    def state(self) -> Register[StateRow]:
        """The private register: barriers stand there."""
        ...

    @property
    def indexes(self) -> Sequence[Index]: ...

    @property
    def trails(self) -> Sequence[Trail]: ...

    def weight(self, message: Message, master: MasterData) -> int:
        """Pieces, lots and rows that the message may touch; at least 1."""
        ...

    def needs(self, messages: Sequence[Message], view: View, master: MasterData) -> list[Need]:
        """Ordinals that the messages of one partition may need, one need per counter."""
        ...

    def decide(self, message: Message, view: View, master: MasterData, grants: Grants, claimed: Claimed) -> Decision:
        """The whole effect of a message, or its refusal. Raises OrdinalsShort where the grants do not suffice."""
        ...

    def resume(
        self, continuation: Continuation, view: View, master: MasterData, grants: Grants, claimed: Claimed
    ) -> Decision:
        """Go on with what waited for a barrier."""
        ...

    def claim_of(self, row: LotRow | SerialRow, key: str, partition: int, master: MasterData) -> Claim | None:
        """The company-wide claim that a committed row holds, None where its code is unique in its item only."""
        ...


def barrier_key(id: str) -> str:
    """Key of a barrier's row in the private register."""
    return keys.join("barrier", id)
