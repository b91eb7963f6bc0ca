"""What may come from one address."""

from leaderboard.judging.addresses import Allowance, home_of


def test_so_many_in_so_many_seconds() -> None:
    now = 0.0
    allowance = Allowance(2, 10, lambda: now)
    assert [allowance.take("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert allowance.take("192.0.2.2")
    now = 9.9
    assert not allowance.take("192.0.2.1")
    now = 10.0
    assert [allowance.take("192.0.2.1") for _ in range(3)] == [True, True, False]


def test_this_machine_has_no_limit() -> None:
    allowance = Allowance(1, 10)
    assert all(allowance.take(each) for each in ("127.0.0.1", "127.0.0.1", "::1", "::1"))


def test_a_home_with_many_addresses_is_one() -> None:
    assert home_of("2001:db8:1:2::3") == home_of("2001:db8:1:2:ffff::1")
    assert home_of("2001:db8:1:3::3") != home_of("2001:db8:1:2::3")
    assert home_of("::ffff:192.0.2.1") == home_of("192.0.2.1") != home_of("192.0.2.2")
    assert home_of("unknown") == "unknown"
