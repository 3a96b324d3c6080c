"""Who made a file, and when."""

from __future__ import annotations

import datetime
import uuid
from importlib.metadata import version


def provenance() -> dict[str, object]:
    """Give the attributes that the root of every new file carries."""
    now = datetime.datetime.now().astimezone()
    return {
        "longtake_version": version("longtake"),
        "file_uuid": str(uuid.uuid4()),
        "created_utc": now.astimezone(datetime.UTC).isoformat(timespec="milliseconds"),
        "created_localtime": now.isoformat(timespec="milliseconds"),
    }
