"""Telling: sends what is due, reads receipts, climbs the ladder, runs the worker. It never holds a transaction open while the gateway is called."""
