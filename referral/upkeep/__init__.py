"""Keeps the directory true: the coverage proof, imports, proposals, verification, drills. May not talk to phones or pages, and edits nothing silently."""
