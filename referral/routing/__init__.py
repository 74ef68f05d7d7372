"""Decides how urgent a report is and who must be told, in what order and by when. Pure: no clock, no file, no database, no text for phones."""
