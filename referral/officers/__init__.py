"""The officers' menu by USSD: signs in, shows, passes on what was chosen. Decides nothing about reports, and tells nobody else that it exists."""
