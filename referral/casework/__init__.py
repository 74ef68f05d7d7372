"""Following up: what officers answer, and what that changes. It never tells anybody who may not know."""
