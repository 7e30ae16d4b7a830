"""Bringing the registry of barred people up to date from CSV files: reading them strictly, putting them in force."""

from .lines import RefusedRow
from .reading import ControlRow, RelativeRow, StaffRow, read_control, read_relatives, read_staff
from .storing import Report, import_control, import_file, import_relatives, import_staff

__all__ = [
    "ControlRow",
    "RefusedRow",
    "RelativeRow",
    "Report",
    "StaffRow",
    "import_control",
    "import_file",
    "import_relatives",
    "import_staff",
    "read_control",
    "read_relatives",
    "read_staff",
]
