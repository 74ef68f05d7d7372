"""What must be sent to duty bearers and what came back: the alert row is the outbox row. It never decides who is told."""
