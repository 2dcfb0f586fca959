import pytest

from domain.origins import Origin, origin_of


def test_a_device_and_an_address_are_taken_as_the_client_sends_them() -> None:
    assert origin_of(address="2001:db8::1", agent="curl/8.14.1") == Origin(address="2001:db8::1", device="curl/8.14.1")


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("", None),
        (" \t ", None),
        ("\x1b[31mred\x00\r\n\x7f", "[31mred"),
        ("x" * 30_000, "x" * 100),
        ("\x07" * 30_000 + "late", "late"),
        ("x" * 99 + " y", "x" * 99),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\N{ZERO WIDTH SPACE}", "gpj.exe"),
    ],
)
def test_a_device_is_short_and_printable_whatever_a_client_sends(agent: str, device: str | None) -> None:
    assert origin_of(address="192.0.2.7", agent=agent).device == device


@pytest.mark.parametrize(
    ("given", "address"), [(None, None), ("", None), ("garbage", None), ("2001:DB8::0:1", "2001:db8::1")]
)
def test_an_address_may_be_unknown_whatever_a_proxy_sends(given: str | None, address: str | None) -> None:
    assert origin_of(address=given, agent="").address == address
