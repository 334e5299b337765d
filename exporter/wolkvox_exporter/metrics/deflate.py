"""Text compressed in pieces that are joined to one gzip member without being compressed anew (RFC 1951 and 1952).

A piece ends with a full flush: it stops at a byte, and nothing after it refers to what is before. The checksum of what
is joined is computed from those of the pieces. Members glued together would be simpler, but some clients read only the
first.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from zlib_ng import zlib_ng

LEVEL = 6
"""2 % larger than one stream of level 6 of zlib where the names of campaigns differ from operation to operation."""
_RAW = -15
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END = b"\x03\x00"
_SIZE_MODULUS = 1 << 32
_STEP = 8 * 1024
"""Compressed bytes that are read at a time: some 100 kB of text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Compressed text."""

    data: bytes = b""
    crc: int = 0
    length: int = 0
    """Of the text, in bytes."""

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Compress text."""
        if not text:
            return cls()
        compressor = zlib_ng.compressobj(LEVEL, wbits=_RAW)
        data = compressor.compress(text) + compressor.flush(zlib_ng.Z_FULL_FLUSH)
        return cls(data, zlib_ng.crc32(text), len(text))

    @classmethod
    def joined(cls, pieces: Iterable["Piece"]) -> Self:
        """Return the text of all of them as one piece."""
        parts, crc, length = _combined(pieces)
        return cls(b"".join(parts), crc, length)

    def text(self) -> Iterator[bytes]:
        """Return the text, a part at a time."""
        reader = zlib_ng.decompressobj(wbits=_RAW)
        for start in range(0, len(self.data), _STEP):
            yield reader.decompress(self.data[start : start + _STEP])


def gzip(pieces: Iterable[Piece]) -> bytes:
    """Return one gzip member that holds the text of all pieces."""
    parts, crc, length = _combined(pieces)
    return b"".join([_HEADER, *parts, _END, struct.pack("<II", crc, length % _SIZE_MODULUS)])


def _combined(pieces: Iterable[Piece]) -> tuple[list[bytes], int, int]:
    """Return what pieces hold one after the other, and the checksum and length of their text."""
    parts, crc, length = list[bytes](), 0, 0
    for piece in pieces:
        parts.append(piece.data)
        crc = zlib_ng.crc32_combine(crc, piece.crc, piece.length)
        length += piece.length
    return parts, crc, length
