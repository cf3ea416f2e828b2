"""Faces: layouts as data, a batch checked before card one, previews opened again as real files."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pypdfium2
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image, ImageChops, ImageFilter

from sscard.cli import main
from sscard.errors import Exit, FaceError
from sscard.personalize import people
from sscard.personalize.face import drawing
from sscard.personalize.face.fonts import POINT, Fonts, open_fonts
from sscard.personalize.face.layout import HEIGHT, WIDTH, Kind, Side, layout_names, load_layout
from sscard.personalize.face.photos import Photos
from sscard.personalize.face.placing import pieces, place
from sscard.personalize.sample import PERSON
from sscard.personalize.workspace import create_workspace

DPI = 300
SHIPPED = Path(drawing.__file__).parent / "layouts" / "ssc3.toml"


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    return open_fonts(load_layout().fonts, named=False)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a workspace ``ws`` and a batch ``b.csv`` of three people, to work in."""
    create_workspace(tmp_path / "ws", demo=True, region="990101", seed=1)
    people.write(tmp_path / "b.csv", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_of(path: Path) -> list[dict[str, str]]:
    header, *rows = path.read_text("utf-8").splitlines()
    return [dict(zip(header.split(","), row.split(","), strict=True)) for row in rows]


def photo(path: Path, colour: str = "blue", size: tuple[int, int] = (220, 280)) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def rendered(path: Path, page: int) -> Image.Image:
    with pypdfium2.PdfDocument(path) as document:
        return document[page].render(scale=DPI / 72).to_pil().convert("RGB")


def apart(one: Image.Image, other: Image.Image) -> int:
    """Dots in which two pictures differ, edges of letters aside, which each renderer smooths in its own way."""
    soft = [image.convert("L").filter(ImageFilter.GaussianBlur(3)) for image in (one, other)]
    return sum(ImageChops.difference(*soft).histogram()[40:])


def changed_layout(folder: Path, old: str, new: str) -> str:
    text = SHIPPED.read_text("utf-8")
    assert old in text
    path = folder / "own.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return str(path)


def dark(image: Image.Image, box: tuple[float, float, float, float]) -> int:
    """Dark dots in a box given in millimetres: left, top, right, bottom."""
    left, top, right, bottom = (round(length * DPI / 25.4) for length in box)
    return sum(image.crop((left, top, right, bottom)).convert("L").histogram()[:128])


def test_a_picture_has_the_size_of_a_card(desk: Path) -> None:
    for dpi, size in ((300, (1011, 638)), (600, (2022, 1275))):
        assert main(["face", "--out", "s.png", "--dpi", str(dpi), "--force"]) == Exit.OK
        with Image.open(desk / "s.png") as image:
            assert image.format == "PNG"
            assert image.size == size
            assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.01)


def test_picture_and_page_show_the_same(desk: Path) -> None:
    photo(desk / "photos" / f"{rows_of(desk / 'b.csv')[1]['ssn']}.png")
    words = ["face", "b.csv", "--seq", "2", "--workspace", "ws", "--photos", "photos", "--yes", "--out"]
    assert main([*words, "c.pdf"]) == Exit.OK
    with pypdfium2.PdfDocument(desk / "c.pdf") as document:
        assert len(document) == 2
        for page in document:
            assert page.get_size() == pytest.approx((WIDTH / POINT, HEIGHT / POINT), abs=0.01)
    for number, side in enumerate(("front", "back")):
        assert main([*words, f"{side}.png", "--side", side]) == Exit.OK
        with Image.open(desk / f"{side}.png") as picture:
            page_image = rendered(desk / "c.pdf", number).resize(picture.size)
            assert dark(picture.convert("RGB"), (0, 0, WIDTH, HEIGHT)) > 500
            assert apart(picture, page_image) == 0
    assert (desk / "c.pdf").read_bytes()[:5] == b"%PDF-"


def test_the_check_finds_picture_and_page_that_differ(desk: Path) -> None:
    """What the comparison above would say of two people's faces."""
    for seq in (1, 2):
        assert (
            main(["face", "b.csv", "--seq", str(seq), "--workspace", "ws", "--yes", "--out", f"{seq}.png"]) == Exit.OK
        )
    with Image.open(desk / "1.png") as one, Image.open(desk / "2.png") as two:
        assert apart(one, two) > 1000


def test_the_photo_stands_in_its_box_with_its_proportions(desk: Path) -> None:
    photo(desk / "photos" / "1.png", "red", (200, 280))
    layout = load_layout()
    (element,) = [element for element in layout.elements if element.kind is Kind.PHOTO]
    with Image.open(desk / "photos" / "1.png") as source:
        content = drawing.png(pieces(layout, Side.BACK, PERSON, Fonts(())), source.convert("RGB"), DPI)
    (desk / "p.png").write_bytes(content)
    with Image.open(desk / "p.png") as image:
        left, top, right, bottom = (length * 25.4 / DPI for length in ImageChops.invert(image).getbbox() or ())
    assert (right - left) / (bottom - top) == pytest.approx(200 / 280, abs=0.01)
    assert (bottom - top) == pytest.approx(element.h, abs=0.1)
    assert left >= element.x
    assert right <= element.x + element.w


def test_without_a_photo_its_place_is_shown(desk: Path) -> None:
    assert main(["face", "--out", "s.png"]) == Exit.OK
    with Image.open(desk / "s.png") as image:
        assert image.getpixel((round(17 * DPI / 25.4), round(16 * DPI / 25.4))) == (205, 205, 205)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_text_stays_in_its_box(desk: Path, fonts: Fonts, turn: int) -> None:
    where = (40.0, 10.0, 8.0, 30.0) if turn % 180 else (20.0, 20.0, 30.0, 8.0)
    element = load_layout().elements[0]
    from dataclasses import replace

    x, y, w, h = where
    element = replace(element, x=x, y=y, w=w, h=h, rotation=turn, size=12.0, min_size=12.0)
    piece = place(element, "测试左", fonts)
    assert piece.fits
    (desk / "t.png").write_bytes(drawing.png([piece], None, DPI))
    (desk / "t.pdf").write_bytes(drawing.pdf([[piece]], None))
    for image in (Image.open(desk / "t.png"), rendered(desk / "t.pdf", 0)):
        assert dark(image, (0, 0, WIDTH, HEIGHT)) == dark(image, (x, y, x + w, y + h)) > 200


def test_a_long_name_shrinks_down_to_its_least_size(fonts: Fonts) -> None:
    (element,) = [element for element in load_layout().elements if element.source == "name"]
    short, long, longer = (place(element, "测" * count, fonts) for count in (3, 16, 60))
    assert (short.size, short.fits) == (element.size, True)
    assert element.min_size <= long.size < element.size
    assert long.fits
    assert not longer.fits
    assert fonts.width("测" * 16) * long.size * POINT <= element.w


def test_every_character_of_the_batch_is_looked_for_before_card_one(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people.write(desk / "r.csv", 200)
    rare: dict[str, list[int]] = {}
    for row in rows_of(desk / "r.csv"):
        for character in set(row["name"]) & set(people._RARE):
            rare.setdefault(character, []).append(int(row["seq"]))
    assert main(["face", "r.csv", "--check", "--workspace", "ws", "--json"]) == Exit.FAILED
    *found, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["character"]: each["seqs"] for each in found if each["finding"] == "character"} == {
        character: seqs for character, seqs in sorted(rare.items()) if not _has(character)
    }
    assert all(each["lines"] == [seq + 1 for seq in each["seqs"]] for each in found)
    assert found
    assert summary == summary | {"summary": True, "rows": 200, "findings": len(found)}
    assert main(["face", "r.csv", "--seq", "1", "--out", "c.png", "--yes", "--workspace", "ws"]) == Exit.FAILED
    assert "U+" in capsys.readouterr().err
    assert not (desk / "c.png").exists()
    assert not (desk / "ws" / "audit.log").exists()


def _has(character: str) -> bool:
    return open_fonts(load_layout().fonts, named=False).of(character) is not None


def test_a_second_font_brings_what_the_first_lacks(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people.write(desk / "r.csv", 200)
    first = load_layout().fonts[0]
    other = own_font(desk / "rare.ttf", people._RARE)
    words = ["face", "r.csv", "--workspace", "ws", "--font", first]
    assert main([*words, "--check"]) == Exit.FAILED
    assert main([*words, "--font", str(other), "--check"]) == Exit.OK
    assert "200 rows: every character has a glyph" in capsys.readouterr().out
    seq = next(row["seq"] for row in rows_of(desk / "r.csv") if set(row["name"]) & set(people._RARE))
    assert main([*words, "--font", str(other), "--seq", seq, "--out", "c.png", "--yes"]) == Exit.OK
    with Image.open(desk / "c.png") as image:
        assert dark(image, (46, 12, 82, 16.5)) > 200


def own_font(path: Path, characters: str) -> Path:
    """A font whose every character is a block."""
    pen = TTGlyphPen(None)
    for move, point in (("moveTo", (100, 0)), ("lineTo", (100, 800)), ("lineTo", (900, 800)), ("lineTo", (900, 0))):
        getattr(pen, move)(point)
    pen.closePath()
    block, nothing = pen.glyph(), TTGlyphPen(None).glyph()
    names = {ord(character): f"g{ord(character):X}" for character in characters}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf({".notdef": nothing} | dict.fromkeys(names.values(), block))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Blocks", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


def test_no_font_is_said_with_what_to_install(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout = changed_layout(desk, load_layout().fonts[0], "/nowhere/a.ttc")
    Path(layout).write_text(Path(layout).read_text("utf-8").replace("/usr/share/", "/nowhere/"), "utf-8")
    assert main(["face", "--out", "s.png", "--layout", layout]) == Exit.FAILED
    assert "fonts-wqy-microhei" in capsys.readouterr().err
    (desk / "no.ttf").write_bytes(b"no font at all")
    for name in ("no.ttf", "none.ttf", f"{load_layout().fonts[0]}#99"):
        assert main(["face", "--out", "s.png", "--font", name]) == Exit.FAILED
        assert "cannot be used as a font" in capsys.readouterr().err
    assert not (desk / "s.png").exists()


def test_photos_are_checked_row_by_row(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people.write(desk / "b.csv", 6, force=True)
    rows = rows_of(desk / "b.csv")
    folder = desk / "photos"
    photo(folder / f"{rows[0]['ssn']}.png")
    photo(folder / f"{rows[1]['card_no']}.jpg", "green")
    photo(folder / f"{rows[2]['ssn']}.png", "red", (300, 100))
    (folder / f"{rows[3]['ssn']}.jpg").write_bytes(b"GIF89a no photo")
    shutil.copy(folder / f"{rows[0]['ssn']}.png", folder / f"{rows[4]['ssn']}.png")
    assert main(["face", "b.csv", "--check", "--photos", "photos", "--workspace", "ws", "--json"]) == Exit.FAILED
    printed = capsys.readouterr().out
    *found, _ = [json.loads(line) for line in printed.splitlines()]
    assert [(each["finding"], each["seqs"]) for each in found] == [
        ("photo-shape", [3]),
        ("bad-photo", [4]),
        ("same-photo", [5]),
        ("no-photo", [6]),
    ]
    assert [row["ssn"] for row in rows if row["ssn"] in printed] == []
    assert main(["face", "b.csv", "--check", "--photos", "nowhere", "--workspace", "ws"]) == Exit.FAILED


def test_a_row_cannot_name_a_photo_outside_the_folder(desk: Path) -> None:
    from dataclasses import replace

    photo(desk / "photos" / "in.png")
    photo(desk / "out.png")
    photos = Photos(desk / "photos")
    assert photos.find(replace(PERSON, extra={"photo": "in.png"})) == (desk / "photos" / "in.png").resolve()
    for name in ("../out.png", str(desk / "out.png")):
        assert photos.find(replace(PERSON, extra={"photo": name})) is None


def test_a_face_is_shown_only_with_consent_and_the_audit_log_tells(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["face", "b.csv", "--seq", "2", "--out", "c.png", "--workspace", "ws"]
    log = desk / "ws" / "audit.log"
    for answer, code in (("n\n", Exit.REFUSED), ("", Exit.INTERRUPTED)):
        ended = subprocess.run(
            ["sscard", *words], input=answer, capture_output=True, text=True, cwd=desk, env=_environment()
        )
        assert ended.returncode == code, ended.stderr
        assert not (desk / "c.png").exists()
        assert not log.exists()
    assert main([*words, "--yes"]) == Exit.OK
    (line,) = log.read_text("utf-8").splitlines()
    assert "command=face" in line
    assert "seq=2" in line
    person = rows_of(desk / "b.csv")[1]
    assert person["ssn"] not in line
    assert person["name"] not in capsys.readouterr().out + line
    assert (desk / "c.png").stat().st_mode & 0o777 == 0o600
    assert main([*words, "--yes"]) == Exit.REFUSED
    assert len(log.read_text("utf-8").splitlines()) == 1


def _environment() -> dict[str, str]:
    import os
    import sys

    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"}


def test_a_print_job_tells_place_and_text(desk: Path) -> None:
    assert main(["face", "b.csv", "--seq", "3", "--out", "c.json", "--workspace", "ws", "--yes"]) == Exit.OK
    job = json.loads((desk / "c.json").read_text("utf-8"))
    person = rows_of(desk / "b.csv")[2]
    texts = [element["text"] for element in job["elements"]]
    assert {person["ssn"], person["name"], person["card_no"], "2026年6月1日"} <= set(texts)
    assert (job["width_mm"], job["height_mm"], len(job["elements"])) == (85.6, 53.98, len(load_layout().elements))


@pytest.mark.parametrize("wrong", [["--check"], ["b.csv"], ["b.csv", "--out", "c.png"]])
def test_words_that_cannot_be_meant(desk: Path, wrong: list[str]) -> None:
    assert main(["face", *wrong]) == Exit.USAGE


def test_wrong_rows_and_names(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (["b.csv", "--seq", "9", "--out", "c.png", "--yes"], "no row 9"),
        (["b.csv", "--seq", "1", "--out", "c.gif", "--yes"], ".png, .pdf or .json"),
        (["b.csv", "--check", "--layout", "none"], "ssc3"),
        (["b.csv", "--check", "--layout", "none.toml"], "none.toml"),
    ):
        assert main(["face", *words, "--workspace", "ws"]) == Exit.FAILED
        assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("x = 10.0", "x = 30.0", "face-layout"),
        ("x = 10.0", 'x = "ten"', "face-layout"),
        ('side = "front"', 'side = "top"', "face-layout"),
        ('kind = "title"', 'kind = "text"', "face-needs"),
        ('source = "ssn"', 'source = "card_no"', "face-needs"),
        ('source = "ssn"', 'source = "iris"', "face-layout"),
        ('source = "ssn"', 'source = "ssn"\ntext = "x"', "face-layout"),
        ("size = 15.0", "size = 15.0\nmin_size = 20.0", "face-layout"),
        ("size = 15.0", "size = 15.0\nrotation = 45", "face-layout"),
        ("size = 15.0", "size = 15.0\ncolour = 1", "face-layout"),
        ("size = 15.0", "", "face-layout"),
        ("fonts = [", "fonts = [3,", "face-layout"),
        ("[[element]]", "[[element", "face-toml"),
    ],
)
def test_a_wrong_layout_is_told_with_its_place(tmp_path: Path, old: str, new: str, key: str) -> None:
    path = changed_layout(tmp_path, old, new)
    with pytest.raises(FaceError) as caught:
        load_layout(path)
    assert caught.value.key == key
    assert path in str(caught.value)


def test_shipped_layouts_are_sound_and_their_own_words_have_glyphs(fonts: Fonts) -> None:
    assert layout_names() == ["ssc3"]
    layout = load_layout()
    for side in Side:
        assert all(piece.fits for piece in pieces(layout, side, PERSON, fonts))
    assert tomllib.loads(SHIPPED.read_text("utf-8"))["name"] == layout.name
    assert [c for element in layout.elements for c in element.text if fonts.of(c) is None] == []
