"""Backups: a whole copy of the database in one sealed file, and the way back into an empty place. It opens no sealed field and talks to nobody."""
