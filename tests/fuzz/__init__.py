"""Fuzzers (atheris, libFuzzer) of everything that reads what people send: `python -m tests.fuzz`, `make fuzz`."""
