"""Forgetting: everything that is kept goes when its time is over, by the county's table. It reads nothing that is sealed, and tells nobody."""
