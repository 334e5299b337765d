"""Compressed text that is joined without being compressed again."""

import gzip as standard
import random
import shutil
import subprocess
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolkvox_exporter.metrics.deflate import Piece, gzip

TEXTS = st.lists(st.binary(max_size=300) | st.binary(max_size=40).map(lambda text: 200 * text), max_size=12)
NUMBERS = random.Random(5)  # noqa: S311 - texts, not secrets
READERS = [
    ["gunzip", "-c"],
    ["pigz", "-dc"],
    ["zcat"],
    ["python3", "-c", "import gzip,sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))"],
]


def inflated(body: bytes) -> bytes:
    """Return what the one member holds, read by zlib, which checks its checksum; nothing may follow it."""
    reader = zlib.decompressobj(wbits=31)
    text = reader.decompress(body)
    assert reader.eof
    assert reader.unused_data == b""
    return text


@given(TEXTS)
def test_what_is_joined_says_what_its_pieces_said(texts: list[bytes]) -> None:
    """Whatever is compressed in pieces and joined, once or in steps, one gzip member holds all of it in its order."""
    pieces = [Piece.of(text) for text in texts]
    whole = b"".join(texts)
    assert whole == inflated(gzip(pieces))
    middle = len(pieces) // 2
    steps = Piece.joined([Piece.joined(pieces[:middle]), Piece.joined(pieces[middle:])])
    assert Piece.joined(pieces) == steps
    assert (zlib.crc32(whole), len(whole)) == (steps.crc, steps.length)
    assert whole == b"".join(steps.text())


@given(TEXTS, st.randoms())
def test_pieces_can_stand_anywhere(texts: list[bytes], order: random.Random) -> None:
    """If pieces are joined in another order, or some of them left out, then nothing refers to what is not there."""
    some = order.sample(texts, order.randint(0, len(texts)))
    assert b"".join(some) == inflated(gzip(Piece.of(text) for text in some))
    assert b"".join(some) == standard.decompress(gzip(Piece.of(text) for text in some))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader[0])
@pytest.mark.parametrize("size", [0, 1, 1000, 300_000, 20_000_000])
def test_every_reader_of_gzip_reads_it(reader: list[str], size: int) -> None:
    """If a body is small or large, then the programs that people have read all of it and find nothing wrong."""
    if not shutil.which(reader[0]):
        pytest.skip(f"{reader[0]} is not installed")
    words = NUMBERS.choices([b"wolkvox_campaign_records{campaign=", b"Mora", b"} 12.0\n", b"\xc3\xb1"], k=2000)
    text = b"".join(words) * (size // 20_000 + 1)
    text = text[:size]
    pieces = (Piece.of(text[start : start + 25_000]) for start in range(0, size, 25_000))
    done = subprocess.run(reader, input=gzip(pieces), capture_output=True, check=True)
    assert (text, b"") == (done.stdout, done.stderr)


def test_a_large_text_is_read_in_parts() -> None:
    """If a page is large, then its text comes in parts of bounded size, and never as a whole."""
    text = NUMBERS.randbytes(1_000_000).hex().encode()
    parts = list(Piece.of(text).text())
    assert text == b"".join(parts)
    assert max(map(len, parts)) < 100_000
