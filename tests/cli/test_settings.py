"""Settings: where they come from, every error told at once by its variable's name, no secret shown."""

from pathlib import Path

import pytest

from processors.cli.settings import Settings, SettingsInvalid, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*(f"LOTSTREAM_{field.upper()}" for field in Settings.model_fields), "BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("LOTSTREAM_CONFIG", raising=False)


def test_the_command_comes_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lotstream.toml"
    file.write_text('slots = 2\npartitions = 3\nredis_prefix = "file"\n[kafka]\n"security.protocol" = "SSL"\n')
    monkeypatch.setenv("LOTSTREAM_CONFIG", str(file))
    monkeypatch.setenv("LOTSTREAM_PARTITIONS", "4")
    monkeypatch.setenv("LOTSTREAM_REDIS_PREFIX", "environment")
    settings = load_settings(redis_prefix="command", store=None)
    assert (settings.slots, settings.partitions, settings.redis_prefix) == (2, 4, "command")
    assert settings.kafka == {"security.protocol": "SSL"}
    assert settings.store == "rocksdb"


def test_the_usual_variable_for_brokers_is_taken_after_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTSTRAP_SERVERS", "usual:9092")
    assert load_settings().bootstrap_servers == "usual:9092"
    monkeypatch.setenv("LOTSTREAM_BOOTSTRAP_SERVERS", "own:9092")
    assert load_settings().bootstrap_servers == "own:9092"


def test_every_error_of_a_configuration_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lotstream.toml"
    file.write_text("slotss = 3\nbatch_max = 0\n")
    monkeypatch.setenv("LOTSTREAM_PARTITIONS", "twelve")
    monkeypatch.setenv("LOTSTREAM_KAFKA", "{")
    monkeypatch.setenv("LOTSTREAM_STORE", "disk")
    monkeypatch.setenv("LOTSTREAM_REDISURL", "redis://other")
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(file)
    assert sorted(refused.value.errors) == [
        "LOTSTREAM_BATCH_MAX: it should be greater than or equal to 1, got 0",
        'LOTSTREAM_KAFKA: expected a JSON object such as {"security.protocol": "SASL_SSL"}, got ***',
        "LOTSTREAM_PARTITIONS: it should be a valid integer, unable to parse string as an integer, got 'twelve'",
        "LOTSTREAM_REDISURL: no such setting; is LOTSTREAM_REDIS_URL meant?",
        "LOTSTREAM_STORE: it should be 'rocksdb' or 'memory', got 'disk'",
        "slotss: no such setting; is slots meant?",
    ]


def test_a_file_that_is_not_toml_is_told_with_its_name_and_line(tmp_path: Path) -> None:
    file = tmp_path / "lotstream.toml"
    file.write_text("slots = \n")
    with pytest.raises(SettingsInvalid, match=r"lotstream\.toml cannot be read: .*line 1"):
        load_settings(file)
    with pytest.raises(SettingsInvalid, match="No such file"):
        load_settings(tmp_path / "absent.toml")


@pytest.mark.parametrize("option", ["acks", "isolation.level", "transactional.id", "partitioner"])
def test_options_on_which_exactly_once_rests_cannot_be_overridden(option: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"{option} is set by lotstream itself"):
        load_settings(kafka={option: "x"})


def test_secrets_are_never_shown() -> None:
    settings = load_settings(
        redis_url="rediss://worker:hunter2@cache:6380/0",
        schema_registry_url="https://me:hunter2@registry",
        kafka={"sasl.username": "me", "sasl.password": "hunter2", "ssl.key.password": "hunter2"},
    )
    for shown in (repr(settings), str(settings), str(settings.shown())):
        assert "hunter2" not in shown
    assert settings.shown()["redis_url"] == "rediss://worker:***@cache:6380/0"
    assert settings.shown()["kafka"]["sasl.username"] == "me"
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(redis_url="http://:hunter2@cache")
    assert "hunter2" not in str(refused.value)
