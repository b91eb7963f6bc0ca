"""Everything that can go wrong, as one tree.

DeblurError
├── ImageError                what came in cannot be used as a picture
│   ├── UnreadableImageError      empty, truncated, damaged, or not a picture at all
│   ├── UnsupportedImageError     a picture, but of a kind that is not handled
│   └── ImageTooLargeError        more pixels than the limit allows (checked before decoding)
├── OutputError               the restored picture cannot be written
│   └── OutputExistsError         a file stands there already
├── ModelError                a model is not available
│   ├── UnknownModelError         no such name, file or repository
│   ├── WeightsUnavailableError   known, but its weights cannot be fetched or are not there
│   ├── UndescribedModelError     a third party's file that does not fit, or lacks rules to run it
│   └── WeightsCorruptError       weights that are damaged, altered or of another network
├── BackendError              an engine cannot run what was asked
│   ├── BackendUnavailableError   engine, device or execution provider is not on this machine
│   ├── TileError                 tiles that would hold nothing but context
│   └── NonFiniteOutputError      the network gave NaN or infinity, even at full precision
├── CancelledError            the user asked to stop
├── TrainingError             a training run cannot start or go on
│   ├── ConfigError               a field of the configuration is missing, misspelt or out of range
│   ├── TrainingDataError         a photo or pair that cannot be trained on
│   ├── CheckpointError           a checkpoint that cannot be read or does not fit
│   └── DeviceMemoryError         the steps of a run do not fit into the GPU
├── RecordError               a record of measurements that cannot be read, merged or compared
├── CrewError                 workers are not available, or keep dying
├── ExportError               a network cannot be exported, or its export does not agree with it
└── PublishError              a model cannot be put on the Hub, or does not fit what is said of it

Every message says what came, what was expected and what to do.
"""


class DeblurError(Exception):
    """Root of everything that this package raises on purpose."""


class ImageError(DeblurError):
    """What came in cannot be used as a picture."""


class UnreadableImageError(ImageError):
    """Empty, truncated, damaged, or not a picture at all."""


class UnsupportedImageError(ImageError):
    """A picture, but of a kind that is not handled."""


class ImageTooLargeError(ImageError):
    """More pixels than the limit allows; found before decoding."""


class OutputError(DeblurError):
    """The restored picture cannot be written."""


class OutputExistsError(OutputError):
    """A file of this name exists, and replacing it was not allowed."""


class ModelError(DeblurError):
    """A model is not available."""


class UnknownModelError(ModelError):
    """No model, file or repository of that name."""


class WeightsUnavailableError(ModelError):
    """The model is known, but its weights cannot be fetched or are not there."""


class UndescribedModelError(ModelError):
    """A third party's file that does not fit, or lacks the rules that are needed to run it."""


class WeightsCorruptError(ModelError):
    """Weights that are damaged, altered, or belong to another network."""


class BackendError(DeblurError):
    """An engine cannot run what was asked."""


class BackendUnavailableError(BackendError):
    """The engine, device or execution provider asked for is not on this machine."""


class TileError(BackendError):
    """Tiles of the size asked for would hold nothing but context for a model."""


class NonFiniteOutputError(BackendError):
    """The network gave NaN or infinity, even at full precision."""


class CancelledError(DeblurError):
    """The user asked to stop."""


class TrainingError(DeblurError):
    """A training run cannot start or go on."""


class ConfigError(TrainingError):
    """A field of the configuration is missing, misspelt or out of range."""


class TrainingDataError(TrainingError):
    """A photo or a pair that cannot be trained on."""


class CheckpointError(TrainingError):
    """A checkpoint that cannot be read, or does not fit this run."""


class DeviceMemoryError(TrainingError):
    """The steps of a run do not fit into the GPU's memory."""


class RecordError(DeblurError):
    """A record of measurements that cannot be read, merged or compared."""


class CrewError(DeblurError):
    """Workers are not available, or keep dying."""


class ExportError(DeblurError):
    """A network cannot be exported, or its export does not agree with it."""


class PublishError(DeblurError):
    """A model cannot be put on the Hub, or what is said of it was measured on another."""
