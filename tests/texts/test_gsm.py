"""How much room a text takes on the network."""

from __future__ import annotations

import pytest

from referral.texts.gsm import NotGsm, is_gsm, parts, septets


@pytest.mark.parametrize(("text", "length"), [("", 0), ("Habari", 6), ("a\nb", 3), ("@£è", 3), ("€", 2), ("[ok]", 6), ("{x} ~^|\\", 14)])
def test_extension_characters_count_twice(text, length):
    assert septets(text) == length


@pytest.mark.parametrize("character", ["\u2019", "í", "ĩ", "\u2013", "\u2026", "`", "\t", "\u00a0", "🙏", "\x00", "\x1b"])
def test_a_character_the_network_cannot_carry_is_named(character):
    with pytest.raises(NotGsm) as refused:
        septets("ng" + character + "ombe")
    assert refused.value.character == character
    assert f"U+{ord(character):04X}" in str(refused.value)
    assert not is_gsm(character)


@pytest.mark.parametrize(("text", "count"), [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2)])
def test_a_text_of_one_part_holds_160_and_each_of_several_153(text, count):
    assert parts(text) == count


def test_no_extension_pair_is_cut_in_two():
    assert parts("a" * 152 + "€" + "a" * 152) == 3  # 306 septets, but the sign moves whole to the second part
    assert parts("a" * 151 + "€" + "a" * 153) == 2
    assert parts("€" * 153) == 3  # 76 whole signs a part, not 76 and a half


def test_kiswahili_is_carried_as_it_is_written():
    assert is_gsm("Ng'ombe wa Mwang'ombe, je?")
