"""Settings of the processes: from the command, the environment, a TOML file, in this order; all errors told at once.

Names are those of the fields; in the environment upper-case with `LOTSTREAM_` before them.
"""

import difflib
import json
import os
import re
import tomllib
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX: Final = "LOTSTREAM_"
CONFIG_VARIABLE: Final = "LOTSTREAM_CONFIG"
HIDDEN: Final = "***"
SECRET_OPTIONS: Final = ("password", "secret", "key.pem", "oauthbearer.config")
OTHER_NAMES: Final = {
    "bootstrap_servers": ("BOOTSTRAP_SERVERS",),
    "schema_registry_url": ("LOTSTREAM_SCHEMA_REGISTRY",),
}
"""Further environment variables of a field, asked after its own."""
OWN_OPTIONS: Final = frozenset(
    [
        "bootstrap.servers",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "isolation.level",
        "group.id",
        "group.instance.id",
        "transactional.id",
        "transaction.timeout.ms",
        "session.timeout.ms",
        "enable.idempotence",
        "acks",
        "partitioner",
        "partition.assignment.strategy",
    ]
)
"""librdkafka options on which exactly-once rests, or that have a setting of their own."""
Source = PydanticBaseSettingsSource
_file: Final[ContextVar[Path | None]] = ContextVar("settings file", default=None)


def _named(field: str) -> AliasChoices:
    return AliasChoices(f"{PREFIX}{field.upper()}", *OTHER_NAMES[field], field)


class SettingsInvalid(Exception):
    """The configuration cannot be used; `errors` names each wrong setting with what was expected and what came."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(f"{len(errors)} wrong settings: " + "; ".join(errors) if len(errors) > 1 else errors[0])
        self.errors = errors
        self.code = "settings-invalid"


class Settings(BaseSettings):
    """What a process is told from outside. Shown (`repr`, `shown`) without secrets."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", populate_by_name=True, env_ignore_empty=True
    )

    bootstrap_servers: str = Field("127.0.0.1:9092", min_length=1, validation_alias=_named("bootstrap_servers"))
    """Brokers to ask first, `host:port,…`."""
    kafka: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """Further librdkafka options of every client, above all security; in the environment as a JSON object."""
    schema_registry_url: str | None = Field(None, validation_alias=_named("schema_registry_url"))
    """A Confluent-compatible registry; absent = schema ids come from the lock file."""
    redis_url: str = Field("redis://127.0.0.1:6379/0", pattern=r"^(rediss?|unix)://")
    """The counters' server, with its password if it has one; it must run with `maxmemory-policy noeviction`."""
    redis_prefix: str = Field("lotstream", pattern=r"^[^{}\s]+$")
    """Before every key in Redis, one a cluster."""
    partitions: int = Field(12, ge=1, le=1024)
    """Tasks of a processor; chosen once for a cluster."""
    state_dir: Path = Path(".lotstream/state")
    """Where workers keep their stores, a directory for each slot; all of it can be made anew from the registers."""
    store: Literal["rocksdb", "memory"] = "rocksdb"
    """`memory`: nothing on disk, every start reads the registers from their beginning."""
    slots: int = Field(1, ge=1, le=256)
    """Worker processes to run here."""
    slot: int = Field(0, ge=0, le=9999)
    """Number of the first of them, which its transactional id and its group instance id carry."""
    batch_max: int = Field(1000, ge=1, le=100_000)
    """Messages in a transaction."""
    weight_max: int = Field(20_000, ge=1, le=1_000_000)
    """Pieces, lots and rows in a transaction."""
    pieces_max: int = Field(50_000, ge=1, le=1_000_000)
    """Serials in one movement."""
    transaction_timeout_ms: int = Field(10_000, ge=1000, le=900_000)
    """After this time the broker aborts what a dead worker left open; until then its records hold up readers."""
    session_timeout_ms: int = Field(10_000, ge=1000, le=1_800_000)
    """After this time without a sign of life a worker's tasks go to the others."""
    metrics_host: str = "127.0.0.1"
    """Where `/metrics`, `/livez` and `/readyz` listen; `0.0.0.0` for a scraper on another machine."""
    metrics_port: int = Field(9464, ge=0, le=65_535)
    """Of the first slot, the next ones follow; 0 = a free one."""
    edge_host: str = "127.0.0.1"
    """Where the edge listens; beyond loopback it needs `edge_tokens`."""
    edge_port: int = Field(8080, ge=0, le=65_535)
    """Of the edge's console and API; 0 = a free one."""
    edge_tokens: Path | None = None
    """The edge's tokens file (`lotstream edge token`); absent = whoever reaches the edge may do everything."""
    edge_rate_per_s: float = Field(50.0, gt=0, le=1_000_000)
    """Requests a second that the edge takes of one caller, four times as many at once."""
    edge_body_bytes_max: int = Field(8 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    """Largest body that the edge takes."""
    database_url: str | None = Field(None, pattern=r"^(sqlite:///|postgres(ql)?(\+psycopg)?://)")
    """The edge's registers, `sqlite:///FILE` or `postgresql://user@host/database`; absent = a file in `state_dir`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least grave records that are logged."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`auto`: JSON unless standard error is a terminal."""

    @field_validator("kafka", mode="before")
    @classmethod
    def _kafka_from_json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('expected a JSON object such as {"security.protocol": "SASL_SSL"}') from None

    @field_validator("kafka")
    @classmethod
    def _kafka_leaves_ours_alone(cls, value: dict[str, str]) -> dict[str, str]:
        ours = [name for name in value if name.replace("_", ".") in OWN_OPTIONS]
        if ours:
            raise ValueError(f"{', '.join(ours)} is set by lotstream itself: what it promises depends on it")
        return value

    @model_validator(mode="after")
    def _ports_suffice(self) -> "Settings":
        if self.metrics_port and self.metrics_port + self.slots - 1 > 65_535:
            raise ValueError(f"metrics_port {self.metrics_port} leaves no room for {self.slots} slots")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        *_others: Source,
        **_: Source,
    ) -> tuple[Source, ...]:
        file = _file.get()
        return (init_settings, env_settings, *([TomlConfigSettingsSource(settings_cls, file)] if file else []))

    def shown(self) -> dict[str, Any]:
        """All settings as they may be printed: passwords and keys as `***`."""
        values = self.model_dump()
        values["kafka"] = {name: HIDDEN if _is_secret(name) else value for name, value in self.kafka.items()}
        for name in ("redis_url", "schema_registry_url", "database_url"):
            values[name] = values[name] and redact_url(values[name])
        return values

    def __repr_args__(self) -> Any:
        return self.shown().items()


def load_settings(config: Path | None = None, **given: Any) -> Settings:
    """The settings of this process.

    config: a TOML file, instead of the one that `LOTSTREAM_CONFIG` names. given: from the command; None = not given.
    Raises SettingsInvalid with every error.
    """
    named = config or os.environ.get(CONFIG_VARIABLE)
    file, errors = (Path(named) if named else None), _mistyped_variables()
    if file is not None:
        try:
            tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            errors.append(f"the configuration file {file} cannot be read: {error}")
            file = None
    reset = _file.set(file)
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        errors.extend(_told(each) for each in error.errors(include_url=False))
    finally:
        _file.reset(reset)
    if errors:
        raise SettingsInvalid(errors)
    return settings


def redact_url(url: str) -> str:
    """The URL with its password, if it has one, as `***`."""
    return re.sub(r"(://[^:/@]*):[^@/]*@", rf"\1:{HIDDEN}@", url)


def _told(error: Any) -> str:
    """One line of a validation error: the variable's name, what was expected, what came (unless it may be a secret)."""
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    name, *inner = (str(part) for part in error["loc"])
    field = name.removeprefix(PREFIX).lower()
    where = ".".join([PREFIX + field.upper(), *inner])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(field, Settings.model_fields, 1)
        return f"{name}: no such setting" + (f"; is {near[0]} meant?" if near else "")
    expected = str(error["msg"]).removeprefix("Value error, ").replace("Input should", "it should")
    came = HIDDEN if field in ("kafka", "redis_url", "schema_registry_url", "database_url") else repr(error["input"])
    return f"{where}: {expected}, got {came}"


def _mistyped_variables() -> list[str]:
    """Variables that are no setting but look like one: silently passing them over would run with a default."""
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    known |= {name for names in OTHER_NAMES.values() for name in names}
    errors = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, 1, cutoff=0.9)
            if near:
                errors.append(f"{name}: no such setting; is {near[0]} meant?")
    return errors


def _is_secret(option: str) -> bool:
    return any(word in option.replace("_", ".") for word in SECRET_OPTIONS)
