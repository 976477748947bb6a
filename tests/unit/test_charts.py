"""Charts: small pictures with every language's signs, mirrored where one reads from right to left."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from gateway import charts
from gateway.summary import Drawing

WEEKS = tuple(f"{day} Nov" for day in range(2, 10))
BLUE = (11, 92, 173)


def drawing(title: str = "Requests by week", right_to_left: bool = False, first: int = 3) -> Drawing:
    series = (("sent", (first, 0, 0, 0, 0, 0, 0, 0)), ("received", (0, 0, 0, 0, 0, 0, 0, 7)))
    return Drawing(title, WEEKS, series, right_to_left)


def pixels(of: Drawing) -> Image.Image:
    return Image.open(io.BytesIO(charts.draw(of))).convert("RGB")


def blue(picture: Image.Image) -> set[int]:
    """The columns, at the height of the bars, in which something is as blue as the first series."""
    found = set()
    for x in range(picture.width):
        for y in range(200, 310):
            colour = picture.getpixel((x, y))
            assert isinstance(colour, tuple)
            if sum(abs(one - other) for one, other in zip(colour, BLUE, strict=True)) < 40:
                found.add(x)
    return found


def test_a_chart_is_small_and_has_a_border_and_a_light_ground_in_the_dark_too() -> None:
    octets = charts.draw(drawing())
    assert len(octets) < 15_000
    picture = pixels(drawing())
    assert picture.size == (charts.WIDTH, charts.HEIGHT)
    assert min(picture.getpixel((charts.WIDTH // 2, charts.HEIGHT // 2))) > 240  # type: ignore[type-var, arg-type]
    assert max(picture.getpixel((0, charts.HEIGHT // 2))) < 200  # type: ignore[type-var, arg-type]


def test_time_runs_in_the_direction_of_reading() -> None:
    left, right = blue(pixels(drawing())), blue(pixels(drawing(right_to_left=True)))
    assert max(left) < charts.WIDTH / 4
    assert min(right) > charts.WIDTH * 3 / 4


@pytest.mark.parametrize("signs", ["周查数", "صطع", "жщю", "éñç"])
def test_no_sign_is_drawn_as_an_empty_box(signs: str) -> None:
    assert len({charts.draw(drawing(sign * 6)) for sign in signs}) == len(signs)


def test_weeks_in_which_nothing_happened_are_drawn() -> None:
    nothing = Drawing("x", WEEKS, (("sent", (0,) * 8),), False)
    assert charts.draw(nothing) == charts.draw(nothing)
    assert blue(pixels(nothing)) == set()
