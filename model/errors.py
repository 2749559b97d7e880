"""What can go wrong in `model`, as one tree. Each message is one line: what is wrong and what to do.

ModelError
├── InputError          someone handed in a wrong value or file; exit status 2
│   └── NotationError   text that is not the ABC we read; knows the line it stands on
├── CheckpointError     a checkpoint is missing, corrupt or from another release; exit status 1
└── SamplingError       no well-formed tune came out within the limit; exit status 1
"""


class ModelError(Exception):
    """Base of all expected failures of this package."""


class InputError(ModelError):
    """A value or file that someone handed in is wrong."""


class NotationError(InputError):
    """Text that is not the ABC notation we read."""


class CheckpointError(ModelError):
    """A checkpoint is missing, corrupt or written by a newer release."""


class SamplingError(ModelError):
    """The model gave no well-formed tune within the allowed number of draws."""
