"""`python -m tests.faults.counts.mutant_worker worker …`: the real worker with the bug named in `COUNTS_MUTANT`."""

import os

from tests.faults.counts.mutants import MUTANT, MUTANTS

if __name__ == "__main__":
    MUTANTS[os.environ[MUTANT]].plant()
    from processors.cli import main

    main()
