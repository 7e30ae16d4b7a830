"""Bringing the registry of barred people up to date from CSV files: reading them strictly, putting them in force."""

from .reading import RefusedRow, RelativeRow, StaffRow, read_relatives, read_staff
from .storing import Report, import_file, import_relatives, import_staff

__all__ = [
    "RefusedRow",
    "RelativeRow",
    "Report",
    "StaffRow",
    "import_file",
    "import_relatives",
    "import_staff",
    "read_relatives",
    "read_staff",
]
