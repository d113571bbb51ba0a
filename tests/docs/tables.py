"""The tables of the documentation that follow from the code: topics, records, settings, metrics.

They stand between `<!-- table: NAME -->` and `<!-- end -->`. A test holds them current; `python -m tests.docs.tables`
writes them anew.
"""

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from prometheus_client import Metric

from processors.cli.settings import OTHER_NAMES, PREFIX, Settings
from processors.cli.simulate import BETWEEN, PRIVATE
from processors.contract.codec import current_schema
from processors.contract.generated_codec import NEUTRAL
from processors.contract.manifest import DAY_MS, DEAD_LETTERS, MANIFEST, MIB, Topic
from processors.contract.schema_files import Schema, record_name
from processors.runtime.edge_metrics import EdgeMetrics
from processors.runtime.metrics import Metrics

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = ("README.md", "docs/contract.md", "docs/records.md", "docs/operations.md")
_PLACE: Final = re.compile(r"(<!-- table: (\w+) -->\n)(?:.*?\n)??(<!-- end -->)", re.DOTALL)
_TYPES: Final = {
    "string": "text", "boolean": "bool", "timestamp-millis": "time", "bytes": "bytes", "int": "int", "long": "int",
    "date": "date", "decimal": "decimal",
}  # fmt: skip


def written(page: str) -> str:
    """The text of a page with every table as it has to be."""
    return _PLACE.sub(
        lambda found: found[1] + TABLES[found[2]]() + "\n" + found[3], (ROOT / page).read_text(encoding="utf-8")
    )


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def topics() -> str:
    """Every topic but the dead letters, which are all alike."""
    named = [topic for topic in MANIFEST.values() if topic.kind != "dead-letters"]
    heads = ["topic", "kind", "one record is", "key", "kept", "largest"]
    return _table(heads, [[f"`{t.name}`", _kind(t), _meaning(t), f"`{_key(t)}`", _kept(t), _largest(t)] for t in named])


def topics_short() -> str:
    """For the first page: what there is, without how it is kept."""
    shown = [topic for topic in MANIFEST.values() if _kind(topic) not in ("dead-letters", "internal")]
    rows = [[f"`{t.name}`", _kind(t), _meaning(t), f"`{_key(t)}`"] for t in shown]
    letters = [name for name in MANIFEST if name.endswith(DEAD_LETTERS)]
    rows.append(
        [", ".join(f"`{name}`" for name in letters), "dead letters", "What was not taken, and why", "as it came"]
    )
    return _table(["topic", "kind", "one record is", "key"], rows)


def _kind(topic: Topic) -> str:
    return "internal" if topic.name in PRIVATE | BETWEEN else topic.kind


def _docs(topic: Topic) -> tuple[str, str]:
    """What a record is, and its key, from the schema's doc."""
    doc: str = current_schema(topic.records[0])["doc"]
    meaning, _, key = doc.partition(" Key of ")
    return meaning.rstrip("."), key.partition(": ")[2].rstrip(".")


def _meaning(topic: Topic) -> str:
    if topic.by_record:
        return "A master record: item, code type, template, warehouse, …"
    return _docs(topic)[0]


def _key(topic: Topic) -> str:
    return "kind|id" if topic.by_record else _docs(topic)[1]


def _kept(topic: Topic) -> str:
    return "the newest of each key" if topic.compacted else f"{topic.retention_ms // DAY_MS} days"


def _largest(topic: Topic) -> str:
    return f"{topic.max_message_bytes // MIB} MiB"


def records() -> str:
    """Every record with its fields."""
    seen: dict[str, list[str]] = {}
    for topic in MANIFEST.values():
        for record in topic.records:
            seen.setdefault(record_name(record), []).append(topic.name)
    classes = {record_name(record): record for topic in MANIFEST.values() for record in topic.records}
    return "\n\n".join(_record(current_schema(classes[name]), where) for name, where in seen.items())


def _record(schema: Schema, where: list[str]) -> str:
    title = f"## {schema['name']}\n\n{schema['doc']} In {', '.join(f'`{topic}`' for topic in where)}."
    return f"{title}\n\n{_table(['field', 'type', 'default', 'meaning'], list(_fields(schema, '')))}"


def _fields(schema: Schema, prefix: str) -> Iterator[list[str]]:
    for field in schema["fields"]:
        default = "" if "default" not in field or field["default"] is None else f"`{json.dumps(field['default'])}`"
        yield [f"`{prefix}{field['name']}`", _type(field["type"]), default, field["doc"]]
        inner, mark = _nested(field["type"])
        if inner is not None:
            yield from _fields(inner, f"{prefix}{field['name']}{mark}.")


def _nested(schema: Schema) -> tuple[Schema | None, str]:
    """The record inside a field, and what follows the field's name in a path to its fields."""
    match schema:
        case {"type": "array", "items": {"type": "record"} as items}:
            return items, "[]"
        case ["null", {"type": "record"} as inner] | ({"type": "record"} as inner):
            return inner, ""
        case _:
            return None, ""


def _type(schema: Schema) -> str:
    match schema:
        case [_, inner]:
            return f"{_type(inner)}?"
        case {"logicalType": str(name)}:
            return _TYPES[name]
        case {"type": "enum", "symbols": symbols}:
            return " ".join(f"`{symbol}`" for symbol in symbols if symbol != NEUTRAL)
        case {"type": "array", "items": {"type": "record"}}:
            return "list"
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "map"}:
            return "map of text to text?"
        case {"type": "record"}:
            return "record"
        case {"type": inner}:
            return _TYPES[inner]
        case _:
            return _TYPES[str(schema)]


def settings() -> str:
    """Every setting with the docstring that stands behind its field."""
    docs = _field_docs(Settings)
    rows = []
    for name, field in Settings.model_fields.items():
        variables = [PREFIX + name.upper(), *OTHER_NAMES.get(name, ())]
        default: Any = field.get_default(call_default_factory=True)
        shown = "" if default is None else f"`{default}`"
        rows.append([f"`{name}`", ", ".join(f"`{v}`" for v in variables), shown, docs[name]])
    return _table(["setting", "in the environment", "default", "what it is"], rows)


def _field_docs(owner: type) -> dict[str, str]:
    (node,) = ast.parse(inspect.getsource(owner)).body
    assert isinstance(node, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docs[name] = " ".join(text.split())
    return docs


def metrics() -> str:
    """Every metric of a ledger worker and of an edge."""
    found: list[Metric] = []
    for measured in (Metrics("ledger"), EdgeMetrics()):
        found += sorted(measured.registry.collect(), key=lambda metric: metric.name)
    rows = []
    for metric in found:
        name = metric.name + ("_total" if metric.type == "counter" else "")
        rows.append([f"`{name}`", metric.type, metric.documentation])
    return _table(["metric", "type", "what it is"], rows)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "topics": topics,
    "topics_short": topics_short,
    "records": records,
    "settings": settings,
    "metrics": metrics,
}


if __name__ == "__main__":
    for page in PAGES:
        (ROOT / page).write_text(written(page), encoding="utf-8")
