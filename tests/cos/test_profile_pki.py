"""The PKI application as an option of a profile: what it changes, and that it changes nothing else."""

from __future__ import annotations

import json

import pytest

from sscard.cli import main
from sscard.cos.profile import load_profile, parse_profile
from sscard.cos.profile_diff import changes
from sscard.emulator import image
from sscard.emulator.options import options_for
from sscard.errors import Exit, ProfileError
from sscard.personalize.sample import personalized_card

PLAIN, WITH_PKI = "ssc3-sm4", "ssc3-sm4+overlay-pki"


def tree_of(profile: str) -> dict[str, object]:
    return json.loads(image.dump(personalized_card(profile)))


def test_the_overlay_sets_the_option_and_the_stage_of_certificates_and_nothing_else() -> None:
    plain, with_pki = load_profile(PLAIN), load_profile(WITH_PKI)
    assert (plain.pki_application, with_pki.pki_application) == (False, True)
    assert options_for(with_pki).pki_application
    option, stages = changes(plain, with_pki)
    assert (option.fact, stages.fact) == ("pki_application", "stages")
    assert [each.name for each in with_pki.passes if "certificates" in each.stages] == ["holder"]
    assert not any("certificates" in each.stages for each in plain.passes)


def test_personalization_is_the_same_beside_it() -> None:
    """All but the application itself and the option in its image is byte for byte what it is without."""
    plain, with_pki = tree_of(PLAIN), tree_of(WITH_PKI)
    assert with_pki["options"].pop("pki_application") is True
    added = with_pki["root"]["directories"].pop(0)
    assert (added["name"], added["pki"]) == ("504B492EC9E7BBE1B1A3D5CF", True)
    assert with_pki == plain
    assert "pki" not in json.dumps(plain)


def test_room_on_the_chip(capsys: pytest.CaptureFixture[str]) -> None:
    sums = []
    for name in (PLAIN, WITH_PKI):
        assert main(["profile", "size", name, "--json"]) == Exit.OK
        *rows, total = (json.loads(line) for line in capsys.readouterr().out.splitlines())
        assert sum(row["bytes"] for row in rows) + total["delivered"] == total["bytes"]
        sums.append(total["bytes"])
    assert sums[1] - sums[0] == 2236
    assert main(["--lang", "en", "profile", "size", WITH_PKI]) == Exit.OK
    assert "PKI application, delivered with the card: 2,236 bytes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "key"), [("chip_bytes = 11000", "profile-chip"), ('algorithm = "DES"', "profile-pki")]
)
def test_contradictions(line: str, key: str) -> None:
    profile = f'extends = "ssc3-sm4"\nname = "x"\npki_application = true\n{line}\n'
    with pytest.raises(ProfileError) as error:
        parse_profile(profile.encode(), "x.toml")
    assert error.value.key == key
    parse_profile(profile.replace("true", "false").encode(), "x.toml")


def test_the_option_is_a_truth_value() -> None:
    with pytest.raises(ProfileError):
        parse_profile(b'extends = "ssc3-sm4"\nname = "x"\npki_application = 1\n', "x.toml")
