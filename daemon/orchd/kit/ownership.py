"""Files that root makes for a daemon that is another user."""

import os
from pathlib import Path


def create(path: Path, mode: int, *, flags: int = os.O_RDWR) -> int:
    """A new file, open. Where root makes it, it belongs to the owner of the folder, who has to live with it.

    Raises FileExistsError, for a link too: root must not be led elsewhere by the owner of the folder.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor
