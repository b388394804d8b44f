import io
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from marketplace.art import BY_KIND, MOTIFS, motif_of, png, scene, token_art, webp
from marketplace.rights.models import Kind

SVG = "{http://www.w3.org/2000/svg}"


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        return image.size


def colours_of(picture: bytes) -> int:
    with Image.open(io.BytesIO(picture)) as image:
        return len(image.convert("RGB").resize((60, 45)).getcolors(2700) or [])


@pytest.mark.parametrize("motif", sorted(MOTIFS))
def test_the_same_seed_draws_the_same_picture(motif: str) -> None:
    assert scene(motif, 7) == scene(motif, 7)


@pytest.mark.parametrize("motif", sorted(MOTIFS))
def test_every_motif_is_a_real_picture_of_the_right_shape(motif: str) -> None:
    picture = png(scene(motif, 7), 120)
    assert size_of(picture) == (120, 90)
    assert colours_of(picture) > 25


@pytest.mark.parametrize("motif", sorted(MOTIFS))
def test_no_picture_needs_a_font_a_style_or_anything_from_elsewhere(motif: str) -> None:
    tree = ET.fromstring(scene(motif, 7))  # noqa: S314 - our own drawing
    assert {element.tag.removeprefix(SVG) for element in tree.iter()}.isdisjoint(
        {"text", "image", "style", "script", "use"}
    )
    assert [name for element in tree.iter() for name in element.attrib if "href" in name or name == "style"] == []


def test_every_name_defined_in_a_drawing_is_defined_once() -> None:
    tree = ET.fromstring(token_art("card", 3, 27, 100))  # noqa: S314 - our own drawing
    names = [element.attrib["id"] for element in tree.iter() if "id" in element.attrib]
    assert len(names) == len(set(names))


def test_another_seed_draws_another_picture() -> None:
    assert scene("mountain_day", 1) != scene("mountain_day", 2)


def test_every_kind_of_right_has_pictures() -> None:
    assert set(BY_KIND) == {str(kind) for kind in Kind}
    for kind in Kind:
        assert motif_of(str(kind), 5) in BY_KIND[str(kind)]


def test_a_picture_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        scene("castle", 1)


@pytest.mark.parametrize("kind", sorted(BY_KIND))
def test_two_tokens_of_one_series_look_different(kind: str) -> None:
    assert token_art(kind, 3, 1, 100) != token_art(kind, 3, 2, 100)
    assert token_art(kind, 3, 1, 100) == token_art(kind, 3, 1, 100)


@pytest.mark.parametrize(
    ("kind", "size"),
    [("resident", (400, 253)), ("card", (400, 560)), ("naming", (400, 300)), ("certificate", (400, 300))],
)
def test_a_token_has_the_shape_of_what_it_is(kind: str, size: tuple[int, int]) -> None:
    assert size_of(png(token_art(kind, 3, 27, 100), 400)) == size


def test_webp_has_the_size_asked_for_and_is_smaller_than_png() -> None:
    drawing = scene("canoe", 5)
    small = webp(drawing, 480)
    assert size_of(small) == (480, 360)
    assert len(small) < len(png(drawing, 480))
