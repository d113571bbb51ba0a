"""Barcodes read a second on one core, over a mix as a stock count sees it, and each kind by itself.

    python -m benchmarks.barcodes [--readings N] [--items N] [--profile FILE]

CPU time of the thread, the best of five rounds. The mix, of a hundred: 40 GS1 (carton labels with GTIN, expiry and lot;
pallets with SSCC; serials; weights), 4 Digital Links, 1 in brackets, 33 tokenizer rules, 20 trade items, 2 wrong ones.
"""

import argparse
import cProfile
import pstats
import random
import time
from collections.abc import Callable, Iterable, Sequence

from benchmarks.figures import Figure, show
from processors.barcodes.check_digits import check_digit
from processors.barcodes.gs1 import GS
from processors.barcodes.parse import parse
from processors.barcodes.tokenizer import Rules, compile_rules
from processors.domain.master import Barcode, BarcodeRule, BarcodeToken, Item, MasterData

TIME_MS = 1_795_000_000_000
ROUNDS = 5
LINK = "https://id.gs1.org/01/"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--profile", help="write a cProfile to this file, and list the dearest functions")
    options = parser.parse_args(arguments)
    chance = random.Random(1)
    master, gtins = company(options.items)
    rules = compile_rules(master.barcode_rules.values())
    makers = kinds(chance, gtins)
    mixed = [make() for make, share in makers.values() for _ in range(max(1, options.readings * share // 100))]
    chance.shuffle(mixed)
    if options.profile:
        with cProfile.Profile() as profile:
            read_all(mixed, rules, master)
        profile.dump_stats(options.profile)
        pstats.Stats(profile).sort_stats("tottime").print_stats(20)
        return
    show("Barcodes", figures(mixed, makers, rules, master))


def figures(
    mixed: Sequence[str], makers: dict[str, tuple[Callable[[], str], int]], rules: Rules, master: MasterData
) -> Iterable[Figure]:
    yield "the mix", rate(best(mixed, rules, master)), "150,000/s"
    for name, (make, _) in makers.items():
        texts = [make() for _ in range(max(1, len(mixed) // 10))]
        yield name, rate(best(texts, rules, master)), ""


def rate(value: float) -> str:
    return f"{value:,.0f} readings/s"


def best(texts: Sequence[str], rules: Rules, master: MasterData) -> float:
    """Readings a second of the quickest round."""
    seconds = []
    for _ in range(ROUNDS):
        begin = time.thread_time()
        read_all(texts, rules, master)
        seconds.append(time.thread_time() - begin)
    return len(texts) / min(seconds)


def read_all(texts: Sequence[str], rules: Rules, master: MasterData) -> None:
    for text in texts:
        parse(text, TIME_MS, rules, master)


def company(items: int) -> tuple[MasterData, list[str]]:
    """Items with one GTIN each, of 13 or 14 digits, and five rules; the GTINs with 14."""
    master, gtins = MasterData(), []
    for number in range(items):
        body = f"{'1' if number % 5 == 0 else '0'}9501{number:08d}"
        gtin = body + check_digit(body)
        gtins.append(gtin)
        barcode = Barcode(gtin if gtin[0] == "1" else gtin[1:], quantity=12_000_000 if gtin[0] == "1" else None)
        code = f"ART-{number}".replace("-", "")
        item = Item("MOB", code, "", (), None, None, None, "PC", (), (barcode,), True, False, "fefo")
        master.put(item)
    for rule in rules_of_a_company():
        master.put(rule)
    return master, gtins


def rules_of_a_company() -> Iterable[BarcodeRule]:
    item = (BarcodeToken("item_class", 3, "-"), BarcodeToken("item_code", 50, "-"))
    unit = ("loading_unit_year", "loading_unit_group", "loading_unit_number")
    yield BarcodeRule("Item", "-", item)
    yield BarcodeRule("Lot", "-", (*item, BarcodeToken("lot", 50)))
    yield BarcodeRule("Loc", "-", (BarcodeToken("warehouse", 10, "-"), BarcodeToken("location", 50)))
    yield BarcodeRule("UDC", "-", tuple(BarcodeToken(target, None, "-") for target in unit))
    yield BarcodeRule("Qty", "-", (BarcodeToken("quantity"),))
    yield BarcodeRule("ItemQty", "-", (*item, BarcodeToken("quantity")))


def kinds(chance: random.Random, gtins: Sequence[str]) -> dict[str, tuple[Callable[[], str], int]]:
    """Kind → how one is made, and how many of a hundred it is."""

    def gtin() -> str:
        return chance.choice(gtins)

    def expiry() -> str:
        return f"{chance.randint(26, 29)}{chance.randint(1, 12):02d}{chance.randint(0, 28):02d}"

    def number() -> int:
        return chance.randrange(100_000)

    def sscc() -> str:
        body = f"19501{number():012d}"
        return body + check_digit(body)

    def wrong() -> str:
        return f"]C101{gtin()[:-1]}X10AB"

    return {
        "GTIN, expiry, lot": (lambda: f"]C101{gtin()}17{expiry()}10L{number()}", 20),
        "SSCC alone": (lambda: f"]C100{sscc()}", 5),
        "content, count, expiry, lot": (lambda: f"]C102{gtin()}17{expiry()}37{number() % 99}{GS}10L{number()}", 5),
        "GTIN, serial": (lambda: f"]d201{gtin()}21S{number()}", 5),
        "GTIN, net weight, best before": (lambda: f"01{gtin()}3103{number():06d}15{expiry()}", 5),
        "Digital Link": (lambda: f"{LINK}{gtin()}/10/L{number()}?17={expiry()}", 4),
        "brackets": (lambda: f"(01){gtin()}(10)L{number()}", 1),
        "rule: lot": (lambda: f"Lot-MOB-ART{number()}-{number()}", 15),
        "rule: location": (lambda: f"Loc-01-L{number()}", 10),
        "rule: item and quantity": (lambda: f"ItemQty-MOB-ART{number()}-{number() % 50}", 8),
        "trade item": (lambda: f"]E0{gtin()[1:]}" if chance.random() < 0.5 else gtin().lstrip("0"), 20),
        "wrong": (wrong, 2),
    }


if __name__ == "__main__":
    main()
