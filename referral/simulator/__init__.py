"""A stand-in for the gateway on this machine, and phones to hold against it. It may not reach anybody: loopback and sample numbers only.

It speaks the gateway's protocol to the service from outside, over HTTP, and imports nothing the service decides with.
"""
