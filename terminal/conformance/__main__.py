"""``make conformance``: the page of the cases, and the results that the release brings along."""

from pathlib import Path

from terminal.conformance.benches import BENCHES
from terminal.conformance.page import PAGE, text
from terminal.conformance.proof import SHIPPED, code_of, keep, proof_of
from terminal.conformance.run import run_kit

Path(PAGE).write_text(text(), "utf-8")
for bench in BENCHES.values():
    keep(proof_of(run_kit(bench()), code_of()), SHIPPED)
