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
    """Text that is not the ABC notation we read, or music that a tune cannot have.

    `line` and `column` count from 1 and stand before the reason in the message; 0 where there is no place to name.
    `kind` is the name under which such errors are counted, where that is not their reason.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0, kind: str = "") -> None:
        self.reason, self.line, self.column, self.kind = reason, line, column, kind
        super().__init__(f"{self.place}: {reason}" if self.place else reason)

    @property
    def place(self) -> str:
        """`line 6, column 3`, or empty."""
        return ", ".join(
            f"{name} {number}" for name, number in (("line", self.line), ("column", self.column)) if number
        )

    def at(self, line: int, column: int = 0) -> "NotationError":
        """The same with the place where it is not known yet."""
        return type(self)(self.reason, self.line or line, self.column or column, self.kind)


class CheckpointError(ModelError):
    """A checkpoint is missing, corrupt or written by a newer release."""


class SamplingError(ModelError):
    """The model gave no well-formed tune within the allowed number of draws."""
