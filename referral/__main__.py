"""`python -m referral`."""

from referral.cli import main

main()
