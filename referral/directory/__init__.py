"""Places, offices and the people on duty in them, handed out as frozen values. It does not decide who is told, and no row and no number in clear leaves it."""
