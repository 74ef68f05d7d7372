"""What keeps a reporter unfindable: sealing, codes, day keys, audit, logs that cannot carry a number. It never decides who may see."""
