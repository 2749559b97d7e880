"""Certificates for servers of tests."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme


class Signed:
    """A certificate for 127.0.0.1 on the disk, who signed it, and another who did not."""

    def __init__(self, folder: Path) -> None:
        signer = trustme.CA()
        made = signer.issue_cert("127.0.0.1")
        names = ("key.pem", "certificate.pem", "signer.pem", "other.pem")
        self.key, self.certificate, self.signer, self.other = (folder / name for name in names)
        made.private_key_pem.write_to_path(self.key)
        made.cert_chain_pems[0].write_to_path(self.certificate)
        signer.cert_pem.write_to_path(self.signer)
        trustme.CA().cert_pem.write_to_path(self.other)
        self.key.chmod(0o600)


@contextmanager
def signed() -> Iterator[Signed]:
    """In a folder that a server of another user can enter."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-tls-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Signed(Path(folder))
