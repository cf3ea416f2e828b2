"""Loading vector files: form errors name file, line and vector."""

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.conformance import vectors
from sscard.conformance.pattern import AnswerPattern
from sscard.conformance.vectors import _elements, load
from sscard.errors import Exit, VectorFileError

RULE: dict[str, Any] = {
    "id": "one",
    "rule": "card-number",
    "requires": "numbers",
    "origin": "self",
    "source": "made for the test",
    "given": {"body": "T0000004"},
    "expect": {"check": "4"},
}
CARD: dict[str, Any] = {
    "id": "two",
    "level": "apdu",
    "requires": "card",
    "origin": "self",
    "source": "made for the test",
    "exchange": [{"send": "0084000008", "expect": "* 9000"}],
}


def written(folder: Path, text: str | list[object]) -> Path:
    path = folder / "v.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text, indent=2), encoding="utf-8")
    return path


def refused(path: Path) -> VectorFileError:
    with pytest.raises(VectorFileError) as raised:
        load((path,))
    assert raised.value.exit_code is Exit.USAGE
    assert raised.value.fields["file"] == str(path)
    assert all(raised.value.parts("zh"))
    assert all(raised.value.parts("en"))
    return raised.value


def test_both_levels_load_with_their_lines(tmp_path: Path) -> None:
    rule, card = load((written(tmp_path, [RULE, CARD]),))
    assert (rule.id, rule.line, card.id, card.line) == ("one", 2, "two", 15)
    assert rule.expect == {"check": "4"}
    assert card.exchange[0].send == bytes.fromhex("0084000008")


def test_an_empty_array_holds_nothing(tmp_path: Path) -> None:
    assert load((written(tmp_path, " [ ] \n"),)) == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("{}", 1),
        ("[\n{}", 2),
        ('[\n{"id": "a",\n"rule" 3}]', 3),
        ("[1,\n]", 2),
        ("[]\n[]", 2),
        ('[{"id":\n\n"a"', 3),
    ],
)
def test_broken_json_names_the_line(tmp_path: Path, text: str, line: int) -> None:
    error = refused(written(tmp_path, text))
    if error.key == "vector-json":
        assert error.fields["line"] == line
    else:
        assert error.key == "vector-form"


@pytest.mark.parametrize("text", ["", "{}", "[]\n[]", "[\n", "[,]"])
def test_what_is_no_array_is_refused_as_json(tmp_path: Path, text: str) -> None:
    assert refused(written(tmp_path, text)).key == "vector-json"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": ""}, "id"),
        ({"requires": None}, "requires"),
        ({"origin": "heard"}, "origin"),
        ({"source": 3}, "source"),
        ({"rule": None}, "rule"),
        ({"expect": {}}, "expect"),
        ({"expect": []}, "expect"),
        ({"given": "x"}, "given"),
        ({"steps": 1}, "steps"),
        ({"negative": "yes"}, "negative"),
        ({"note": 1}, "note"),
        ({"level": "card"}, "level"),
        ({"expected": {}}, "expected"),
        ({"exchange": []}, "level"),
    ],
)
def test_a_rule_vector_of_the_wrong_form(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    error = refused(written(tmp_path, [{**RULE, "id": "fine"}, {**RULE, **change}]))
    assert error.key == "vector-form"
    assert error.fields["reason"] == reason
    assert error.fields["line"] == 15
    assert error.fields["id"] == ("?" if change.get("id") == "" else "one")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exchange": []}, "exchange"),
        ({"exchange": {}}, "exchange"),
        ({"exchange": ["0084000008"]}, "exchange"),
        ({"exchange": [{"send": "0084000008"}]}, "exchange"),
        ({"exchange": [{"send": 1, "expect": "9000"}]}, "exchange"),
        ({"exchange": [{"send": "008400000", "expect": "9000"}]}, "non-hexadecimal"),
        ({"exchange": [{"send": "00840000080000", "expect": "9000"}]}, "APDU"),
        ({"exchange": [{"send": "0084000008", "expect": "90"}]}, "status pattern 90"),
        ({"exchange": [{"send": "0084000008", "expect": ""}]}, "status pattern"),
        ({"exchange": [{"send": "0084000008", "expect": "ABC 9000"}]}, "data pattern ABC"),
        ({"exchange": [{"send": "0084000008", "expect": "XY 9000"}]}, "data pattern XY"),
        ({"card": "golden"}, "card"),
        ({"effects": ["explodes"]}, "effects"),
        ({"rule": "card-number"}, "level"),
    ],
)
def test_a_card_vector_of_the_wrong_form(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    error = refused(written(tmp_path, [{**CARD, **change}]))
    assert error.key == "vector-form"
    assert reason in str(error.fields["reason"])


@pytest.mark.parametrize(
    ("send", "effect"),
    [
        ("0020000003123456", "spends-try"),
        ("00DC0328060304332E3030", "writes"),
        ("80E00200", "writes"),
        ("841600000411223344", "writes"),
        ("0001000000", "writes"),
    ],
)
def test_effects_must_be_owned_up_to(tmp_path: Path, send: str, effect: str) -> None:
    vector = {**CARD, "exchange": [{"send": send, "expect": "9000"}]}
    assert refused(written(tmp_path, [vector])).fields["reason"] == f"effects: {effect}"
    honest = {**vector, "effects": ["writes", "spends-try", "irreversible"]}
    assert load((written(tmp_path, [honest]),))[0].effects == {"writes", "spends-try", "irreversible"}


@pytest.mark.parametrize("element", [1, "x", None, []])
def test_an_element_that_is_no_object(tmp_path: Path, element: object) -> None:
    assert refused(written(tmp_path, [element])).fields["reason"] == "not an object"


def test_an_id_twice_also_over_two_files(tmp_path: Path) -> None:
    error = refused(written(tmp_path, [RULE, RULE]))
    assert (error.key, error.fields["id"], error.fields["line"]) == ("vector-twice", "one", 15)
    other = tmp_path / "w.json"
    other.write_text(json.dumps([RULE]), encoding="utf-8")
    with pytest.raises(VectorFileError) as raised:
        load((written(tmp_path, [RULE]), other))
    assert raised.value.fields["file"] == str(other)


def test_unreadable_files(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.json").key == "vector-unreadable"
    latin = tmp_path / "latin.json"
    latin.write_bytes(b'["\xff\xfe"]')
    assert refused(latin).key == "vector-unreadable"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(JSON, max_size=5), st.sampled_from([None, 1, 2]))
def test_elements_are_what_json_reads(values: list[object], indent: int | None) -> None:
    text = json.dumps(values, indent=indent)
    found = list(_elements(text))
    assert [value for _, value in found] == values
    if indent:
        lines = text.split("\n")
        assert all(lines[line - 1].startswith(json.dumps(value)[:1], indent) for line, value in found)


@pytest.mark.parametrize(
    ("pattern", "data", "sw", "fits"),
    [
        ("9000", "", 0x9000, True),
        ("9000", "AA", 0x9000, False),
        ("9000", "", 0x9001, False),
        ("* 9000", "", 0x9000, True),
        ("* 9000", "AABB", 0x9000, True),
        ("AA.. 9000", "AABB", 0x9000, True),
        ("AA.. 9000", "AA", 0x9000, False),
        ("AA.. 9000", "BBAA", 0x9000, False),
        ("A. 9000", "AF", 0x9000, True),
        ("01 * 03 9000", "0103", 0x9000, True),
        ("01 * 03 9000", "01020203", 0x9000, True),
        ("01 * 03 9000", "01020302", 0x9000, False),
        ("* 1234 * 9000", "01123400", 0x9000, True),
        ("* 1234 * 9000", "0112304F", 0x9000, False),
        ("* 1234 * 9000", "01234F", 0x9000, False),
        ("63C.", "", 0x63C5, True),
        ("63C.", "", 0x63D5, False),
        ("6A80-6A88", "", 0x6A80, True),
        ("6A80-6A88", "", 0x6A88, True),
        ("6A80-6A88", "", 0x6A89, False),
        ("6700|6A86", "", 0x6A86, True),
        ("6700|6A86", "", 0x6A82, False),
        ("6a82", "", 0x6A82, True),
    ],
)
def test_patterns(pattern: str, data: str, sw: int, fits: bool) -> None:
    assert AnswerPattern.parse(pattern).matches(bytes.fromhex(data), sw) is fits


@given(st.binary(max_size=20), st.integers(0, 0xFFFF))
def test_an_answer_fits_itself_and_no_other_status(data: bytes, sw: int) -> None:
    pattern = AnswerPattern.parse(f"{data.hex()} {sw:04X}")
    assert pattern.matches(data, sw)
    assert not pattern.matches(data, sw ^ 1)
    assert not pattern.matches(data + b"\0", sw)


class Installed:
    """An entry of the installed package's list of files."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name

    def locate(self) -> Path:
        return self.path

    def __str__(self) -> str:
        return self.name


def test_where_the_files_are_without_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed with the package; and beside it, where an installer moved them without saying so."""
    monkeypatch.setattr(vectors, "__file__", str(tmp_path / "site" / "sscard" / "conformance" / "vectors.py"))
    prefix, beside = tmp_path / "share/sscard/vectors", tmp_path / "site/share/sscard/vectors"
    for folder in (prefix, beside):
        folder.mkdir(parents=True)
        (folder / "b.json").touch()
        (folder / "a.json").touch()
    entries = [
        Installed(prefix / name, f"../share/sscard/vectors/{name}") for name in ("b.json", "a.json", "gone.json")
    ]
    entries.append(Installed(prefix / "a.json", "sscard/keys/catalog.toml"))
    monkeypatch.setattr(vectors, "files", lambda package: entries)
    assert vectors.default_files() == (prefix / "a.json", prefix / "b.json")
    monkeypatch.setattr(vectors, "files", lambda package: None)
    assert vectors.default_files() == (beside / "a.json", beside / "b.json")
    (beside / "a.json").unlink()
    (beside / "b.json").unlink()

    def absent(package: str) -> None:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(vectors, "files", absent)
    assert vectors.default_files() == ()
