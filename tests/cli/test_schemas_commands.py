"""`lotstream schemas`: the check of the schemas that are here, and a registry that is not there."""

from click.testing import CliRunner

from processors.cli import main


def test_the_schemas_that_are_here_are_compatible_with_their_releases() -> None:
    result = CliRunner().invoke(main, ["schemas", "check"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("records are compatible with their releases.\n")


def test_the_check_lists_findings_for_programs_too() -> None:
    result = CliRunner().invoke(main, ["schemas", "check", "--output", "csv"])
    assert (result.exit_code, result.stdout) == (0, "record,field,breaks,mend\n")


def test_registering_needs_a_registry() -> None:
    result = CliRunner().invoke(main, ["schemas", "register"], env={"LOTSTREAM_SCHEMA_REGISTRY": None})
    assert result.exit_code == 2
    assert "expected --schema-registry or LOTSTREAM_SCHEMA_REGISTRY" in result.stderr


def test_a_registry_that_does_not_answer_is_a_clear_message() -> None:
    result = CliRunner().invoke(main, ["schemas", "register", "--schema-registry", "http://127.0.0.1:1"])
    assert result.exit_code == 1
    assert result.stderr.startswith("lotstream: no answer from the schema registry at http://127.0.0.1:1")
