"""What a text message says: its keyword, the facts in a sentence, an answer. Pure: tables come in parsed; it may not read, keep or send anything."""
