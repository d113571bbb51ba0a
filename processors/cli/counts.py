"""`lotstream counts`: inventories and their lists, opened, closed and looked at."""

import click

from processors.cli import count_commands, count_views


@click.group()
def counts() -> None:
    """Physical inventories: open them, close them, see what differs. Counting itself: lotstream count.

    A command that changes something waits for its answer, and ends with exit code 3 where it is refused.
    """


for each in (*count_commands.COMMANDS, *count_views.COMMANDS):
    counts.add_command(each)
