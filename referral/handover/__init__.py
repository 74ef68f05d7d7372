"""Who is told next: joins what routing decides to who is on duty, for filing, escalation and every other hand-over. It sends nothing."""
