"""The words every room shares. Values only: no input or output, no rules about who is told, no other room imported."""
