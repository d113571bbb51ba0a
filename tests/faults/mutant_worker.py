"""`python -m tests.faults.mutant_worker worker ledger …`: the real worker with the bug named in `FAULTS_MUTANT`."""

import os

from tests.faults.mutants import MUTANT, MUTANTS

if __name__ == "__main__":
    MUTANTS[os.environ[MUTANT]].plant()
    from processors.cli import main

    main()
