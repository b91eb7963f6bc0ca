"""How much may come from one network address, so that no one outvotes everybody else."""

import ipaddress
import time
from collections import defaultdict, deque
from collections.abc import Callable
from threading import Lock

_IPV6_PREFIX_BITS = 64
"""Leading bits of an IPv6 address that one home or machine has to itself."""

_MAX_ADDRESSES = 10_000


class Allowance:
    """At most `most` things from an address in `seconds`. Safe to share between threads."""

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._taken: dict[str, deque[float]] = defaultdict(deque)
        self._one_at_a_time = Lock()

    def take(self, address: str) -> bool:
        """Whether one more may come from an address, which then is counted.

        From this machine itself comes whatever its owner wants.
        """
        if _is_own(address):
            return True
        with self._one_at_a_time:
            now, key = self._clock(), home_of(address)
            if len(self._taken) > _MAX_ADDRESSES:
                self._forget(now)
            times = self._taken[key]
            while times and now - times[0] >= self._seconds:
                times.popleft()
            if len(times) >= self._most:
                return False
            times.append(now)
            return True

    def _forget(self, now: float) -> None:
        """Addresses from which nothing came of late."""
        for key in [each for each, times in self._taken.items() if now - times[-1] > self._seconds]:
            del self._taken[key]


def _is_own(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def home_of(address: str) -> str:
    """An address, or of an IPv6 address the network that it is one of."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, _IPV6_PREFIX_BITS), strict=False))
