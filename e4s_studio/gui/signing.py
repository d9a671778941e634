"""With whose key exports are signed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.files.provenance.identity import Identity


@dataclass(frozen=True)
class Signer:
    """The artist's own certificate, or this computer's key where no certificate is named.

    Attributes
    ----------
    certificate, key
        Files in PEM form.
    password
        The key's password, if it has one.
    """

    certificate: Path | None = None
    key: Path | None = None
    password: str | None = field(default=None, repr=False)

    def identity(self, keys: Path) -> Identity:
        """Read the files; this computer's own key lies in the folder `keys`, or is made there.

        Raises
        ------
        CredentialError
            If they cannot be used.
        OutputError
            If this computer's key cannot be made.
        """
        # Certificates are read by libraries that load slowly.
        from e4s_studio.files.provenance.identity import chosen_identity  # noqa: PLC0415

        return chosen_identity(keys, self.certificate, self.key, self.password)

    def tried_identity(self, keys: Path) -> Identity:
        """Return the identity once something was signed with it.

        Raises
        ------
        CredentialError, OutputError
            As `identity` does, and if it is not meant for signing.
        """
        from e4s_studio.files.provenance.credential import require_signer  # noqa: PLC0415

        identity = self.identity(keys)
        require_signer(identity)
        return identity
