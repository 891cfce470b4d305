"""SQLite's locks are not to be trusted over a network, and WAL needs shared memory: refuse such a file system."""

from pathlib import Path

from orchd.errors import DatabaseRefused

NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.cephfs", "fuse.davfs2", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
    "orangefs", "pvfs2", "smb2", "smb3", "smbfs",
}  # fmt: skip


def refuse_network_filesystem(path: Path, mountinfo: str | None = None) -> None:
    """Raises DatabaseRefused when the file lies, or would lie, on a network file system.

    `mountinfo` is the text of /proc/self/mountinfo; where there is none, nothing is refused.
    """
    if mountinfo is None:
        source = Path("/proc/self/mountinfo")
        mountinfo = source.read_text(errors="surrogateescape") if source.exists() else ""
    mount, kind = _mount_of(path.resolve(), mountinfo)
    if kind in NETWORK:
        raise DatabaseRefused(
            f"{path} is on a network file system ({kind} at {mount}), where SQLite loses data. "
            "Put database.url on a local disk, or use PostgreSQL."
        )


def _mount_of(path: Path, mountinfo: str) -> tuple[Path, str]:
    """The mount that holds the path: the longest one above it, and of two at one place the later."""
    best, kind = Path("/"), ""
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        point = Path(_unescaped(fields[4]))
        if path.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, fields[fields.index("-") + 1]
    return best, kind


def _unescaped(field: str) -> str:
    """The kernel writes space, tab, newline and backslash in octal."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field
