from tests.doors.conftest import sqlite_world

__all__ = ["sqlite_world"]
