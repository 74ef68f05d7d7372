"""The ways in which a number could have been kept: written, encoded, packed and hashed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator

HASHES: dict[str, Callable[[bytes], bytes]] = {
    "md5": lambda raw: hashlib.md5(raw).digest(),
    "sha1": lambda raw: hashlib.sha1(raw).digest(),
    "sha256": lambda raw: hashlib.sha256(raw).digest(),
    "sha512": lambda raw: hashlib.sha512(raw).digest(),
    "blake2b": lambda raw: hashlib.blake2b(raw).digest(),
    "blake2s": lambda raw: hashlib.blake2s(raw).digest(),
    "sha3": lambda raw: hashlib.sha3_256(raw).digest(),
}
HEAD = 8
"""A digest is looked for by so many bytes of its beginning: one that was cut short down to these is found too."""


def forms(number: str) -> dict[str, str]:
    """+254700000123, and the three other ways in which people and machines write it."""
    return {"e164": number, "digits": number[1:], "national": "0" + number[4:], "bare": number[4:]}


def spellings(number: str) -> dict[str, bytes]:
    """Every spelling of a number (+254…) by its name; no two are the same bytes."""
    found: dict[str, bytes] = {}
    seen: set[bytes] = set()
    for name, raw in _all(number):
        if raw not in seen:
            seen.add(raw)
            found[name] = raw
    return found


def identifiers(value: str) -> dict[str, bytes]:
    """The same for an id of the gateway's, which leads it back to a number."""
    found: dict[str, bytes] = {"plain": value.encode()}
    found.update(_encoded("id", value))
    found.update(_hashed("id", value))
    return found


def _all(number: str) -> Iterator[tuple[str, bytes]]:
    for name, text in forms(number).items():
        yield name, text.encode()
    yield from _separated(number)
    for name, text in forms(number).items():
        yield from _encoded(name, text)
    yield from _escaped(number)
    yield from _packed(number)
    for name, text in forms(number).items():
        yield from _hashed(name, text)


def _separated(number: str) -> Iterator[tuple[str, bytes]]:
    country, block, rest = number[1:4], number[4:7], number[7:]
    first, last = rest[:3], rest[3:]
    for sign, said in ((" ", "spaces"), ("-", "dashes"), (".", "dots"), ("/", "strokes"), ("\u00a0", "hard spaces"), (",", "commas"), ("_", "lines")):
        for head, named in (("+" + country + sign, "e164"), (country + sign, "digits"), ("0", "national"), ("", "bare")):
            yield f"{named} with {said}", f"{head}{block}{sign}{first}{sign}{last}".encode()
        yield f"pairs with {said}", sign.join(("0" + block[0], block[1:], rest[:2], rest[2:4], rest[4:])).encode()
        yield f"each digit apart with {said}", sign.join(number[1:]).encode()
    yield "international call", b"00" + number[1:].encode()
    yield "in brackets", f"({country}){number[4:]}".encode()
    yield "prefix in brackets", f"(0{block}) {rest}".encode()
    yield "zero in brackets", f"+{country}(0){number[4:]}".encode()
    yield "block apart", f"0{block} {rest}".encode()
    yield "block apart, dashes", f"0{block}-{rest}".encode()
    yield "country apart", f"{country} {number[4:]}".encode()
    yield "country apart, dashes", f"{country}-{number[4:]}".encode()
    yield "middle hidden", f"{number[1:7]}***{last}".encode()
    yield "middle crossed out", f"0{block}xxx{last}".encode()
    yield "list of digits", ", ".join(number[1:]).encode()


def _encoded(name: str, text: str) -> Iterator[tuple[str, bytes]]:
    raw = text.encode()
    yield f"{name} backwards", raw[::-1]
    yield f"{name} in UTF-16, little end first", text.encode("utf-16-le")
    yield f"{name} in UTF-16, big end first", text.encode("utf-16-be")
    yield f"{name} in UTF-32", text.encode("utf-32-le")
    yield f"{name} in hex", raw.hex().encode()
    yield f"{name} in hex, capitals", raw.hex().upper().encode()
    for shift in range(3):
        whole = base64.b64encode(b"\x00" * shift + raw)
        begin, end = (0, 2, 3)[shift], len(whole) - (0, 3, 2)[(len(raw) + shift) % 3]
        yield f"{name} in base64, {shift} on", whole[begin:end]
    yield f"{name} in base32", base64.b32encode(raw).rstrip(b"=")[: len(raw) * 8 // 5]
    yield f"{name} in base85", base64.b85encode(raw)[: len(raw) // 4 * 5]


def _escaped(number: str) -> Iterator[tuple[str, bytes]]:
    digits = number[1:]
    yield "quoted for an address", b"%2B" + digits.encode()
    yield "quoted twice", b"%252B" + digits.encode()
    yield "every sign quoted", "".join(f"%{ord(sign):02X}" for sign in digits).encode()
    yield "JSON escapes", "".join(f"\\u{ord(sign):04x}" for sign in digits).encode()
    yield "hex escapes", "".join(f"\\x{ord(sign):02x}" for sign in digits).encode()
    yield "octal escapes", "".join(f"\\{ord(sign):03o}" for sign in digits).encode()
    yield "HTML", "".join(f"&#{ord(sign)};" for sign in digits).encode()
    yield "HTML, hex", "".join(f"&#x{ord(sign):x};" for sign in digits).encode()
    yield "quoted-printable", "".join(f"={ord(sign):02X}" for sign in digits).encode()
    yield "wide digits", digits.translate({48 + value: 0xFF10 + value for value in range(10)}).encode()
    yield "Arabic digits", digits.translate({48 + value: 0x660 + value for value in range(10)}).encode()
    yield "list of bytes", ", ".join(str(ord(sign)) for sign in digits).encode()
    yield "list of bytes, close", ",".join(str(ord(sign)) for sign in digits).encode()


def _packed(number: str) -> Iterator[tuple[str, bytes]]:
    digits = number[1:]
    value, bare = int(digits), int(number[4:])
    for size in (6, 8):
        yield f"integer of {size}, big end first", value.to_bytes(size, "big")
        yield f"integer of {size}, little end first", value.to_bytes(size, "little")
    yield "bare integer of 8, big end first", bare.to_bytes(8, "big")
    yield "bare integer of 8, little end first", bare.to_bytes(8, "little")
    yield "integer in hex", f"{value:x}".encode()
    yield "integer in hex, capitals", f"{value:X}".encode()
    yield "integer in hex, twelve digits", f"{value:012x}".encode()
    yield "integer in base64", base64.b64encode(value.to_bytes(6, "big"))
    yield "integer in octal", f"{value:o}".encode()
    yield "integer in powers of ten", f"{value / 1e11:.11f}".encode()
    yield "numeric of PostgreSQL", b"\x02\x80" + b"".join(int(part).to_bytes(2, "little") for part in (digits[:4], digits[4:8], digits[8:]))
    packed = bytes.fromhex(digits)
    swapped = bytes((one & 15) << 4 | one >> 4 for one in packed)
    # Never bare: half of a sample number is zeros, and six such bytes are found in any file of small integers.
    yield "packed digits behind their length", bytes((len(packed),)) + packed
    yield "packed digits behind their count", bytes((len(digits),)) + packed
    yield "packed digits, halves swapped", b"\x91" + swapped
    yield "address of a text", bytes((len(digits), 0x91)) + swapped
    yield "packed digits in hex", packed.hex().encode() + b"f"
    yield "packed digits, swapped, in hex", swapped.hex().encode()


def _hashed(name: str, text: str) -> Iterator[tuple[str, bytes]]:
    for method, made in HASHES.items():
        digest = made(text.encode())
        yield f"{method} of {name}", digest[:HEAD]
        yield f"{method} of {name} in hex", digest.hex()[: HEAD * 2].encode()
        yield f"{method} of {name} in hex, capitals", digest.hex().upper()[: HEAD * 2].encode()
        yield f"{method} of {name} in base64", base64.b64encode(digest)[:11]
        yield f"{method} of {name} in base64 for addresses", base64.urlsafe_b64encode(digest)[:11]
