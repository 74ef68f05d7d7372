"""What whoever watches the service may know: alive, ready, figures. It changes nothing, and no figure of it names a person, a place or a report."""
