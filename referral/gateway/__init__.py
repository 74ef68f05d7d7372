"""The gateway that carries texts: a port, and Africa's Talking behind it. It may not decide what is sent, to whom, or again.

Nothing that leaves this room, value or exception, carries a phone number or the gateway's own words: either could name a reporter in a log.
"""
