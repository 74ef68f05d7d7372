"""What is asked next: the dialogue as data, and one pure step. No input or output, no clock, no protocol, no words for people; stdlib and vocabulary only."""
