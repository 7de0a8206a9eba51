"""Sizes and times: read back what was printed, and refuse what is ambiguous."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.core.units import GB, GIB, MB, format_bytes, format_seconds, parse_bytes


@given(st.integers(0, 10**15), st.booleans())
def test_a_printed_size_reads_back_within_its_digits(count, decimal):
    shown = format_bytes(count, decimal=decimal)
    assert abs(parse_bytes(shown) - count) <= 0.0051 * count + 1


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0 B", 0),
        ("8B", 8),
        ("1000000", MB),
        ("1 kB", 1000),
        ("1KiB", 1024),
        ("24 GiB", 24 * GIB),
        ("24GB", 24 * GB),
        (" 0.5 gib ", GIB // 2),
    ],
)
def test_sizes_by_hand(text, count):
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["8G", "8 Gb/s", "", "GiB", "-1", "1e9", "1,5 GiB", "nan"])
def test_an_ambiguous_size_is_refused(text):
    with pytest.raises(BadInput, match="what to do"):
        parse_bytes(text)


def test_8g_is_told_apart():
    with pytest.raises(BadInput, match=r"8GiB \(1024\*\*3\) or 8GB \(1000\*\*3\)"):
        parse_bytes("8G")


@pytest.mark.parametrize(
    ("count", "binary", "decimal"),
    [
        (1023, "1023 B", "1.02 kB"),
        (1024, "1.00 KiB", "1.02 kB"),
        (GIB - 1, "1.00 GiB", "1.07 GB"),
        (999_999_999, "954 MiB", "1.00 GB"),
        (24 * GIB, "24.0 GiB", "25.8 GB"),
        (-2048, "-2.00 KiB", "-2.05 kB"),
        (0, "0 B", "0 B"),
    ],
)
def test_binary_and_decimal_are_never_mixed(count, binary, decimal):
    assert format_bytes(count) == binary
    assert format_bytes(count, decimal=True) == decimal


@pytest.mark.parametrize("number", ["8", " 0.5 ", "0", "16384", "999999.9"])
def test_a_small_number_without_a_unit_is_told_to_name_one(number):
    plain = number.strip()
    with pytest.raises(BadInput, match=rf"(?s)no unit.*{plain}GiB.*{plain}GB.*{plain}B for bytes"):
        parse_bytes(number)


@given(st.floats(0, 1e6))
def test_seconds_keep_their_order_of_magnitude(seconds):
    shown = format_seconds(seconds)
    unit = shown.split(" ")[1]
    assert (unit == "ms") == (seconds < 0.9995)
    assert (unit == "h") == (round(seconds) >= 3600)


def test_seconds_by_hand():
    assert [format_seconds(s) for s in (0, 0.5, 59.94, 59.96, 3599.4, 3600, 5400)] == [
        "0.00 ms",
        "500 ms",
        "59.9 s",
        "1 min 00 s",
        "59 min 59 s",
        "1 h 00 min",
        "1 h 30 min",
    ]
