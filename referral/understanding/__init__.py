"""What a text message says: its keyword, the facts in a sentence, an answer. Pure: tables are passed in parsed; it reads, keeps and sends nothing, and tells nobody."""
