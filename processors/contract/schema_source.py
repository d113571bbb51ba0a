"""Which source of schema ids a configuration asks for."""

from processors.contract.schema_ids import LockedIds, SchemaIds


def schema_ids(registry_url: str | None) -> SchemaIds:
    """The registry's ids where one is configured, else the lock file's."""
    if not registry_url:
        return LockedIds()
    from processors.contract.schema_registry import RegistryIds  # its client is slow to import

    return RegistryIds(registry_url)
