"""`gsp stats --quality`: the criteria of R22 for all Parties, or for what one asks and is asked."""

from __future__ import annotations

import pytest

from tests.cli.running import gsp
from tests.support.focalpoint import SE_UIM, FocalPoint, request


@pytest.fixture
def evaluated(point: FocalPoint) -> FocalPoint:
    """A request of Kenya's with a damaged line, answered by Sweden and evaluated by both."""
    number = point.send("officer", request(SE_UIM, "4.6E+12"))["exchange"]
    point.send("desk.se", f"GSP REPLY\n\nExchange: {number}/SE\n\nUIM: {SE_UIM}\nStatus: valid\n(b): Plant 7\n")
    point.send("officer", f"GSP EVALUATION\n\nExchange: {number}/SE\nUsefulness: 4\n")
    point.send("desk.se", f"GSP EVALUATION\n\nExchange: {number}/SE\nRequest clear: yes\n")
    return point


def test_values_come_with_the_cases_they_rest_on_and_without_a_threshold(evaluated: FocalPoint) -> None:
    year = ("--period", f"{evaluated.clock():%Y}", "--quality")
    told = gsp("stats", *year, "--json", home=evaluated.home).json
    assert told["from"].endswith("-01-01")
    (everybody,) = told["quality"]
    values = {one["criterion"]: (one["value"], one["rests_on"]) for one in everybody["criteria"] if one["rests_on"]}
    assert values["malformed lines in requests"] == (0.5, 2)
    assert values["right recipient at first try"] == (1.0, 1)
    assert (values["answers: usefulness"], values["requests called clear"]) == ((4.0, 1), (1.0, 1))
    assert {one["threshold"] for one in everybody["criteria"]} == {None}

    shown = gsp("stats", *year, "--party", "SE", home=evaluated.home).flat
    assert "What SE asks" in shown
    assert "answers: usefulness 4.00 of 5 1 no threshold agreed" in shown


def test_it_prints_a_table_or_json_only(point: FocalPoint) -> None:
    assert gsp("stats", "--quality", "--format", "csv", home=point.home).status == 2
