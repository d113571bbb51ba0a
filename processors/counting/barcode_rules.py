"""The tokenizer rules of the master data, made ready once and again only when one of them has changed."""

from processors.barcodes.tokenizer import NO_RULES, Rules, compile_rules
from processors.domain.master import BarcodeRule, MasterData


class BarcodeRules:
    """Remembers by identity of the rules: whoever asks with the same ones gets the same answer."""

    def __init__(self) -> None:
        self._known: list[BarcodeRule] = []
        self._compiled = NO_RULES

    def of(self, master: MasterData) -> Rules:
        """The rules as they are now. The look at a few dozen that are the same objects costs a microsecond."""
        rules = list(master.barcode_rules.values())
        if rules != self._known:
            self._known, self._compiled = rules, compile_rules(rules)
        return self._compiled
