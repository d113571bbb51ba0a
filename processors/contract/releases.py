"""Releases of schemas: each version of a record that was ever published, with its id in the lock file."""

import json
from pathlib import Path

from processors.contract.evolution import Incompatible, check
from processors.contract.manifest import MANIFEST, subject_of
from processors.contract.schema_files import FOLDER, normal_form, read_schema, record_name, released_versions
from processors.contract.schema_ids import LOCK_FILE, read_lock
from processors.contract.schema_registry import RegistryIds


def unlocked(folder: Path = FOLDER) -> list[str]:
    """What the lock file lacks: records that changed since their newest release, and subjects without an id."""
    lock, found = read_lock(folder), []
    for subject, name in subjects():
        versions = lock.get(subject)
        if not versions:
            found.append(f"{subject} has no id")
            continue
        newest = max(map(int, versions))
        released = released_versions(name, folder).get(newest)
        if released is not None and normal_form(released) != normal_form(read_schema(name, folder)):
            found.append(f"{subject}: {name} changed since its release {newest}")
    return found


def subjects() -> list[tuple[str, str]]:
    """All (subject, record name) of the manifest."""
    names = [(topic, record_name(record)) for topic in MANIFEST.values() for record in topic.records]
    return [(subject_of(topic, name), name) for topic, name in names]


def release(folder: Path = FOLDER) -> tuple[list[str], list[Incompatible]]:
    """Make every changed record a released version with an id; give back what was released.

    Nothing is written where a change is incompatible: those come back instead.
    """
    broken = check(folder)
    if broken:
        return [], broken
    lock = read_lock(folder)
    ids = {(e["record"], int(v)): int(e["id"]) for versions in lock.values() for v, e in versions.items()}
    next_id = max(ids.values(), default=100) + 1
    done = []
    for name in sorted({name for _, name in subjects()}):
        releases, current = released_versions(name, folder), read_schema(name, folder)
        newest = max(releases, default=0)
        if newest and normal_form(releases[newest]) == normal_form(current):
            continue
        version = newest + 1
        if (name, version) not in ids:
            ids[name, version] = next_id
            next_id += 1
        path = folder / "released" / f"{name}.{version}.avsc"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((folder / f"{name}.avsc").read_bytes())
        done.append(f"{name} version {version}, id {ids[name, version]}")
    locked = {
        subject: {
            str(version): {"id": schema_id, "record": name}
            for (record, version), schema_id in sorted(ids.items())
            if record == name
        }
        for subject, name in subjects()
    }
    (folder / LOCK_FILE).write_text(json.dumps({"subjects": locked}, indent=2) + "\n", encoding="utf-8")
    return done, []


def register(ids: RegistryIds, folder: Path = FOLDER) -> list[tuple[str, int]]:
    """Register the current schema of every subject: (subject, id) of each. SchemaIdsError where one is refused."""
    return [(subject, ids.register(subject, read_schema(name, folder))) for subject, name in subjects()]
