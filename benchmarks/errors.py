"""What can go wrong in a benchmark.

BenchmarkError
├── DatasetError   pictures of a dataset are missing, altered, or laid out otherwise
└── MetricError    a metric that is not known, or whose weights are not available
"""

from deblur.errors import DeblurError


class BenchmarkError(DeblurError):
    """Root of what the benchmarks raise on purpose."""


class DatasetError(BenchmarkError):
    """Pictures of a dataset are missing, altered, or laid out otherwise."""


class MetricError(BenchmarkError):
    """A metric that is not known, or whose weights are not available."""
