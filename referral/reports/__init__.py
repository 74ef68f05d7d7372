"""What was told about a child and what became of it. It never decides who is told, and never hands out a row."""
